import { sameList } from '#snapshot/same-list.ts';
import { hashText, mix } from './mixing.ts';
import { noHash } from './balancer.ts';
import type { Balanced, Balancer, Random } from './balancer.ts';

/** Prime, and many times the members of a large cluster: the more, the more even the shares. */
const tableSize = 65_537;

/**
 * The same member for the same hash, in every data plane that knows the same members in the same order; when one
 * comes or goes few others' requests move (Eisenbud and others, "Maglev", section 3.4). One that cannot be used
 * gives its requests to others, to each hash always the same, and gets them back. One that weighs less than the
 * heaviest takes that share of its hashes, and ever more of the same ones as it grows. Without a hash: any.
 */
export function maglev<E extends Balanced>(identity: (member: E) => string, random: Random): Balancer<E> {
  return new Maglev<E>(identity, random);
}

class Maglev<E extends Balanced> implements Balancer<E> {
  readonly #identity: (member: E) => string;
  readonly #random: Random;
  #members: readonly E[] = [];
  #heaviest = 1;
  /** Places of members; null until the first pick after a change: a cluster that nobody asks costs nothing. */
  #table: Uint16Array | null = null;

  constructor(identity: (member: E) => string, random: Random) {
    this.#identity = identity;
    this.#random = random;
  }

  update(members: readonly E[]): void {
    this.#heaviest = members.reduce((heaviest, { weight }) => Math.max(heaviest, weight), 0);
    if (sameList(members, this.#members)) return;
    this.#members = members.slice(0, free);
    this.#table = null;
  }

  pick(hash: number, attempt: number): E | null {
    if (this.#members.length === 0) return null;
    const seed = hash === noHash ? this.#random() * 0x1_0000_0000 : hash;
    const draw = mix(seed + Math.imul(attempt, 0x9e37_79b9));
    this.#table ??= tableOf(this.#members.map((member) => this.#identity(member)));
    const member = this.#members[this.#table[draw % tableSize] ?? 0] ?? null;
    if (member === null || member.weight >= this.#heaviest) return member;
    return mix(draw ^ 0x5bd1_e995) < (member.weight / this.#heaviest) * 0x1_0000_0000 ? member : null;
  }
}

/** Each member in turn takes the next free place of its own permutation of the table. */
function tableOf(names: readonly string[]): Uint16Array {
  const table = new Uint16Array(tableSize).fill(free);
  const places = Int32Array.from(names, (name) => hashText(name) % tableSize);
  const steps = Int32Array.from(names, (name) => (hashText(name, stepSeed) % (tableSize - 1)) + 1);
  for (let taken = 0; ;) {
    for (let member = 0; member < names.length; member += 1) {
      const step = steps[member] ?? 1;
      let place = places[member] ?? 0;
      while (table[place] !== free) {
        place += step;
        if (place >= tableSize) place -= tableSize;
      }
      table[place] = member;
      places[member] = place;
      taken += 1;
      if (taken === tableSize) return table;
    }
  }
}

const free = 0xffff;
const stepSeed = 0x3c6e_f372;
