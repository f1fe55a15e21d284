// The API server without the 100 ms that kubectl takes to start: for edits that come many times a second.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Cluster } from '../cluster/cluster.ts';

/** `kubectl proxy`, as long as it is needed. */
export class Api {
  readonly #child: ChildProcess;
  readonly #url: string;

  static async open({ entry, env }: Cluster): Promise<Api> {
    const words = ['--pdeathsig', 'KILL', ...entry, 'kubectl', 'proxy', '--port=0'];
    const child = spawn('setpriv', words, { stdio: ['ignore', 'pipe', 'inherit'], env });
    const lines = createInterface({ input: child.stdout });
    const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(10_000) })) as [string];
    return new Api(child, `http://${/127\.0\.0\.1:\d+/.exec(line)?.[0] ?? ''}`);
  }

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
  }

  /** A JSON merge patch of the object at `place`, such as `/api/v1/namespaces/a/services/b`. Rejects unless it is taken. */
  async patch(place: string, patch: object): Promise<void> {
    const response = await fetch(`${this.#url}${place}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify(patch),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${place}: ${response.status} ${text}`);
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}
