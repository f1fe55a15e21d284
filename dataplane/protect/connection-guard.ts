import type { ArrivalTable } from '#dataplane/counters/arrival-table.ts';
import type { Digest, KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import type { Pass } from '#dataplane/runtime.ts';
import type { ConnectionFloods } from '#snapshot/protection.ts';
import { FloodMeter } from './flood-meter.ts';
import { networkOf, type Network } from './network.ts';
import type { PolicyCounts, RefusalReason } from './policy-counts.ts';

/** What flood guards count with. */
export interface Counting {
  readonly hash: KeyedHash;
  readonly arrivals: ArrivalTable;
  readonly countsOf: (policy: string) => PolicyCounts;
}

/** Where nothing is counted. */
export const freePass: Pass = { leave: () => {} };

/** How many connections an address opens, and has open. */
export class ConnectionGuard {
  readonly #floods: ConnectionFloods;
  readonly #hash: KeyedHash;
  readonly #counts: PolicyCounts;
  readonly #opened: FloodMeter | null;

  constructor(floods: ConnectionFloods, { hash, arrivals, countsOf }: Counting) {
    const { policy, opened } = floods;
    this.#floods = floods;
    this.#hash = hash;
    this.#counts = countsOf(policy);
    const salt = hash.digestOf(`connections ${policy}`);
    this.#opened = opened === null ? null : new FloodMeter(arrivals, salt, opened);
  }

  networkOf(address: string): Network {
    return networkOf(address, this.#floods.prefixes, this.#hash);
  }

  /** Null: it is refused, for its network has too many. */
  admit(address: string, { name, digest }: Network, nowMs: number): Pass | null {
    const { mode, openMax } = this.#floods;
    const excess = this.#excess(name, digest, nowMs);
    if (excess !== null) {
      this.#counts.tally(excess, mode).add(address, nowMs);
      if (mode === 'Enforce') return null;
    }
    return openMax === 0 ? freePass : new CountedPass(this.#counts, name);
  }

  #excess(name: string, digest: Digest, nowMs: number): RefusalReason | null {
    const { openMax } = this.#floods;
    if (openMax > 0 && this.#counts.open.of(name) >= openMax) return 'OpenConnections';
    return this.#opened?.take(digest, nowMs) === false ? 'ConnectionRate' : null;
  }
}

/** Of a connection that is counted as long as it is there. */
class CountedPass implements Pass {
  /** Held, so that they live as long as the connection does. */
  readonly #counts: PolicyCounts;
  readonly #name: string;

  constructor(counts: PolicyCounts, name: string) {
    this.#counts = counts;
    this.#name = name;
    counts.open.enter(name, 0);
  }

  leave(): void {
    this.#counts.open.leave(this.#name);
  }
}
