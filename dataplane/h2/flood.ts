// What a peer may have us do for nothing (CVE-2019-9511 to 9518, CVE-2023-44487, CVE-2025-8671): two purses a
// connection, one for streams that are thrown away, one for frames that move nothing.

/** How much a peer may do at once, in seconds of what it may do for long. */
const burstSeconds = 2;
/** Frames that follow from one of ours which carries something: two WINDOW_UPDATEs and the PING of a bandwidth probe. */
const answersAFrame = 3;
const answersMax = 4096;

/**
 * Tokens that come back with time: `perSecond` of them, up to `most`, which are there at first.
 *
 * Hot path: the clock is read only when the bucket looks empty.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  readonly #now: () => number;
  #tokens: number;
  #filledMs: number;

  /** `now`: monotonic milliseconds. */
  constructor(perSecond: number, now: () => number, most: number = perSecond * burstSeconds) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#now = now;
    this.#tokens = most;
    this.#filledMs = now();
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    if (this.#tokens < 1) this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(): void {
    const nowMs = this.#now();
    const came = ((nowMs - this.#filledMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#tokens + came, this.#most);
    this.#filledMs = nowMs;
  }
}

/** Counts what one peer has us do for nothing; each method is false once it was too much. */
export class FloodGuard {
  readonly #resets: TokenBucket;
  readonly #frames: TokenBucket;
  /** Frames that are due to the peer, as answers to frames of ours. */
  #due = 0;

  constructor(
    limits: { readonly resetsPerSecondMax: number; readonly controlFramesPerSecondMax: number },
    now: () => number,
  ) {
    this.#resets = new TokenBucket(limits.resetsPerSecondMax, now);
    this.#frames = new TokenBucket(limits.controlFramesPerSecondMax, now);
  }

  /** A frame of ours with a head or content is on its way. */
  sent(): void {
    if (this.#due < answersMax) this.#due += answersAFrame;
  }

  /** A stream was thrown away: by the peer, or by us for the peer's fault. */
  takesReset(): boolean {
    return this.#resets.take();
  }

  /** A frame that costs work and moves nothing: SETTINGS, PRIORITY, empty DATA, unknown types. */
  takesFrame(): boolean {
    return this.#frames.take();
  }

  /** WINDOW_UPDATE or PING, of which some follow from what we send. */
  takesAnswer(): boolean {
    if (this.#due === 0) return this.#frames.take();
    this.#due -= 1;
    return true;
  }
}
