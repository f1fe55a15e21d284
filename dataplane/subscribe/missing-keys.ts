const keysMax = 1_000;

/** Remembers which unknown keys were asked for lately: clients choose them, so it is bounded. */
export class MissingKeys {
  readonly #everyMs: number;
  /** When each was asked for, the oldest first; milliseconds of performance.now. */
  readonly #asked = new Map<string, number>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Whether it may be asked for now; if so, it counts as asked. While too many are remembered, none may. */
  isDue(keySet: string, kid: string): boolean {
    const now = performance.now();
    for (const [key, at] of this.#asked) {
      if (now - at < this.#everyMs) break;
      this.#asked.delete(key);
    }
    const key = `${keySet}\n${kid}`;
    if (this.#asked.has(key) || this.#asked.size >= keysMax) return false;
    this.#asked.set(key, now);
    return true;
  }
}
