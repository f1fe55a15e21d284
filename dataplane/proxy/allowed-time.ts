import type { Failure } from '#dataplane/http/failure.ts';
import type { Forward } from '#dataplane/runtime.ts';
import type { Deadlines, Timed } from './deadlines.ts';

/** Who is told that time has run out. */
export interface TimeKeeper {
  timeRanOut(failure: Failure): void;
}

/** What all of a data plane's exchanges watch their time by. */
export interface TimeWatch {
  readonly deadlines: Deadlines;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * The time that a forwarded exchange has: the whole of it, each attempt, or an attempt until the head of the answer.
 * The last is counted from the end of the request, so neither a slow upload nor a long answer runs out of it.
 */
export class AllowedTime implements Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  next: Timed | null = null;
  previous: Timed | null = null;
  readonly #watch: TimeWatch;
  readonly #timeouts: Forward;
  readonly #keeper: TimeKeeper;
  readonly #wholeMs: number;
  readonly #clientEndsMs: number;
  #watched = false;

  /** `startedMs` and `endsMs`: when the exchange began, and when its client wants no answer any more. */
  constructor(
    watch: TimeWatch,
    timeouts: Forward,
    { startedMs, endsMs }: { readonly startedMs: number; readonly endsMs: number },
    keeper: TimeKeeper,
  ) {
    this.#watch = watch;
    this.#timeouts = timeouts;
    this.#keeper = keeper;
    const { requestTimeoutMs } = timeouts;
    this.#clientEndsMs = endsMs;
    this.#wholeMs = requestTimeoutMs > 0 ? Math.min(startedMs + requestTimeoutMs, endsMs) : endsMs;
    this.#set(this.#wholeMs);
  }

  /** `requestEnded`: nothing of the request is still to come. */
  attemptBegins(requestEnded: boolean): void {
    const { backendTimeoutMs } = this.#timeouts;
    if (backendTimeoutMs > 0) this.#allow(backendTimeoutMs);
    else if (requestEnded) this.requestEnded();
  }

  /** From now on the backend is expected to answer. */
  requestEnded(): void {
    const { backendTimeoutMs, headTimeoutMs } = this.#timeouts;
    if (backendTimeoutMs === 0 && headTimeoutMs > 0) this.#allow(headTimeoutMs);
  }

  /** The attempt was in vain, and the next one is yet to begin. */
  attemptEnds(): void {
    this.#set(this.#wholeMs);
  }

  /** The head of the answer is there. */
  answerBegins(): void {
    if (this.#timeouts.backendTimeoutMs === 0) this.#set(this.#wholeMs);
  }

  /** The exchange is over, or has become a tunnel. */
  end(): void {
    this.#set(Number.POSITIVE_INFINITY);
  }

  timeOut(): void {
    this.#watched = false;
    if (this.deadlineMs >= this.#clientEndsMs) this.#keeper.timeRanOut({ kind: 'CallTimedOut' });
    else if (this.deadlineMs >= this.#wholeMs) this.#keeper.timeRanOut({ kind: 'RequestTimedOut' });
    else this.#keeper.timeRanOut({ kind: 'BackendTimedOut' });
  }

  #allow(ms: number): void {
    this.#set(Math.min(this.#wholeMs, this.#watch.now() + ms));
  }

  #set(deadlineMs: number): void {
    this.deadlineMs = deadlineMs;
    const wanted = deadlineMs !== Number.POSITIVE_INFINITY;
    if (wanted === this.#watched) return;
    this.#watched = wanted;
    if (wanted) this.#watch.deadlines.add(this);
    else this.#watch.deadlines.remove(this);
  }
}
