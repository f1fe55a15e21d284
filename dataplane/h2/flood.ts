// What a peer may have us do for nothing (CVE-2019-9511 to 9518, CVE-2023-44487, CVE-2025-8671): two purses a
// connection, one for streams that are thrown away, one for frames that move nothing.

/** How much a peer may do at once, in seconds of what it may do for long. */
const burstSeconds = 2;
/** Frames that follow from one of ours which carries something: two WINDOW_UPDATEs and the PING of a bandwidth probe. */
const answersAFrame = 3;
const answersMax = 4096;

/** Monotonic milliseconds; may be coarse. */
export interface Clock {
  readonly nowMs: number;
}

/**
 * Tokens that come back with time: `perSecond` of them, up to `most`, which are there at first.
 *
 * Hot path: the clock is read only when the bucket looks empty.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledMs: number;

  constructor(perSecond: number, clock: Clock, most: number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#clock = clock;
    this.#tokens = most;
    this.#filledMs = clock.nowMs;
  }

  /** Takes one; false when there is none. */
  take(): boolean {
    if (this.#tokens < 1) this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(): void {
    const { nowMs } = this.#clock;
    const came = ((nowMs - this.#filledMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#tokens + came, this.#most);
    this.#filledMs = nowMs;
  }
}

/** What a peer may do for nothing, each second. */
export interface FloodLimits {
  readonly resetsPerSecondMax: number;
  readonly controlFramesPerSecondMax: number;
}

/**
 * Counts what one peer has us do for nothing; each method is false once it was too much. One for each connection, so
 * both purses are kept in it, and filled together.
 */
export class FloodGuard {
  readonly #limits: FloodLimits;
  readonly #clock: Clock;
  #resets: number;
  #frames: number;
  #filledMs: number;
  /** Frames that are due to the peer, as answers to frames of ours. */
  #due = 0;

  constructor(limits: FloodLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#resets = limits.resetsPerSecondMax * burstSeconds;
    this.#frames = limits.controlFramesPerSecondMax * burstSeconds;
    this.#filledMs = clock.nowMs;
  }

  /** A frame of ours with a head or content is on its way. */
  sent(): void {
    if (this.#due < answersMax) this.#due += answersAFrame;
  }

  /** A stream was thrown away: by the peer, or by us for the peer's fault. */
  takesReset(): boolean {
    if (this.#resets < 1) this.#fill();
    if (this.#resets < 1) return false;
    this.#resets -= 1;
    return true;
  }

  /** A frame that costs work and moves nothing: SETTINGS, PRIORITY, empty DATA, unknown types. */
  takesFrame(): boolean {
    if (this.#frames < 1) this.#fill();
    if (this.#frames < 1) return false;
    this.#frames -= 1;
    return true;
  }

  /** WINDOW_UPDATE or PING, of which some follow from what we send. */
  takesAnswer(): boolean {
    if (this.#due === 0) return this.takesFrame();
    this.#due -= 1;
    return true;
  }

  #fill(): void {
    const { resetsPerSecondMax, controlFramesPerSecondMax } = this.#limits;
    const { nowMs } = this.#clock;
    const seconds = (nowMs - this.#filledMs) / 1000;
    this.#filledMs = nowMs;
    this.#resets = filled(this.#resets, seconds, resetsPerSecondMax);
    this.#frames = filled(this.#frames, seconds, controlFramesPerSecondMax);
  }
}

function filled(tokens: number, seconds: number, perSecond: number): number {
  return Math.min(tokens + seconds * perSecond, perSecond * burstSeconds);
}
