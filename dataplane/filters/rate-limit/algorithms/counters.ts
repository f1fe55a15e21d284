import { ArrivalTable } from '#dataplane/counters/arrival-table.ts';
import type { Digest, KeyedHash } from '#dataplane/counters/keyed-hash.ts';

/** Mixed into the hash of a key, so that each limit has counters of its own; `owner`: see {@link ArrivalTable}. */
export interface Salt extends Digest {
  readonly owner: number;
}

/** The counters of this process, bounded; all questions are about the key that was turned to last. */
export class Counters {
  readonly #table: ArrivalTable;
  readonly #hash: KeyedHash;
  /** What the request takes that is asked about. */
  units = 1;

  constructor(slotsMax: number, hash: KeyedHash) {
    this.#table = new ArrivalTable(slotsMax);
    this.#hash = hash;
  }

  turnTo(key: string): void {
    this.#hash.digest(key);
  }

  /** The time kept for the key, or 0. */
  time(salt: Salt): number {
    this.#table.owner = salt.owner;
    return this.#table.get((this.#hash.hi ^ salt.hi) >>> 0, (this.#hash.lo ^ salt.lo) >>> 0);
  }

  /** Keeps `time` for the key; once it has passed the counter says nothing any more. */
  keep(salt: Salt, time: number, now: number): void {
    this.#table.owner = salt.owner;
    this.#table.set((this.#hash.hi ^ salt.hi) >>> 0, (this.#hash.lo ^ salt.lo) >>> 0, time, now);
  }

  /** As {@link time}; `first` and `second` are what is counted beside it: 0 where there is nothing. */
  open(salt: Salt): number {
    this.#table.owner = salt.owner;
    return this.#table.read((this.#hash.hi ^ salt.hi) >>> 0, (this.#hash.lo ^ salt.lo) >>> 0);
  }

  get first(): number {
    return this.#table.first;
  }

  get second(): number {
    return this.#table.second;
  }

  /** What {@link close} will keep. */
  set(first: number, second: number): void {
    this.#table.first = first;
    this.#table.second = second;
  }

  /** As {@link keep}, with the counts that were set. */
  close(salt: Salt, time: number, now: number): void {
    this.#table.owner = salt.owner;
    this.#table.write((this.#hash.hi ^ salt.hi) >>> 0, (this.#hash.lo ^ salt.lo) >>> 0, time, now);
  }

  /** See {@link ArrivalTable.usage}. */
  usage(): ReturnType<ArrivalTable['usage']> {
    return this.#table.usage();
  }
}
