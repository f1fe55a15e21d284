/**
 * What was worked out for texts of late, `max` at most; then all are forgotten, which costs less than to know which was used
 * last.
 */
export class Memo<Value> {
  readonly #max: number;
  readonly #make: (text: string) => Value;
  readonly #known = new Map<string, Value>();

  constructor(max: number, make: (text: string) => Value) {
    this.#max = max;
    this.#make = make;
  }

  /** Hot path: nothing is allocated for a text that comes again. */
  of(text: string): Value {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    // A copy: the text may be a slice that keeps the whole head of its request in memory.
    const copy = Buffer.from(text).toString();
    const made = this.#make(copy);
    if (this.#known.size >= this.#max) this.#known.clear();
    this.#known.set(copy, made);
    return made;
  }

  /** What is worked out now may be something else. */
  clear(): void {
    this.#known.clear();
  }
}
