import type { WastedStreams } from './wasted-streams.ts';

/** Streams that were given up and of which frames may still be on their way. */
const rememberedMax = 512;

/**
 * What is remembered of streams that are over (RFC 9113 section 5.1): of those that we gave up, how much content may
 * come of them before the peer hears of it; and which ids the peer has skipped and so never opened.
 */
export class ClosedStreams {
  /** Null while there is none, as on nearly all connections. */
  #abandoned: Map<number, number> | null = null;
  readonly #wasted: WastedStreams | null;
  #skippedFrom = 0;
  #skippedTo = 0;

  /** `wasted`: those of them that are not reset yet. */
  constructor(wasted: WastedStreams | null) {
    this.#wasted = wasted;
  }

  /** We gave `id` up; `mayCome` octets of its content may be on their way. */
  abandoned(id: number, mayCome: number): void {
    const abandoned = (this.#abandoned ??= new Map());
    if (abandoned.size >= rememberedMax) {
      for (const oldest of abandoned.keys()) {
        abandoned.delete(oldest);
        break;
      }
    }
    abandoned.set(id, mayCome);
  }

  /** The peer has gone from stream `last` to stream `id`. */
  opened(id: number, last: number): void {
    if (id <= last + 2) return;
    this.#skippedFrom = last + 1;
    this.#skippedTo = id - 1;
  }

  /** Whether `id` was skipped the last time that any was: it cannot be opened any more. */
  wasSkipped(id: number): boolean {
    return id >= this.#skippedFrom && id <= this.#skippedTo;
  }

  /** Whether frames of `id` may be late. */
  isExpected(id: number): boolean {
    return this.#abandoned?.has(id) === true;
  }

  /** Late content; false when none, or no more, can be on its way. */
  takes(id: number, { length, ended }: { readonly length: number; readonly ended: boolean }): boolean {
    const left = this.#abandoned?.get(id);
    if (left === undefined || length > left) return false;
    this.#abandoned?.set(id, left - length);
    if (ended) this.#wasted?.ended(id);
    return true;
  }
}
