interface HearingOptions {
  readonly burst: number;
  readonly everyMs: number;
  /** Hears what is newest then. */
  readonly hear: () => void;
}

/** Bounds how often one peer is heard: `burst` times at once, then once in `everyMs`. What comes last is heard. */
export class Hearing {
  readonly #options: HearingOptions;
  #left: number;
  #countedAt = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: HearingOptions) {
    this.#options = options;
    this.#left = options.burst;
  }

  /** The peer has said something. */
  spoken(): void {
    if (this.#timer !== null) return;
    const { burst, everyMs } = this.#options;
    const now = performance.now();
    this.#left = Math.min(burst, this.#left + (now - this.#countedAt) / everyMs);
    this.#countedAt = now;
    if (this.#left >= 1) return this.#hear();
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#hear();
      },
      (1 - this.#left) * everyMs,
    );
  }

  /** Nothing is heard any more. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #hear(): void {
    this.#left -= 1;
    this.#options.hear();
  }
}
