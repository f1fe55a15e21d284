// Load on data planes, and an honest count of what came of it: whatever is not a whole answer is a failure.
import { setTimeout as pause } from 'node:timers/promises';
import { ClientConnection, ClientError } from './client.ts';
import type { Answer, Ask } from './client.ts';

export interface LoadOptions {
  /** Addresses, taken in turn. */
  readonly to: readonly string[];
  readonly ask: Ask;
  /** The address to come from. */
  readonly from?: string;
  /** Hears of each answer. */
  readonly onAnswer?: (answer: Answer) => void;
}

export interface LoadReport {
  readonly sent: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How many requests had no answer, by kind of failure. */
  readonly failures: Readonly<Record<string, number>>;
  /** How many answers came from each backend. */
  readonly servedBy: Readonly<Record<string, number>>;
  /** From the moment a request was due to the end of its answer. */
  readonly latencyMs: { readonly median: number; readonly p99: number; readonly max: number };
}

export interface Load {
  /** How it went so far. */
  report(): LoadReport;
  /** Sends no more; resolves when all answers are there or have failed. */
  stop(): Promise<LoadReport>;
}

/** More than this at once means that answers do not come. */
const connectionsMax = 1_000;
const tickMs = 2;

/** `rate` requests a second, however fast the answers come (an open loop), on connections that are kept. */
export function startLoad(options: LoadOptions & { readonly rate: number }): Load {
  const count = new Count(options.onAnswer);
  const lanes = options.to.map((address) => new Lane(address, options, count));
  const stopping = new AbortController();
  const done = sendOnTime(options.rate, stopping.signal, (dueAt) => {
    void lanes[count.sent % lanes.length]?.send(dueAt);
  });
  return {
    report: () => count.report(),
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
  const count = new Count(options.onAnswer);
  const stopping = new AbortController();
  const workers = Array.from({ length: options.connections }, async (_, index) => {
    const lane = new Lane(options.to[index % options.to.length] ?? '', options, count);
    while (!stopping.signal.aborted) await lane.send(performance.now());
    await lane.end();
  });
  return {
    report: () => count.report(),
    async stop() {
      stopping.abort();
      await Promise.all(workers);
      return count.report();
    },
  };
}

/** All at once, each on a connection of its own. */
export async function burst(options: LoadOptions & { readonly count: number }): Promise<LoadReport> {
  const count = new Count(options.onAnswer);
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

/** The connections to one address. */
class Lane {
  readonly #address: string;
  readonly #options: LoadOptions;
  readonly #count: Count;
  readonly #idle: ClientConnection[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(address: string, options: LoadOptions, count: Count) {
    this.#address = address;
    this.#options = options;
    this.#count = count;
  }

  /** Resolves when the answer is there or has failed; never rejects. */
  send(dueAt: number): Promise<void> {
    this.#count.sent += 1;
    if (this.#running.size >= connectionsMax) {
      this.#count.failed('no connection free');
      return Promise.resolve();
    }
    const running = this.#sendOne(dueAt).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async end(): Promise<void> {
    await Promise.all(this.#running);
    for (const connection of this.#idle) connection.close();
  }

  async #sendOne(dueAt: number): Promise<void> {
    try {
      const connection = this.#kept() ?? (await ClientConnection.open(this.#address, this.#options));
      const answer = await connection.ask(this.#options.ask);
      this.#count.answered(answer, performance.now() - dueAt);
      if (connection.usable) this.#idle.push(connection);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#count.failed(error.failure);
    }
  }

  #kept(): ClientConnection | null {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) return null;
      if (connection.usable) return connection;
    }
  }
}

class Count {
  readonly #onAnswer: ((answer: Answer) => void) | undefined;
  readonly #statuses = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #servedBy = new Map<string, number>();
  /** The newest of them: a long load must not fill the memory. */
  readonly #latencies = new Float64Array(100_000);
  #answers = 0;
  sent = 0;

  constructor(onAnswer: ((answer: Answer) => void) | undefined) {
    this.#onAnswer = onAnswer;
  }

  answered(answer: Answer, latencyMs: number): void {
    increment(this.#statuses, String(answer.status));
    const by = answer.headers.get('x-served-by');
    if (by !== undefined) increment(this.#servedBy, by);
    this.#latencies[this.#answers % this.#latencies.length] = latencyMs;
    this.#answers += 1;
    this.#onAnswer?.(answer);
  }

  failed(how: string): void {
    increment(this.#failures, how);
  }

  report(): LoadReport {
    const sorted = this.#latencies.slice(0, Math.min(this.#answers, this.#latencies.length)).sort();
    const at = (share: number): number => round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    return {
      sent: this.sent,
      statuses: Object.fromEntries(this.#statuses),
      failures: Object.fromEntries(this.#failures),
      servedBy: Object.fromEntries(this.#servedBy),
      latencyMs: { median: at(0.5), p99: at(0.99), max: at(1) },
    };
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
