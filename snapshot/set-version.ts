import { digest } from './digest.ts';
import type { ShelvedMap } from './shelved-map.ts';

interface Hashed {
  readonly hash: string;
}

/**
 * Versions of sets of resources, one made from the other: each shelf has a hash, and the version is the hash of
 * these, so that a change costs no more than its shelves. Equal sets have equal versions, however they came to be,
 * wherever that is told: hashes of the same form as that of a resource.
 */
export class SetVersions {
  readonly #hashes = new WeakMap<ReadonlyMap<string, Hashed>, string>();

  of(set: ShelvedMap<string, Hashed>): string {
    return digest(set.shelves.map((shelf) => this.#hashOf(shelf)).join());
  }

  #hashOf(shelf: ReadonlyMap<string, Hashed>): string {
    if (shelf.size === 0) return '';
    const known = this.#hashes.get(shelf);
    if (known !== undefined) return known;
    const hash = digest(
      [...shelf]
        .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
        .map(([id, entry]) => textOf(id, entry.hash))
        .join(''),
    );
    this.#hashes.set(shelf, hash);
    return hash;
  }
}

/** An id may hold any character: its length tells where it ends, and a hash has a fixed one. */
function textOf(id: string, hash: string): string {
  return `${id.length}:${id}${hash}`;
}
