interface HearingOptions {
  readonly burst: number;
  readonly everyMs: number;
  /** Hears what is newest then. */
  readonly hear: () => void;
}

/** Bounds how often somebody is heard: `burst` times at once, then once in `everyMs`. What comes last is heard. */
export class Hearing {
  readonly #options: HearingOptions;
  #left: number;
  #countedAt = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#left = options.burst;
  }

  /** Something has been said. */
  spoken(): void {
    if (this.#timer !== null || this.#ended) return;
    const { everyMs } = this.#options;
    this.#count();
    if (this.#left >= 1) return this.#hear();
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#hear();
      },
      (1 - this.#left) * everyMs,
    );
  }

  /** Whether all is heard and the whole burst is there. */
  isRested(): boolean {
    this.#count();
    return this.#timer === null && this.#left >= this.#options.burst;
  }

  /** Nothing is heard any more. */
  end(): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #count(): void {
    const { burst, everyMs } = this.#options;
    const now = performance.now();
    this.#left = Math.min(burst, this.#left + (now - this.#countedAt) / everyMs);
    this.#countedAt = now;
  }

  #hear(): void {
    this.#left -= 1;
    this.#options.hear();
  }
}
