// Load on data planes, and an honest count of what came of it: whatever is not a whole answer is a failure, and nothing
// is tried twice.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { ClientConnection, ClientError } from './client.ts';
import { LoadCount } from './load-count.ts';
import type { Answer, Ask, ClientOptions } from './client.ts';
import type { LoadReport } from './load-count.ts';

export interface LoadOptions extends ClientOptions {
  /** Addresses, taken in turn. */
  readonly to: readonly string[];
  /** Several are taken in turn. */
  readonly ask: Ask | readonly Ask[];
  /**
   * How many connections are opened to each address and kept; requests wait their turn when all are busy, and one that
   * is closed is replaced. Left out: as many as it takes.
   */
  readonly connections?: number;
  /** Hears of each answer. */
  readonly onAnswer?: (answer: Answer) => void;
}

export interface Load {
  /** How it went so far, or since the last lap. */
  report(): LoadReport;
  /** As {@link Load.report}, and the counts begin anew. */
  lap(): LoadReport;
  /** Sends no more; resolves when all answers are there or have failed. */
  stop(): Promise<LoadReport>;
}

/** More than this at once means that answers do not come. */
const connectionsMax = 1_000;
/** More than this waiting for a connection means that the machine does not carry the rate: it is held back then. */
const waitingMax = 2_000;
const tickMs = 2;

/** `rate` requests a second, however fast the answers come (an open loop), on connections that are kept. */
export function startLoad(options: LoadOptions & { readonly rate: number }): Load {
  const count = new LoadCount();
  const lanes = options.to.map((address) => new Lane(address, options, count));
  const stopping = new AbortController();
  let sent = 0;
  const done = sendOnTime(options.rate, stopping.signal, (dueAt) => {
    void lanes[(sent += 1) % lanes.length]?.send(dueAt);
  });
  return {
    report: () => count.report(),
    lap: () => count.lap(),
    async stop() {
      stopping.abort();
      await done;
      await Promise.all(lanes.map((lane) => lane.end()));
      return count.report();
    },
  };
}

/** Requests as fast as `connections` take them, one after the other on each (a closed loop). */
export function startFullLoad(options: LoadOptions & { readonly connections: number }): Load {
  const count = new LoadCount();
  const stopping = new AbortController();
  const workers = Array.from({ length: options.connections }, async (_, index) => {
    const lane = new Lane(options.to[index % options.to.length] ?? '', { ...options, connections: 1 }, count);
    while (!stopping.signal.aborted) await lane.send(performance.now());
    await lane.end();
  });
  return {
    report: () => count.report(),
    lap: () => count.lap(),
    async stop() {
      stopping.abort();
      await Promise.all(workers);
      return count.report();
    },
  };
}

/** All at once, each on a connection of its own. */
export async function burst(options: LoadOptions & { readonly count: number }): Promise<LoadReport> {
  const count = new LoadCount();
  const lanes = options.to.map((address) => new Lane(address, options, count));
  const now = performance.now();
  for (let sent = 0; sent < options.count; sent += 1) void lanes[sent % lanes.length]?.send(now);
  await Promise.all(lanes.map((lane) => lane.end()));
  return count.report();
}

async function sendOnTime(rate: number, signal: AbortSignal, send: (dueAt: number) => void): Promise<void> {
  const startedAt = performance.now();
  let sent = 0;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - startedAt) * rate) / 1000);
    for (; sent < due; sent += 1) send(startedAt + ((sent + 1) * 1000) / rate);
    await pause(tickMs);
  }
}

/** The connections to one address. They are used in turn, as those of many clients are: none of them lies idle for long. */
class Lane {
  readonly #address: string;
  readonly #options: LoadOptions;
  readonly #asks: readonly Ask[];
  readonly #count: LoadCount;
  readonly #idle: ClientConnection[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #sent = 0;

  constructor(address: string, options: LoadOptions, count: LoadCount) {
    this.#address = address;
    this.#options = options;
    this.#asks = [options.ask].flat();
    this.#count = count;
  }

  /** Resolves when the answer is there or has failed; never rejects. */
  send(dueAt: number): Promise<void> {
    if (this.#waiting.length >= waitingMax) {
      this.#count.heldBack += 1;
      return Promise.resolve();
    }
    this.#count.sent += 1;
    const ask = this.#asks[this.#sent % this.#asks.length];
    this.#sent += 1;
    assert.ok(ask, 'a load asks for something');
    const running = this.#inTurn(dueAt, ask).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async end(): Promise<void> {
    await Promise.all(this.#running);
    for (const connection of this.#idle) connection.close();
  }

  async #inTurn(dueAt: number, ask: Ask): Promise<void> {
    if (this.#busy >= (this.#options.connections ?? connectionsMax)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#busy += 1;
    try {
      await this.#sendOne(dueAt, ask);
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #sendOne(dueAt: number, ask: Ask): Promise<void> {
    try {
      const connection = this.#kept() ?? (await ClientConnection.open(this.#address, this.#options));
      const answer = await connection.ask(ask);
      this.#count.answered(answer, performance.now() - dueAt);
      this.#options.onAnswer?.(answer);
      if (connection.usable) this.#idle.push(connection);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#count.failed(error.failure, error.message);
    }
  }

  #kept(): ClientConnection | null {
    // This request is among the busy ones already.
    if (this.#busy + this.#idle.length <= (this.#options.connections ?? 0)) return null;
    for (;;) {
      const connection = this.#idle.shift();
      if (connection === undefined) return null;
      if (connection.usable) return connection;
      if (connection.closedUnannounced) this.#count.closedUnannounced += 1;
    }
  }
}
