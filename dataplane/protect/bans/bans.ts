// Who may not come: addresses that operators have banned, and those that rules of ProtectionPolicies have for how they were
// answered. Knows neither connections nor requests, which ask it.
import { randomInt } from 'node:crypto';
import { addressGroup } from '#dataplane/http/address.ts';
import type { BanHit, BanList } from '#dataplane/http/ban-list.ts';
import type { Client } from '#dataplane/http/exchange.ts';
import { Memo } from '#dataplane/http/memo.ts';
import { networks } from '#dataplane/http/networks.ts';
import type { RequestRecord } from '#dataplane/http/observer.ts';
import type { Ban } from '#snapshot/ban.ts';
import type { Protection } from '#snapshot/protection.ts';
import { ArrivalTable } from '#dataplane/counters/arrival-table.ts';
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import type { SharedMemory } from '#dataplane/filters/shared-memory.ts';
import { PolicyBans, type MadeBan } from './policy-bans.ts';
import type { AnswerCounts } from './rule-bans.ts';
import { TimedNetworks } from './timed-networks.ts';

export interface BansOptions {
  readonly memory: SharedMemory;
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
  /** Milliseconds since 1970: until when operators' bans hold they say by the calendar. */
  readonly wallClock: () => number;
  /** Whether it is a client who comes to a port, and no proxy that stands before many. */
  readonly isClient: (port: number, client: Client) => boolean;
  /** Told of each ban that a rule makes here; for the log. */
  readonly onBan: (ban: MadeBan) => void;
  /** Addresses whose answers are counted, 24 bytes each; 131,072 unless told. */
  readonly countersMax?: number;
}

/** An address that a rule keeps out, or would in Shadow. */
export interface BannedAddress {
  /** The address, or the network that an IPv6 client owns. */
  readonly address: string;
  /** `<namespace>/<policy>`. */
  readonly policy: string;
  readonly rule: string;
  readonly mode: 'Enforce' | 'Shadow';
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/** What keeps addresses out now, and how many they are. */
export interface BanFigures {
  /** `Ban`, or policy and rule: `<namespace>/<policy>/<rule>`. */
  readonly cause: string;
  readonly mode: 'Enforce' | 'Shadow';
  readonly addresses: number;
  /** Made here since the start. */
  readonly made: number;
}

const countersMaxDefault = 2 ** 17;

/** Addresses of which is remembered what took long to find out; then all are forgotten. */
const rememberedMax = 4096;

/** What rules say at a port. */
interface PortRules {
  readonly policy: PolicyBans;
  readonly statuses: ReadonlySet<number>;
  readonly isExempt: (address: string) => boolean;
}

/** The bans of a data plane. */
export class Bans implements BanList {
  readonly #options: BansOptions;
  readonly #policies = new Map<string, PolicyBans>();
  readonly #counts: AnswerCounts;
  #ports: ReadonlyMap<number, PortRules> = new Map();
  #byHand = new TimedNetworks([]);
  #lifted = new TimedNetworks([]);
  /** Addresses in no network that an operator has banned. */
  readonly #free = new Set<string>();
  /** Of IPv6 addresses. */
  readonly #groups = new Memo(rememberedMax, addressGroup);

  constructor(options: BansOptions) {
    this.#options = options;
    this.#counts = {
      hash: new KeyedHash(randomInt(2 ** 32), randomInt(2 ** 32)),
      table: new ArrivalTable(options.countersMax ?? countersMaxDefault),
    };
  }

