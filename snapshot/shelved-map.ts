// A map that never changes, of which another with a few changes is made at a cost that does not grow with its size.
import { fnv1a } from './fnv.ts';

const shelfCount = 256;
const noEntries: ReadonlyMap<never, never> = new Map<never, never>();

/**
 * An immutable map. Its entries stand in shelves by the hash of their key: two maps of which one was made from the
 * other share all shelves but those that were changed. Iterates shelf by shelf, in no order that means anything.
 */
export class ShelvedMap<K extends string, V extends object> implements ReadonlyMap<K, V> {
  readonly size: number;
  /** As many in every map, each at the place of its hash. */
  readonly shelves: readonly ReadonlyMap<K, V>[];

  private constructor(shelves: readonly ReadonlyMap<K, V>[], size: number) {
    this.shelves = Object.freeze(shelves);
    this.size = size;
    Object.freeze(this);
  }

  static empty<K extends string, V extends object>(): ShelvedMap<K, V> {
    const shelves = Array.from({ length: shelfCount }, (): ReadonlyMap<K, V> => noEntries);
    return new ShelvedMap(shelves, 0);
  }

  static of<K extends string, V extends object>(entries: Iterable<readonly [K, V]>): ShelvedMap<K, V> {
    return ShelvedMap.empty<K, V>().with(entries);
  }

  get(key: K): V | undefined {
    return this.shelves[shelfOf(key)]?.get(key);
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  /** This map with `changes` one after the other (undefined: removed); the same one if they change nothing. */
  with(changes: Iterable<readonly [K, V | undefined]>): ShelvedMap<K, V> {
    const fresh = new Map<number, Map<K, V>>();
    let { size } = this;
    for (const [key, value] of changes) {
      const at = shelfOf(key);
      const before = (fresh.get(at) ?? this.shelves[at])?.get(key);
      if (before === value) continue;
      const shelf = fresh.getOrInsertComputed(at, () => new Map(this.shelves[at]));
      if (value === undefined) shelf.delete(key);
      else shelf.set(key, value);
      size += Number(value !== undefined) - Number(before !== undefined);
    }
    if (fresh.size === 0) return this;
    const shelves = this.shelves.map((shelf, at) => fresh.get(at) ?? shelf);
    return new ShelvedMap(shelves, size);
  }

  *entries(): Generator<[K, V], undefined> {
    for (const shelf of this.shelves) yield* shelf.entries();
  }

  *keys(): Generator<K, undefined> {
    for (const shelf of this.shelves) yield* shelf.keys();
  }

  *values(): Generator<V, undefined> {
    for (const shelf of this.shelves) yield* shelf.values();
  }

  [Symbol.iterator](): Generator<[K, V], undefined> {
    return this.entries();
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }
}

/**
 * The keys whose values are not the very same in `now` as in `before`, each once. Of two shelved maps only the
 * shelves that they do not share are looked at.
 */
export function changedKeys<K extends string, V extends object>(
  before: ReadonlyMap<K, V>,
  now: ReadonlyMap<K, V>,
): readonly K[] {
  if (!(before instanceof ShelvedMap) || !(now instanceof ShelvedMap)) return changedOf(before, now);
  return now.shelves.flatMap((shelf: ReadonlyMap<K, V>, at) => {
    const last: ReadonlyMap<K, V> = before.shelves[at] ?? noEntries;
    return shelf === last ? [] : changedOf(last, shelf);
  });
}

function changedOf<K, V>(before: ReadonlyMap<K, V>, now: ReadonlyMap<K, V>): readonly K[] {
  const changed: K[] = [];
  if (before === now) return changed;
  for (const [key, value] of now) if (before.get(key) !== value) changed.push(key);
  for (const key of before.keys()) if (!now.has(key)) changed.push(key);
  return changed;
}

/** Versions of sets depend on it: it is part of the contract. */
function shelfOf(key: string): number {
  const hash = fnv1a(key);
  return (hash ^ (hash >>> 15)) & (shelfCount - 1);
}
