import { digest } from './digest.ts';

/**
 * The version of a set of resources of which little changes at a time: what it costs is to put the new ones in their
 * places, and one hash. Equal sets have equal versions, however they came to be: a hash of the same form as that of a
 * resource.
 */
export class SetVersion {
  /** Sorted. */
  readonly #ids: string[];
  /** Of each id, in the same order, what it adds to the text that is hashed. */
  readonly #texts: string[];

  constructor(entries: Iterable<readonly [id: string, hash: string]>) {
    const all = [...entries];
    if (!isSorted(all)) all.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
    this.#ids = all.map(([id]) => id);
    this.#texts = all.map(([id, hash]) => textOf(id, hash));
  }

  get version(): string {
    return digest(this.#texts.join(''));
  }

  put(id: string, hash: string): void {
    const at = this.#placeOf(id);
    const isNew = this.#ids[at] !== id;
    if (isNew) this.#ids.splice(at, 0, id);
    this.#texts.splice(at, isNew ? 0 : 1, textOf(id, hash));
  }

  delete(id: string): void {
    const at = this.#placeOf(id);
    if (this.#ids[at] !== id) return;
    this.#ids.splice(at, 1);
    this.#texts.splice(at, 1);
  }

  /** Where `id` is, or would be. */
  #placeOf(id: string): number {
    let low = 0;
    let high = this.#ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ids[middle] ?? '') < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** An id may hold any character: its length tells where it ends, and a hash has a fixed one. */
function textOf(id: string, hash: string): string {
  return `${id.length}:${id}${hash}`;
}

function isSorted(entries: readonly (readonly [string, string])[]): boolean {
  let previous = '';
  for (const [id] of entries) {
    if (id < previous) return false;
    previous = id;
  }
  return true;
}
