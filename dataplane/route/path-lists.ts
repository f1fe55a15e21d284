import type { Candidate } from './path-table.ts';

type Shelf<Rule> = ReadonlyMap<string, readonly Candidate<Rule>[]>;

/** Keys that shelves have on average when they are divided anew, and on average at most before that. */
const keysPerShelf = 16;
const keysPerShelfMax = 32;
/** Each change copies the list of them. */
const shelvesMax = 4096;

/**
 * Lists of candidates by path. It never changes: another one with a few changes is made at the cost of these and of a
 * look at each shelf. There are never fewer shelves than before. A ShelvedMap has 256 whatever its size, for thousands
 * of hosts with a path each too many, and reads the whole of a key, which here a client writes.
 */
export class PathLists<Rule> {
  readonly size: number;
  /** A power of two of them. */
  readonly #shelves: readonly Shelf<Rule>[];
  /** How many paths have each length. */
  readonly #counts: ReadonlyMap<number, number>;
  /** The lengths that paths have, longest first. */
  readonly lengths: readonly number[];

  private constructor(shelves: readonly Shelf<Rule>[], counts: ReadonlyMap<number, number>, size: number) {
    this.#shelves = shelves;
    this.#counts = counts;
    this.size = size;
    this.lengths = [...counts.keys()].sort((a, b) => b - a);
  }

  static empty<Rule>(): PathLists<Rule> {
    return new PathLists<Rule>([new Map()], new Map(), 0);
  }

  /** Hot path. */
  get(path: string): readonly Candidate<Rule>[] | undefined {
    if (this.size === 0) return undefined;
    const shelves = this.#shelves;
    const at = shelves.length === 1 ? 0 : hashOf(path) & (shelves.length - 1);
    return shelves[at]?.get(path);
  }

  /** These lists with others in the place of some; an empty one stands for none. */
  with(changes: ReadonlyMap<string, readonly Candidate<Rule>[]>): PathLists<Rule> {
    if (changes.size === 0) return this;
    const counts = new Map(this.#counts);
    let { size } = this;
    for (const [path, list] of changes) {
      const more = Number(list.length > 0) - Number(this.get(path) !== undefined);
      size += more;
      const count = (counts.get(path.length) ?? 0) + more;
      if (count > 0) counts.set(path.length, count);
      else counts.delete(path.length);
    }
    return new PathLists<Rule>(shelvesWith(this.#shelves, changes, size), counts, size);
  }
}

/** Shelves with room for `size` keys: those of before but for the changed ones, or all anew when there are too few. */
function shelvesWith<Rule>(before: readonly Shelf<Rule>[], changes: Shelf<Rule>, size: number) {
  const isFull = size > before.length * keysPerShelfMax && before.length < shelvesMax;
  const fresh = new Map<number, Map<string, readonly Candidate<Rule>[]>>();
  const count = isFull ? shelvesFor(size) : before.length;
  const put = (path: string, list: readonly Candidate<Rule>[]): void => {
    const at = hashOf(path) & (count - 1);
    const shelf = fresh.getOrInsertComputed(at, () => new Map(isFull ? [] : before[at]));
    if (list.length > 0) shelf.set(path, list);
    else shelf.delete(path);
  };
  if (isFull) for (const shelf of before) for (const [path, list] of shelf) put(path, list);
  for (const [path, list] of changes) put(path, list);
  const nothing: Shelf<Rule> = new Map();
  return Array.from(
    { length: count },
    (_, at) => fresh.get(at) ?? (isFull ? nothing : before[at]) ?? nothing,
  );
}

function shelvesFor(size: number): number {
  return Math.min(shelvesMax, 2 ** Math.ceil(Math.log2(size / keysPerShelf)));
}

/** Of 16 characters at most, so that a long path of a client costs no more than a short one. */
function hashOf(path: string): number {
  const { length } = path;
  const step = (length >> 4) + 1;
  let hash = length;
  for (let at = length - 1; at >= 0; at -= step) hash = Math.imul(hash ^ path.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}
