import type { ArrivalTable } from '#dataplane/filters/rate-limit/arrival-table.ts';
import type { KeyedHash } from '#dataplane/filters/rate-limit/keyed-hash.ts';
import type { AddressCounts } from '#dataplane/http/address-counts.ts';
import { addressNetwork, type AddressPrefixes } from '#dataplane/http/address.ts';
import type { BanHit } from '#dataplane/http/ban-list.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { RequestHead } from '#dataplane/http/message.ts';
import { networks } from '#dataplane/http/networks.ts';
import type { Pass, PortGuard } from '#dataplane/runtime.ts';
import type { ConnectionFloods, Protection, RequestFloods } from '#snapshot/protection.ts';
import { BotScreen } from './bot-screen.ts';
import { FloodMeter, type Digest } from './flood-rate.ts';
import { ReputationGuard } from './reputation-guard.ts';
import type { AddressLists } from './address-lists.ts';
import type { PolicyCounts, RefusalReason, Tally } from './policy-counts.ts';

/** What guards share. */
export interface GuardSurroundings {
  readonly now: () => number;
  readonly hash: KeyedHash;
  readonly arrivals: ArrivalTable;
  readonly lists: AddressLists;
  readonly countsOf: (policy: string) => PolicyCounts;
}

/** Addresses of which is remembered what holds for them; then all are forgotten. */
const rememberedMax = 4096;

/** The guard of one port. */
export class AddressGuard implements PortGuard {
  readonly #around: GuardSurroundings;
  readonly #isExempt: (address: string) => boolean;
  readonly #connections: ConnectionGuard | null;
  readonly #bots: BotScreen | null;
  readonly #remembered = new Map<string, Caller>();

  readonly #requests: RequestGuard | null;
  readonly #reputation: ReputationGuard | null;
  /** Of the lists that what is remembered was looked up in. */
  #generation = -1;

  constructor({ connections, requests, reputation, bots, exempt }: Protection, around: GuardSurroundings) {
    this.#around = around;
    this.#isExempt = exempt.length === 0 ? () => false : networks(exempt);
    this.#bots = bots === null ? null : new BotScreen(bots);
    this.#connections = connections === null ? null : new ConnectionGuard(connections, around);
    this.#requests = requests === null ? null : new RequestGuard(requests, around);
    this.#reputation =
      reputation.length === 0 ? null : new ReputationGuard(reputation, around.lists, around.countsOf);
  }

  admit(address: string): Pass | null {
    const caller = this.#callerOf(address);
    if (caller.isExempt) return freePass;
    const nowMs = this.#around.now();
    if (isListed(caller, nowMs)) return null;
    return this.#connections === null ? freePass : this.#connections.admit(caller, nowMs);
  }

  get judgesRequests(): boolean {
    return this.#requests !== null || this.#reputation !== null;
  }

  judge(address: string, peer: string): Failure | null {
    const caller = this.#callerOf(address);
    if (caller.isExempt) return null;
    const nowMs = this.#around.now();
    if (isListed(caller, nowMs)) return listed;
    return this.#requests === null ? null : this.#requests.judge(caller, peer, nowMs);
  }

  refusal(request: Pick<RequestHead, 'fields'>, address: string): BanHit | null {
    const hit = this.#bots?.refusal(request) ?? null;
    return hit === null || this.#isExempt(address) ? null : hit;
  }

  #callerOf(address: string): Caller {
    const { generation } = this.#around.lists;
    if (generation !== this.#generation) this.#remembered.clear();
    this.#generation = generation;
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear();
    const caller: Caller = {
      address,
      isExempt: this.#isExempt(address),
      connections: this.#connections?.networkOf(address) ?? nobody,
      requests: this.#requests?.networkOf(address) ?? nobody,
      listed: this.#reputation?.findingsOf(address) ?? nowhere,
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
  readonly requests: Network;
  readonly listed: readonly Tally[];
}

/** Whether it is kept out for a list it stands in; counted for each. */
function isListed({ address, listed }: Caller, nowMs: number): boolean {
  for (const tally of listed) tally.add(address, nowMs);
  return listed.at(-1)?.cause.mode === 'Enforce';
}

const listed: Failure = Object.freeze({ kind: 'Banned', detail: 'listed' });

const nowhere: readonly Tally[] = [];

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
    return networkOf(address, this.#floods.prefixes, this.#around.hash);
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

/** How often an address asks. */
class RequestGuard {
  readonly #floods: RequestFloods;
  readonly #around: GuardSurroundings;
  readonly #tally: Tally;
  readonly #asked: FloodMeter;
  /** Requests that were refused: as many as may be asked are answered. */
  readonly #refused: FloodMeter;
  readonly #tooMany: Failure;

  constructor(floods: RequestFloods, around: GuardSurroundings) {
    const { policy, rate, mode } = floods;
    const { hash, arrivals } = around;
    this.#floods = floods;
    this.#around = around;
    this.#tally = around.countsOf(policy).tally('RequestRate', mode);
    this.#asked = new FloodMeter(arrivals, digestOf(hash, `requests ${policy}`), rate);
    this.#refused = new FloodMeter(arrivals, digestOf(hash, `refused requests ${policy}`), rate);
    const retryAfterS = rate.windowMs / rate.count / 1000;
    const detail = `ProtectionPolicy ${policy}`;
    this.#tooMany = Object.freeze({ kind: 'RateLimited', retryAfterS, denial: null, detail });
  }

  networkOf(address: string): Network {
    return networkOf(address, this.#floods.prefixes, this.#around.hash);
  }

  judge({ address, requests: { digest } }: Caller, peer: string, nowMs: number): Failure | null {
    if (this.#asked.take(digest, nowMs)) return null;
    this.#tally.add(address, nowMs);
    if (this.#floods.mode === 'Shadow') return null;
    // a proxy's connection carries others too, whom no client may have cut
    if (address !== peer) return this.#tooMany;
    return this.#refused.take(digest, nowMs) ? this.#tooMany : flooding;
  }
}

const flooding: Failure = Object.freeze({ kind: 'Flooding' });

function networkOf(address: string, prefixes: AddressPrefixes, hash: KeyedHash): Network {
  const name = addressNetwork(address, prefixes);
  return { name, digest: digestOf(hash, name) };
}

function digestOf(hash: KeyedHash, text: string): Digest {
  hash.digest(text);
  return { hi: hash.hi, lo: hash.lo };
}
