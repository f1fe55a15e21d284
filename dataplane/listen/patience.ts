/** Up to this load clients have the time that they were promised; from `shortLoad` on, no more than `shareMin` of it. */
const calmLoad = 0.25;
const shortLoad = 0.85;
const shareMin = 0.2;
/** From the least back to all of it, and no faster: who was cut comes again. */
const recoveryMs = 100_000;

/**
 * What share of their time-outs clients get: the nearer a data plane comes to its bounds, the less. So whoever is slow
 * by nature has all the time there is, and many who are slow on purpose do not take the place of others.
 */
export class Patience {
  #share = 1;
  #followedMs = Number.NEGATIVE_INFINITY;

  /** 0.2 to 1. */
  get share(): number {
    return this.#share;
  }

  /** `load`: how much of the bound that is nearest is taken, 1 for all of it. To be called regularly. */
  follow(load: number, nowMs: number): void {
    const allowed = 1 - ((load - calmLoad) / (shortLoad - calmLoad)) * (1 - shareMin);
    const recovered = this.#share + ((nowMs - this.#followedMs) / recoveryMs) * (1 - shareMin);
    this.#followedMs = nowMs;
    this.#share = Math.max(shareMin, Math.min(1, allowed, recovered));
  }
}