  /** What operators and policies say from now on. */
  use(bans: readonly Ban[], protections: readonly Protection[]): void {
    const networksOf = (action: Ban['action']) =>
      new TimedNetworks(bans.filter((one) => one.action === action).flatMap(timedNetworks));
    this.#byHand = networksOf('Refuse');
    this.#free.clear();
    this.#lifted = networksOf('Lift');
    this.#ports = new Map(protections.flatMap((one) => this.#portRules(one)));
    const used = new Set([...this.#ports.values()].map(({ policy }) => policy));
    for (const policy of this.#policies.values()) if (!used.has(policy)) policy.use([]);
    if (this.#lifted.size > 0) for (const policy of used) policy.lift();
  }

  at(port: number, address: string): BanHit | null {
    if (this.#byHand.size > 0 && !this.#free.has(address)) {
      const found = this.#byHand.find(address, this.#options.wallClock());
      if (found !== null) return { detail: found.name, isShadow: false };
      if (this.#free.size >= rememberedMax) this.#free.clear();
      this.#free.add(address);
    }
    const rules = this.#ports.get(port);
    if (rules?.policy.hasBans !== true) return null;
    const hit = rules.policy.at(this.#groupOf(address));
    return hit === null || rules.isExempt(address) ? null : hit;
  }

  /** A request was answered. Hot path: most answers nobody counts. */
  answered({ port, status, failure, client }: RequestRecord): void {
    const rules = this.#ports.get(port);
    if (rules === undefined || !rules.statuses.has(status) || failure?.kind === 'Banned') return;
    const group = this.#groupOf(client.address);
    if (!this.#options.isClient(port, client) || rules.isExempt(client.address)) return;
    if (!this.#isLifted(group)) rules.policy.answered(client.address, group, status);
  }

  figures(): readonly BanFigures[] {
    const nowMs = this.#options.now();
    const byHand = this.#byHand.countAt(this.#options.wallClock());
    return [
      { cause: 'Ban', mode: 'Enforce', addresses: byHand, made: 0 },
      ...[...this.#policies.values()].flatMap(({ policy, rules }) =>
        [...rules].map((one) => ({
          cause: `${policy}/${one.rule.name}`,
          mode: one.rule.mode,
          addresses: one.banned(nowMs).length,
          made: one.made,
        })),
      ),
    ];
  }

  /** Those that rules have banned, here or elsewhere, the newest of each rule first; at most `max` of each. */
  byRules(max: number): readonly BannedAddress[] {
    const nowMs = this.#options.now();
    const wallMs = this.#options.wallClock();
    return [...this.#policies.values()].flatMap(({ policy, rules }) =>
      [...rules].flatMap((bans) =>
        bans
          .banned(nowMs)
          .slice(-max)
          .reverse()
          .map(([group, untilMs]) => ({
            address: group.includes(':') ? `${group}::/64` : group,
            policy,
            rule: bans.rule.name,
            mode: bans.rule.mode,
            untilMs: Math.round(wallMs + untilMs - nowMs),
          })),
      ),
    );
  }

  #portRules({ port, bans, exempt }: Protection): readonly (readonly [number, PortRules])[] {
    if (bans === null) return [];
    const policy = this.#policies.get(bans.policy) ?? this.#policyOf(bans.policy);
    policy.use(bans.rules);
    const statuses = new Set(bans.rules.flatMap((rule) => rule.statuses));
    return [[port, { policy, statuses, isExempt: networks(exempt) }]];
  }

  #policyOf(name: string): PolicyBans {
    const { memory, now, onBan } = this.#options;
    const isLifted = (group: string): boolean => this.#isLifted(group);
    const made = new PolicyBans(name, { memory, now, onBan, isLifted, counts: this.#counts });
    this.#policies.set(name, made);
    return made;
  }

  #groupOf(address: string): string {
    return address.includes(':') ? this.#groups.of(address) : address;
  }

  #isLifted(group: string): boolean {
    if (this.#lifted.size === 0) return false;
    const address = group.includes(':') ? `${group}::` : group;
    return this.#lifted.find(address, this.#options.wallClock()) !== null;
  }
}

function timedNetworks({ id: name, addresses, expiresS }: Ban) {
  const untilMs = expiresS === 0 ? Number.POSITIVE_INFINITY : expiresS * 1000;
  return addresses.map((network) => ({ network, untilMs, name }));
}
