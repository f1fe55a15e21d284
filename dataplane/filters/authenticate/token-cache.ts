import { LRUCache } from 'lru-cache';

/** How much is remembered, over all authentications of the process. */
export interface TokenCacheLimits {
  readonly entriesMax: number;
  /** Characters of all keys together. */
  readonly charactersMax: number;
}

interface Entry<Owner, Value> {
  readonly owner: Owner;
  readonly value: Value;
  readonly untilMs: number;
  /** What other authentications know of the same token. */
  readonly next: Entry<Owner, Value> | null;
}

/** Most authentications that remember one token. */
const ownersMax = 4;

/**
 * What each owner knows of a credential, by its exact spelling, until a time; the least recently used go first. An
 * owner that is gone (its keys or its rule changed) is never asked for again, so nothing it knew is used.
 *
 * Hot path: one look-up by the string as it was received. Hashing it by SHA-256 first costs more than all else here
 * (measured in test/dataplane/filters/authenticate/cost.ts), and what is remembered is no more secret than what the
 * process receives all the time.
 */
export class TokenCache<Owner extends object, Value extends object> {
  readonly #entries: LRUCache<string, Entry<Owner, Value>>;

  constructor({ entriesMax, charactersMax }: TokenCacheLimits) {
    this.#entries = new LRUCache({
      max: entriesMax,
      maxSize: charactersMax,
      sizeCalculation: (_entry, credential) => credential.length,
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What `owner` knows of `credential` at `nowMs`, or null. */
  get(owner: Owner, credential: string, nowMs: number): Value | null {
    for (let entry = this.#entries.get(credential) ?? null; entry !== null; entry = entry.next) {
      if (entry.owner === owner) return nowMs < entry.untilMs ? entry.value : null;
    }
    return null;
  }

  /** What `owner` knows of `credential` holds no more. */
  forget(owner: Owner, credential: string): void {
    const entry = this.#entries.get(credential);
    if (entry === undefined) return;
    const rest = without(entry, owner);
    if (rest === null) this.#entries.delete(credential);
    else this.#entries.set(credential, rest);
  }

  put(owner: Owner, credential: string, known: { readonly value: Value; readonly untilMs: number }): void {
    const others: Entry<Owner, Value>[] = [];
    let entry = this.#entries.get(credential) ?? null;
    for (; entry !== null && others.length < ownersMax - 1; entry = entry.next) {
      if (entry.owner !== owner) others.push(entry);
    }
    const next = others.reduceRight<Entry<Owner, Value> | null>(
      (rest, other) => ({ ...other, next: rest }),
      null,
    );
    // A copy: what was received is a slice that would keep the whole head it was cut from.
    const key = Buffer.from(credential, 'latin1').toString('latin1');
    this.#entries.set(key, { owner, ...known, next });
  }
}

function without<Owner, Value>(entry: Entry<Owner, Value>, owner: Owner): Entry<Owner, Value> | null {
  const next = entry.next === null ? null : without(entry.next, owner);
  if (entry.owner === owner) return next;
  return { ...entry, next };
}
