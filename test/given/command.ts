import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { eventually } from './eventually.ts';

export const projectFolder = path.join(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs; its output is collected. Killed when it is disposed of. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Settles when standard output holds `text`, and answers all of it; fails after 20 s, or when the program ends. */
  until(text: string): Promise<string>;
  /** Sends a signal and answers when the program has ended. */
  end(signal: 'SIGINT' | 'SIGTERM'): Promise<Ended>;
  readonly ended: Promise<Ended>;
}

export interface CommandChoices {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a program with its output in pipes (so not a terminal's). */
export function startCommand(
  program: string,
  args: readonly string[],
  { cwd = projectFolder, env = {} }: CommandChoices = {},
): Running {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let isOver = false;
  const ended = (async (): Promise<Ended> => {
    const [code] = (await once(child, 'exit')) as [number | null];
    // Not 'close': a grandchild that outlives it holds the pipes, and is a finding, not a reason to hang.
    const patience = new AbortController();
    await Promise.race([once(child, 'close'), setTimeout(1_000, null, patience)]);
    patience.abort();
    child.stdout.destroy();
    child.stderr.destroy();
    isOver = true;
    return { code, stdout, stderr };
  })();
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    async until(text) {
      await eventually(() => {
        if (!stdout.includes(text) && isOver) throw new Error(`it ended: ${stdout}${stderr}`);
        return stdout.includes(text);
      }, 20_000);
      return stdout;
    },
    async end(signal) {
      child.kill(signal);
      return ended;
    },
    ended,
    async [Symbol.asyncDispose]() {
      if (!isOver) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** `turnpike ARGS`, to its end. */
export function turnpike(args: readonly string[], choices: CommandChoices = {}): Promise<Ended> {
  return startTurnpike(args, choices).ended;
}

export function startTurnpike(args: readonly string[], choices: CommandChoices = {}): Running {
  return startCommand('sh', [path.join(projectFolder, 'cli/turnpike.sh'), ...args], choices);
}
