import { type SpawnOptions, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ClusterError } from './cluster-error.ts';

export type CommandOptions = {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly deadlineMs?: number;
};

/**
 * Runs a program to its end and resolves with its standard output.
 * Rejects with a ClusterError: `missing` when there is no such program, `deadline` when it was ended
 * for taking longer than `deadlineMs` (120 s), `command` with its standard error when it failed.
 */
export async function outputOf(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { input = '', deadlineMs = 120_000, ...rest } = options;
  const child = spawn(program, args, {
    ...rest,
    stdio: 'pipe',
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  } satisfies SpawnOptions);
  const ended = exitOf(child, program);
  // A program that does not read its input closes the pipe; what it says about that is in its exit.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [stdout, stderr, exit] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (exit.signal !== null) {
    throw new ClusterError(
      'deadline',
      `${program} ${args[0] ?? ''} ended by ${exit.signal} (deadline ${deadlineMs} ms)`,
    );
  }
  if (exit.code !== 0) {
    throw new ClusterError('command', `${program} ${args.join(' ')} failed (${exit.code}): ${stderr.trim()}`);
  }
  return stdout;
}

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** Resolves when the child has ended and its output is read. Rejects with `missing` when it could not be started. */
export async function exitOf(child: ReturnType<typeof spawn>, program: string): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new ClusterError('missing', `${program} could not be started`, { cause })),
    );
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}
