import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ClusterError } from './cluster-error.ts';
import { eventually } from './eventually.ts';

export type ServerCommand = {
  readonly program: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** Resolves with true when the server can be used. A rejection means "not yet". */
  readonly isReady: () => Promise<boolean>;
};

const readyDeadlineMs = 90_000;
const stopDeadlineMs = 5_000;
const logLinesShown = 30;

/** One running server: its log goes to a file, and it is ended by its own process id, by this process's end at the latest. */
export class ServerProcess {
  readonly #command: ServerCommand;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  #ending: string | undefined;

  /** Its process id; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** How it ended: a signal or an exit code; undefined while it runs. */
  get ending(): string | undefined {
    return this.#ending;
  }

  /** Starts the server; `whenReady` tells whether that went well. Its log is appended to, so a restart keeps the history. */
  constructor(command: ServerCommand) {
    this.#command = command;
    const log = openSync(command.logFile, 'a');
    // setpriv becomes the program, so the process id is the server's.
    const args = ['--pdeathsig', 'KILL', command.program, ...command.args];
    this.#child = spawn('setpriv', args, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#closed = new Promise((resolve) => {
      const end = (how: string) => {
        this.#ending ??= how;
        resolve();
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  /** Resolves when the server is ready. Rejects with the last lines of its log when it ends before that, or takes over 90 s. */
  async whenReady(): Promise<void> {
    const { program, isReady } = this.#command;
    const check = async () => (this.#ending !== undefined || (await isReady()) ? true : undefined);
    try {
      await eventually(`${program} is ready`, check, { deadlineMs: readyDeadlineMs });
    } catch (cause) {
      throw new ClusterError(
        'deadline',
        `${program} is not ready after ${readyDeadlineMs} ms. The end of its log:\n${await this.logEnd()}`,
        { cause },
      );
    }
    if (this.#ending !== undefined) {
      throw new ClusterError(
        'exited',
        `${program} ended (${this.#ending}). The end of its log:\n${await this.logEnd()}`,
      );
    }
  }

  /** Ends the server with SIGTERM, and with SIGKILL when it takes over five seconds. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#signal('SIGTERM');
    const impatience = setTimeout(() => this.#signal('SIGKILL'), stopDeadlineMs);
    await this.#closed;
    clearTimeout(impatience);
  }

  /** Ends the server as a crash would. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#closed;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#ending === undefined) this.#child.kill(signal);
  }

  /** The last 30 lines it has written. */
  async logEnd(): Promise<string> {
    const lines = (await readFile(this.#command.logFile, 'utf8')).trimEnd().split('\n');
    return lines.slice(-logLinesShown).join('\n');
  }
}
