// What all peers and works stand on: processors, free ports, programs that are started and ended.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** The processors of the two sides: what is measured alone on one, load and backend on the other. */
export interface Cores {
  readonly measured: number;
  readonly load: number;
}

/** A program that was started; `failed` rejects when it ends before it is stopped. */
export interface Running {
  readonly pid: number;
  stop(): Promise<void>;
}

/** A free loopback port (free a moment ago: good enough for a bench). */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Starts a program on one processor and resolves once it accepts on `port`; rejects with what it said when it ends before, or after a minute. */
export async function startServer(core: number, command: readonly string[], port: number): Promise<Running> {
  const child = spawn('taskset', ['-c', String(core), ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const gone = once(child, 'exit');
  const ended = gone.then(() => {
    throw new Error(`${command[0] ?? ''} ended at once: ${said.trim()}`);
  });
  ended.catch(() => {});
  try {
    await Promise.race([accepting(port), ended]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { pid: child.pid ?? 0, stop: () => stopChild(child, gone) };
}

async function accepting(port: number): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const outcome = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (outcome) return;
    if (performance.now() > deadlineMs) throw new Error(`nothing accepts on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stopChild(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
  await gone;
  clearTimeout(timer);
}
