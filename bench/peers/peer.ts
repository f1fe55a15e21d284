import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A proxy under measurement: one process on one core, with whatever children it has. */
export interface Peer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Fields every request of the load carries. */
  readonly fields: readonly string[];
  stop(): Promise<void>;
}

/** The processors the two sides run on: what is measured alone on one, load and backend on the other. */
export interface Cores {
  readonly measured: number;
  readonly load: number;
}

/** A free loopback port (free a moment ago: good enough for a bench). */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Starts a program pinned to a processor; its output goes to `log`, and its end before `stop` is an error. */
export function startPinned(
  core: number,
  command: readonly string[],
  log: 'ignore' | 'inherit',
): ChildProcess {
  return spawn('taskset', ['-c', String(core), ...command], { stdio: ['ignore', log, 'inherit'] });
}

/** Resolves once something accepts on the port; rejects after ten seconds. */
export async function accepting(port: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const outcome = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (outcome) return;
    if (Date.now() > deadline) throw new Error(`nothing accepts on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ends a program by its pid and waits for it. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(timer);
}
