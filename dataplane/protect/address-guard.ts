import type { ArrivalTable } from '#dataplane/filters/rate-limit/arrival-table.ts';
import type { KeyedHash } from '#dataplane/filters/rate-limit/keyed-hash.ts';
import type { AddressCounts } from '#dataplane/http/address-counts.ts';
import { addressNetwork } from '#dataplane/http/address.ts';
import { networks } from '#dataplane/http/networks.ts';
import type { Pass, PortGuard } from '#dataplane/runtime.ts';
import type { ConnectionFloods, Protection } from '#snapshot/protection.ts';
import { FloodMeter, type Digest } from './flood-rate.ts';
import type { PolicyCounts, RefusalReason } from './policy-counts.ts';

/** What guards share. */
export interface GuardSurroundings {
  readonly now: () => number;
  readonly hash: KeyedHash;
  readonly arrivals: ArrivalTable;
  countsOf(policy: string): PolicyCounts;
}

/** Addresses of which is remembered what holds for them; then all are forgotten, as what tells it does not change. */
const rememberedMax = 4096;

/** The guard of one port. */
export class AddressGuard implements PortGuard {
  readonly #around: GuardSurroundings;
  readonly #isExempt: (address: string) => boolean;
  readonly #connections: ConnectionGuard | null;
  readonly #remembered = new Map<string, Caller>();

  constructor({ connections, exempt }: Protection, around: GuardSurroundings) {
    this.#around = around;
    this.#isExempt = exempt.length === 0 ? () => false : networks(exempt);
    this.#connections = connections === null ? null : new ConnectionGuard(connections, around);
  }

  admit(address: string): Pass | null {
    const caller = this.#callerOf(address);
    if (this.#connections === null || caller.isExempt) return freePass;
    return this.#connections.admit(caller, this.#around.now());
  }

  #callerOf(address: string): Caller {
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear();
    const caller: Caller = {
      address,
      isExempt: this.#isExempt(address),
      connections: this.#connections?.networkOf(address) ?? nobody,
    };
    this.#remembered.set(address, caller);
    return caller;
  }
}

/** Whom an address belongs to. */
interface Caller {
  readonly address: string;
  readonly isExempt: boolean;
  readonly connections: Network;
}

/** Addresses that are counted together. */
interface Network {
  readonly name: string;
  readonly digest: Digest;
}

const nobody: Network = { name: '', digest: { hi: 0, lo: 0 } };

/** Where nothing is counted. */
const freePass: Pass = { leave: () => {} };

/** How many connections an address opens, and has open. */
class ConnectionGuard {
  readonly #floods: ConnectionFloods;
  readonly #around: GuardSurroundings;
  readonly #counts: PolicyCounts;
  readonly #opened: FloodMeter | null;

  constructor(floods: ConnectionFloods, around: GuardSurroundings) {
    const { policy, opened } = floods;
    this.#floods = floods;
    this.#around = around;
    this.#counts = around.countsOf(policy);
    const salt = digestOf(around.hash, `connections ${policy}`);
    this.#opened = opened === null ? null : new FloodMeter(around.arrivals, salt, opened);
  }

  networkOf(address: string): Network {
    const name = addressNetwork(address, this.#floods.prefixes);
    return { name, digest: digestOf(this.#around.hash, name) };
  }

  admit({ address, connections: { name, digest } }: Caller, nowMs: number): Pass | null {
    const { mode, openMax } = this.#floods;
    const excess = this.#excess(name, digest, nowMs);
    if (excess !== null) {
      this.#counts.tally(excess, mode).add(address, nowMs);
      if (mode === 'Enforce') return null;
    }
    return openMax === 0 ? freePass : new CountedPass(this.#counts.open, name);
  }

  #excess(name: string, digest: Digest, nowMs: number): RefusalReason | null {
    const { openMax } = this.#floods;
    if (openMax > 0 && this.#counts.open.of(name) >= openMax) return 'OpenConnections';
    return this.#opened?.take(digest, nowMs) === false ? 'ConnectionRate' : null;
  }
}

/** Of a connection that is counted as long as it is there. */
class CountedPass implements Pass {
  readonly #open: AddressCounts;
  readonly #name: string;

  constructor(open: AddressCounts, name: string) {
    this.#open = open;
    this.#name = name;
    open.enter(name, 0);
  }

  leave(): void {
    this.#open.leave(this.#name);
  }
}

function digestOf(hash: KeyedHash, text: string): Digest {
  hash.digest(text);
  return { hi: hash.hi, lo: hash.lo };
}
