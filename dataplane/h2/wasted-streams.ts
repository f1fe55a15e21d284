import { TokenBucket, type Clock } from './flood.ts';
import type { StreamEvents } from './stream.ts';

/** How many streams we give up by RST_STREAM. */
export interface ResetPace {
  readonly atOnce: number;
  readonly perSecond: number;
  /** No stream waits longer to be reset. */
  readonly waitMsMax: number;
}

interface Wasted {
  readonly events: StreamEvents | null;
  /** We have ended our side, so that the peer's end is that of the stream. */
  readonly isWhole: boolean;
  readonly sinceMs: number;
}

/**
 * Streams that are given up and not reset yet. Peers take many resets for an attack (CVE-2023-44487) and end the
 * connection, which others share: so one stream more waits, and what still comes of it is thrown away, until it ends
 * by itself or a reset is due.
 */
export class WastedStreams {
  readonly #pace: ResetPace;
  readonly #clock: Clock;
  readonly #purse: TokenBucket;
  readonly #streams = new Map<number, Wasted>();

  constructor(pace: ResetPace, clock: Clock) {
    this.#pace = pace;
    this.#clock = clock;
    this.#purse = new TokenBucket(pace.perSecond, clock, pace.atOnce);
  }

  get size(): number {
    return this.#streams.size;
  }

  has(id: number): boolean {
    return this.#streams.has(id);
  }

  /** Whether a stream may be reset at once. */
  mayReset(): boolean {
    return this.#purse.take();
  }

  /** `events` will be told when the stream is over. */
  add(id: number, events: StreamEvents | null, isWhole: boolean): void {
    this.#streams.set(id, { events, isWhole, sinceMs: this.#clock.nowMs });
  }

  /** The peer has ended its side. */
  ended(id: number): void {
    if (this.#streams.get(id)?.isWhole === true) this.over(id);
  }

  /** The stream is no more. */
  over(id: number): void {
    const wasted = this.#streams.get(id);
    this.#streams.delete(id);
    wasted?.events?.streamClosed();
  }

  /** The stream that is to be reset now, the oldest first; null for none. To be asked until there is none. */
  due(): number | null {
    for (const [id, { sinceMs }] of this.#streams)
      return this.#clock.nowMs - sinceMs >= this.#pace.waitMsMax || this.mayReset() ? id : null;
    return null;
  }

  /** All are gone with their connection. */
  clear(): void {
    for (const id of this.#streams.keys()) this.over(id);
  }
}
