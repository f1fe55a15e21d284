import type { BanHit } from '#dataplane/http/ban-list.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import { Memo } from '#dataplane/http/memo.ts';
import type { RequestHead } from '#dataplane/http/message.ts';
import { networks } from '#dataplane/http/networks.ts';
import type { Pass, PortGuard } from '#dataplane/runtime.ts';
import type { Protection } from '#snapshot/protection.ts';
import { BotScreen } from './bot-screen.ts';
import { ConnectionGuard, freePass, type Counting } from './connection-guard.ts';
import { nobody, type Network } from './network.ts';
import { ReputationGuard } from './reputation-guard.ts';
import { RequestGuard } from './request-guard.ts';
import type { AddressLists } from './address-lists.ts';
import type { RefusalTally } from './policy-counts.ts';

/** What guards share. */
export interface GuardSurroundings extends Counting {
  readonly now: () => number;
  readonly lists: AddressLists;
}

/** Addresses of which is remembered what holds for them; then all are forgotten. */
const rememberedMax = 4096;

/** The guard of one port. */
export class AddressGuard implements PortGuard {
  readonly #around: GuardSurroundings;
  readonly #isExempt: (address: string) => boolean;
  readonly #connections: ConnectionGuard | null;
  readonly #bots: BotScreen | null;
  readonly #requests: RequestGuard | null;
  readonly #reputation: ReputationGuard | null;
  readonly #callers: Memo<Caller>;
  /** Of the lists that what is remembered was looked up in. */
  #generation = -1;

  constructor({ connections, requests, reputation, bots, exempt }: Protection, around: GuardSurroundings) {
    this.#around = around;
    this.#isExempt = exempt.length === 0 ? () => false : networks(exempt);
    this.#bots = bots === null ? null : new BotScreen(bots);
    this.#callers = new Memo(rememberedMax, (address) => this.#lookedUp(address));
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
    return this.#connections === null
      ? freePass
      : this.#connections.admit(address, caller.connections, nowMs);
  }

  get judgesRequests(): boolean {
    return this.#requests !== null || this.#reputation !== null;
  }

  judge(address: string, peer: string): Failure | null {
    const caller = this.#callerOf(address);
    if (caller.isExempt) return null;
    const nowMs = this.#around.now();
    if (isListed(caller, nowMs)) return listed;
    return this.#requests === null ? null : this.#requests.judge(address, peer, caller.requests, nowMs);
  }

  refusal(request: Pick<RequestHead, 'fields'>, address: string): BanHit | null {
    const hit = this.#bots?.refusal(request) ?? null;
    return hit === null || this.#isExempt(address) ? null : hit;
  }

  #callerOf(address: string): Caller {
    const { generation } = this.#around.lists;
    if (generation !== this.#generation) this.#callers.clear();
    this.#generation = generation;
    return this.#callers.of(address);
  }

  #lookedUp(address: string): Caller {
    return {
      address,
      isExempt: this.#isExempt(address),
      connections: this.#connections?.networkOf(address) ?? nobody,
      requests: this.#requests?.networkOf(address) ?? nobody,
      listed: this.#reputation?.findingsOf(address) ?? nowhere,
    };
  }
}

/** Whom an address belongs to. */
interface Caller {
  readonly address: string;
  readonly isExempt: boolean;
  readonly connections: Network;
  readonly requests: Network;
  readonly listed: readonly RefusalTally[];
}

/** Whether it is kept out for a list it stands in; counted for each. */
function isListed({ address, listed }: Caller, nowMs: number): boolean {
  for (const tally of listed) tally.add(address, nowMs);
  return listed.at(-1)?.cause.mode === 'Enforce';
}

const listed: Failure = Object.freeze({ kind: 'Banned', detail: 'listed' });

const nowhere: readonly RefusalTally[] = [];
