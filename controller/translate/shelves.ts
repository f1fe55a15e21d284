// Lists of thousands, divided by the names of their objects: what is made of a list is made shelf by shelf, so that an
// object that changes costs the work of its shelf and not that of all others.
import type { Kind, KindMap } from '#crds/kind.ts';
import { fnv1a } from '#snapshot/fnv.ts';
import type { Index, Read, Unit } from './memo.ts';

interface Named {
  readonly metadata: { readonly namespace: string; readonly name: string };
}

/** Part of a list: all of it (`''`), or what stands on the shelf of this number. */
export type Shelf = string;

/** A list as short as this one stays whole. */
const wholeMax = 16;
const shelfCount = 64;
const whole: readonly Shelf[] = Object.freeze(['']);
const numbers: readonly Shelf[] = Object.freeze(Array.from({ length: shelfCount }, (_, at) => String(at)));

/** The shelves of the list that a key names. */
export function shelvesUnit(
  name: string,
  list: (read: Read, ...key: readonly string[]) => readonly unknown[],
): Unit<readonly Shelf[]> {
  return {
    name: `shelves of ${name}`,
    compute: (read, ...key) => (list(read, ...key).length <= wholeMax ? whole : numbers),
  };
}

/** What `unit` makes of each shelf of the list that `key` names: it is asked by `key` and the shelf. */
export function overShelves<Result>(
  read: Read,
  shelves: Unit<readonly Shelf[]>,
  unit: Unit<Result>,
  ...key: readonly string[]
): readonly Result[] {
  return read.ask(shelves, ...key).map((shelf) => read.ask(unit, ...key, shelf));
}

/** An index whose keys lead to whole lists and, with {@link onShelf}, to their shelves. */
export interface ShelvedIndex<K extends Kind> {
  readonly whole: Index<K>;
  readonly shelved: Index<K>;
}

/** `index` with shelves. */
export function shelvedIndex<K extends Kind>(index: Index<K>): ShelvedIndex<K> {
  return { whole: index, shelved: { kind: index.kind, keysOf: shelfKeys(index.keysOf) } };
}

/** The keys of the shelves on which an object with the keys `keysOf` stands. */
export function shelfKeys<T extends Named>(
  keysOf: (object: T) => readonly string[],
): (object: T) => readonly string[] {
  return (object) => {
    const shelf = shelfOf(object);
    return keysOf(object).map((key) => onShelf(key, shelf));
  };
}

/** The key of what stands under `key` on `shelf`. */
export function onShelf(key: string, shelf: Shelf): string {
  return `${key} ${shelf}`;
}

/** What `index` has under `key` on `shelf`. */
export function findOn<K extends Kind>(
  read: Read,
  index: ShelvedIndex<K>,
  key: string,
  shelf: Shelf,
): readonly KindMap[K][] {
  return shelf === '' ? read.find(index.whole, key) : read.find(index.shelved, onShelf(key, shelf));
}

function shelfOf({ metadata: { namespace, name } }: Named): Shelf {
  const hash = fnv1a(name, fnv1a(namespace, 0));
  return String((hash ^ (hash >>> 15)) & (shelfCount - 1));
}
