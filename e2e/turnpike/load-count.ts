// What came of a load: counts by answer and failure, latencies, and the first failures in words.
import type { Answer } from './client.ts';

/** One request that was not answered, or not with 200. */
export interface Mishap {
  /** When, by the wall clock (ISO 8601): to be laid beside logs and events. */
  readonly at: string;
  readonly what: string;
}

export interface LoadReport {
  readonly sent: number;
  /** How many were due and not sent, as too many waited already: the rate was lower by that. None of them has failed. */
  readonly heldBack: number;
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** How many requests had no answer, by kind of failure. */
  readonly failures: Readonly<Record<string, number>>;
  /** How many answers came from each backend, by x-served-by. */
  readonly servedBy: Readonly<Record<string, number>>;
  /** How many answers told each number of bytes that the backend had of the request's body, by x-received. */
  readonly received: Readonly<Record<string, number>>;
  /** How many different values of x-version there were. */
  readonly versions: number;
  /** From the moment a request was due to the end of its answer. */
  readonly latencyMs: { readonly median: number; readonly p99: number; readonly max: number };
  /** The longest time without any answer. */
  readonly gapMs: number;
  /** Connections that were closed between two requests without a word: the next request could have been lost. */
  readonly closedUnannounced: number;
  /** The first of those that had no answer, or another than 200. */
  readonly mishaps: readonly Mishap[];
}

const mishapsMax = 20;

/** Counts since it was made, or since the last lap. */
export class LoadCount {
  /** The newest of them: a long load must not fill the memory. */
  readonly #latencies = new Float64Array(100_000);
  readonly #statuses = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #servedBy = new Map<string, number>();
  readonly #received = new Map<string, number>();
  readonly #versions = new Set<string>();
  readonly #mishaps: Mishap[] = [];
  #answers = 0;
  #lastAnswerAt = performance.now();
  #gapMs = 0;
  sent = 0;
  heldBack = 0;
  closedUnannounced = 0;

  answered(answer: Answer, latencyMs: number): void {
    increment(this.#statuses, String(answer.status));
    const by = answer.headers.get('x-served-by');
    if (by !== undefined) increment(this.#servedBy, by);
    const bytes = answer.headers.get('x-received');
    if (bytes !== undefined) increment(this.#received, bytes);
    const version = answer.headers.get('x-version');
    if (version !== undefined) this.#versions.add(version);
    if (answer.status !== 200) this.#tell(`${answer.status} ${answer.body.slice(0, 200)}`);
    this.#latencies[this.#answers % this.#latencies.length] = latencyMs;
    this.#answers += 1;
    const now = performance.now();
    this.#gapMs = Math.max(this.#gapMs, now - this.#lastAnswerAt);
    this.#lastAnswerAt = now;
  }

  failed(failure: string, message: string): void {
    increment(this.#failures, failure);
    this.#tell(`${failure}: ${message}`);
  }

  report(): LoadReport {
    const sorted = this.#latencies.slice(0, Math.min(this.#answers, this.#latencies.length)).sort();
    const at = (share: number): number => round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    return {
      sent: this.sent,
      heldBack: this.heldBack,
      statuses: Object.fromEntries(this.#statuses),
      failures: Object.fromEntries(this.#failures),
      servedBy: Object.fromEntries(this.#servedBy),
      received: Object.fromEntries(this.#received),
      versions: this.#versions.size,
      latencyMs: { median: at(0.5), p99: at(0.99), max: at(1) },
      gapMs: round(this.#gapMs),
      closedUnannounced: this.closedUnannounced,
      mishaps: [...this.#mishaps],
    };
  }

  /** The report so far; all counts begin anew. A request counts as sent in one lap and answered in the next if it lasts. */
  lap(): LoadReport {
    const report = this.report();
    for (const counts of [this.#statuses, this.#failures, this.#servedBy, this.#received, this.#versions]) {
      counts.clear();
    }
    this.#mishaps.length = 0;
    this.#answers = 0;
    this.#gapMs = 0;
    this.sent = 0;
    this.heldBack = 0;
    this.closedUnannounced = 0;
    return report;
  }

  #tell(what: string): void {
    if (this.#mishaps.length < mishapsMax) this.#mishaps.push({ at: new Date().toISOString(), what });
  }
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
