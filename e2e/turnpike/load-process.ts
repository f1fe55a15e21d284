// Load from a process of its own, so that neither the test's work nor kubectl's delays a request, and from wherever the
// harness can run a command: a network namespace with an address of its own is a client that a data plane can tell apart.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { startLoad } from './load.ts';
import type { LoadReport } from './load-count.ts';
import type { LoadOptions } from './load.ts';

export type ProcessLoadOptions = Omit<LoadOptions, 'onAnswer'> & { readonly rate: number };

type Word = 'report' | 'lap' | 'stop';

const answerDeadlineMs = 15_000;

/** A steady load that runs in another process. */
export class LoadProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  #turn: Promise<unknown> = Promise.resolve();

  /** Starts it by `prefix` (such as `nsenter --net=FILE`), which runs the command after it. */
  static start(options: ProcessLoadOptions, prefix: readonly string[] = []): LoadProcess {
    const command = [...prefix, process.execPath, import.meta.filename, JSON.stringify(options)];
    const args = ['--pdeathsig', 'KILL', ...command];
    return new LoadProcess(spawn('setpriv', args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** How it went so far, or since the last lap. */
  report(): Promise<LoadReport> {
    return this.#say('report');
  }

  /** As {@link report}, and the counts begin anew. */
  lap(): Promise<LoadReport> {
    return this.#say('lap');
  }

  /** Resolves when `count` requests have been sent since the last lap. */
  async sent(count: number): Promise<void> {
    while ((await this.report()).sent < count) await pause(100);
  }

  /** Sends no more; resolves when all answers are there or have failed, and the process is gone. */
  async stop(): Promise<LoadReport> {
    const report = await this.#say('stop');
    this.#child.kill('SIGKILL');
    return report;
  }

  /** Ends it whatever it does; may be called again. */
  end(): void {
    this.#child.kill('SIGKILL');
  }

  #say(word: Word): Promise<LoadReport> {
    const answer = this.#turn.then(async () => {
      this.#child.stdin.write(`${word}\n`);
      const late = pause(answerDeadlineMs, null, { ref: false });
      const line = await Promise.race([this.#lines.next(), late]);
      if (line === null || line.done === true) throw new Error(`the load did not answer to "${word}"`);
      return JSON.parse(line.value) as LoadReport;
    });
    this.#turn = answer.catch(() => null);
    return answer;
  }
}

async function obey(options: ProcessLoadOptions): Promise<void> {
  const load = startLoad(options);
  const words = {
    report: () => load.report(),
    lap: () => load.lap(),
    stop: () => load.stop(),
  } satisfies Record<Word, () => LoadReport | Promise<LoadReport>>;
  for await (const line of createInterface({ input: process.stdin })) {
    const report = await words[line as Word]();
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

if (import.meta.main) await obey(JSON.parse(process.argv[2] ?? '') as ProcessLoadOptions);
