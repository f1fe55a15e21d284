// A Redis of the test's own. Without one the tests that need it say so, loudly.
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from './eventually.ts';

/** A running server; `database` keeps tests apart when it is one that REDIS_URL names. */
export interface GivenRedis {
  readonly url: string;
  /** The server's process, or null for the one that REDIS_URL names. */
  readonly process: ChildProcess | null;
  /** Kills it at once (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const howToGetIt = 'no redis-server in PATH: apt-get install -y redis-server (or set REDIS_URL)';

/** Why tests with a server of their own cannot run here, or false when they can: for the `skip` of a test. */
export function ownRedisMissing(program = 'redis-server'): string | false {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return howToGetIt.replaceAll('redis-server', program);
  }
}

/** Why tests that only need some server cannot run here, or false when they can. */
export function redisMissing(): string | false {
  return process.env['REDIS_URL'] === undefined ? ownRedisMissing() : false;
}

/** The server that REDIS_URL names, or else one of our own. */
export async function givenAnyRedis(): Promise<GivenRedis> {
  const url = process.env['REDIS_URL'];
  if (url === undefined) return givenRedis();
  const nothing = async (): Promise<void> => undefined;
  return { url, process: null, kill: nothing, start: nothing, stop: nothing };
}

/** A server on a port that was free. `keeps`: what it knows when it is killed and starts again. */
export async function givenRedis({
  keeps = 'Nothing',
}: { readonly keeps?: 'Nothing' | 'All' } = {}): Promise<GivenRedis> {
  const port = await freePort();
  const kept = keeps === 'All' ? ['--appendonly', 'yes'] : [];
  const server = await startedServer(port, ['--port', String(port), ...kept]);
  return {
    url: `redis://127.0.0.1:${port}`,
    get process() {
      return server.process;
    },
    kill: server.kill,
    start: server.start,
    stop: server.stop,
  };
}

/** A server by these settings, which make it answer on `port` of loopback; one with a file of settings is told it first. */
export async function startedServer(
  port: number,
  settings: readonly string[],
  program = 'redis-server',
): Promise<Omit<GivenRedis, 'url'>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-redis-'));
  const usual = ['--bind', '127.0.0.1', '--save', '', '--repl-diskless-sync-delay', '0'];
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    child = spawn(program, [...settings, ...usual, '--dir', folder, '--loglevel', 'warning'], {
      stdio: 'ignore',
    });
    const started = child;
    // A test run that is ended early leaves no server behind.
    const end = (): boolean => started.kill('SIGKILL');
    process.once('exit', end);
    started.once('exit', () => process.off('exit', end));
    const isReady = settings.includes('--tls-port') ? isOpen : answers;
    await eventually(() => isReady(port), 10_000);
  }

  async function kill(): Promise<void> {
    const running = child;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    get process() {
      return child;
    },
    kill,
    start,
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port of loopback that nobody has just now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether a server that does not speak TLS answers there. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(200, () => socket.destroy());
    socket.once('data', (data) => {
      // A Sentinel that has a password asks for it.
      resolve(/^(?:\+PONG|-NOAUTH)/u.test(data.toString()));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

/** Whether anybody listens there. */
function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
  });
}
