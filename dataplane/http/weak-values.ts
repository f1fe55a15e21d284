/** So many are there before those that nobody holds any more are looked for. */
const fewest = 64;

/** Values by key, each for as long as somebody else holds it; who asks in that time is given the same. */
export class WeakValues<Key, Value extends WeakKey> {
  readonly #references = new Map<Key, WeakRef<Value>>();
  #dropAt = fewest;

  /** That of `key`, made where there is none. */
  of(key: Key, make: (key: Key) => Value): Value {
    const known = this.#references.get(key)?.deref();
    if (known !== undefined) return known;
    const made = make(key);
    this.#references.set(key, new WeakRef(made));
    if (this.#references.size >= this.#dropAt) this.#dropAt = Math.max(fewest, 2 * [...this].length);
    return made;
  }

  /** Keys that are kept; nobody may hold the values of some of them any more. */
  get size(): number {
    return this.#references.size;
  }

  /** Those that somebody holds; the others are forgotten. */
  *[Symbol.iterator](): Generator<readonly [Key, Value]> {
    for (const [key, reference] of this.#references) {
      const value = reference.deref();
      if (value === undefined) this.#references.delete(key);
      else yield [key, value];
    }
  }
}
