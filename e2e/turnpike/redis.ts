import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ClusterError } from '../cluster/cluster-error.ts';
import { outputOf } from '../cluster/command.ts';
import { addressIn } from '../cluster/namespace.ts';
import { ServerProcess } from '../cluster/server-process.ts';

const port = 6379;

/** A Redis server without persistence, on an address of its own in the namespace. */
export class Redis {
  readonly url: string;
  readonly #address: string;
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'redis-'));
  #process: ServerProcess | undefined;

  /** Rejects with the remedy when there is no redis-server in PATH. */
  static async start(): Promise<Redis> {
    await outputOf('redis-server', ['--version']).catch((cause: unknown) => {
      throw new ClusterError('missing', 'No redis-server in PATH: apt-get install redis-server', { cause });
    });
    const redis = new Redis(addressIn('backend', 200));
    await redis.start();
    return redis;
  }

  private constructor(address: string) {
    this.#address = address;
    this.url = `redis://${address}:${port}`;
  }

  /** Starts it, empty. */
  async start(): Promise<void> {
    const flags = ['--bind', this.#address, '--port', String(port), '--save', '', '--appendonly', 'no'];
    this.#process = new ServerProcess({
      program: 'redis-server',
      args: [...flags, '--protected-mode', 'no', '--dir', this.#folder],
      logFile: path.join(this.#folder, 'redis.log'),
      isReady: async () => {
        const socket = connect(port, this.#address);
        try {
          socket.end('PING\r\n');
          const [answer] = (await once(socket, 'data')) as [Buffer];
          return answer.toString().startsWith('+PONG');
        } finally {
          socket.destroy();
        }
      },
    });
    await this.#process.whenReady();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async stop(): Promise<void> {
    await this.#process?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
