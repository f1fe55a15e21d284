/** Nobody is slow before so long. */
const graceMs = 5_000;

/**
 * Whether the content of a request comes fast enough, while it is waited for: in each five seconds of that, so many
 * octets. Whoever is held back by a slow backend is not slow. Not for gRPC, whose streams may be silent for hours.
 */
export class ContentPace {
  #octets = 0;
  #waitedMs = 0;
  /** Since when it is waited for; -1 for not now. */
  #sinceMs = -1;

  /** Another request. */
  begin(): void {
    this.#octets = 0;
    this.#waitedMs = 0;
    this.#sinceMs = -1;
  }

  /** Content is waited for from now on. */
  wait(nowMs: number): void {
    if (this.#sinceMs === -1) this.#sinceMs = nowMs;
  }

  /** It is not, for the moment. */
  rest(nowMs: number): void {
    if (this.#sinceMs === -1) return;
    this.#waitedMs += nowMs - this.#sinceMs;
    this.#sinceMs = -1;
  }

  took(octets: number): void {
    this.#octets += octets;
  }

  /** `octetsPerSecondMin` 0: never. To be asked often: what is fast is measured anew. */
  isTooSlow(nowMs: number, octetsPerSecondMin: number): boolean {
    const waitedMs = this.#waitedMs + (this.#sinceMs === -1 ? 0 : nowMs - this.#sinceMs);
    if (waitedMs < graceMs) return false;
    if (this.#octets * 1_000 < octetsPerSecondMin * waitedMs) return true;
    this.#octets = 0;
    this.#waitedMs = 0;
    if (this.#sinceMs !== -1) this.#sinceMs = nowMs;
    return false;
  }
}
