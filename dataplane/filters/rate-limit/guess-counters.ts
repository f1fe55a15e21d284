// Who tries credentials until one fits: failures by address and by account, the answers that come late for them, and the
// addresses that are blocked. In this process only: what guessers do elsewhere, other data planes count.
import { randomInt } from 'node:crypto';
import type { GuessGuard, GuessGuards } from '#dataplane/filters/authenticate/guess-guard.ts';
import { policyNamespace } from '#dataplane/filters/policy-namespace.ts';
import { addressGroup } from '#dataplane/http/address.ts';
import { WeakValues } from '#dataplane/http/weak-values.ts';
import type { GuessProtection } from '#snapshot/authentication.ts';
import { ArrivalTable } from '#dataplane/counters/arrival-table.ts';
import { KeyedHash, type Digest } from '#dataplane/counters/keyed-hash.ts';
import { SlowedAnswers } from './slowed-answers.ts';

export interface GuessCountersOptions {
  /** Told of each block when it begins; for the log. Never of the account: people type passwords there. */
  readonly onBlock: (block: GuessBlock) => void;
  /** Most addresses and accounts that are remembered, 16 bytes each; 131,072 (2 MiB) unless told. */
  readonly countersMax?: number;
  /** Passes so many milliseconds; real ones unless told. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** An address is blocked from now on. */
export interface GuessBlock {
  /** `<namespace>/<policy>`: it is blocked there alone. */
  readonly policy: string;
  readonly client: string;
  readonly blockMs: number;
}

/** Since the start. */
export interface GuessFigures {
  readonly policy: string;
  /** Bad credentials, those of blocked addresses not among them. */
  readonly failures: number;
  /** Those of them that were answered late. */
  readonly slowed: number;
  readonly blocks: number;
  /** Requests of blocked addresses. */
  readonly refused: number;
}

const countersMaxDefault = 2 ** 17;
/** Longer names of accounts are told apart by their beginning. */
const accountMax = 256;

/** Counters of all policies, bounded together; when they are full, namespaces have equal parts, and of each the ones soonest over are given up. */
export class GuessCounters implements GuessGuards {
  readonly #tables: Tables;
  /** Weak: figures live as long as a filter counts with them, so policies that are gone leave the metrics. */
  readonly #figures = new WeakValues<string, MutableFigures>();
  readonly #onBlock: (block: GuessBlock) => void;

  constructor({ onBlock, countersMax = countersMaxDefault, wait }: GuessCountersOptions) {
    this.#onBlock = onBlock;
    this.#tables = {
      hash: new KeyedHash(randomInt(2 ** 32), randomInt(2 ** 32)),
      failures: new ArrivalTable(countersMax),
      blocks: new ArrivalTable(countersMax),
      lastEndMs: 0,
      slowed: new SlowedAnswers(wait),
    };
  }

  guardFor(policy: string, protection: GuessProtection): GuessGuard {
    const figures = this.#figures.of(policy, () => ({ policy, ...noFigures }));
    return new Guard(protection, figures, this.#tables, this.#onBlock);
  }

  figures(): readonly GuessFigures[] {
    return Array.from(this.#figures, ([, figures]) => figures);
  }
}

const noFigures = Object.freeze({ failures: 0, slowed: 0, blocks: 0, refused: 0 });

type MutableFigures = { -readonly [K in keyof GuessFigures]: GuessFigures[K] };

interface Tables {
  readonly hash: KeyedHash;
  /** When the failures counted would be over, were they spread evenly (GCRA). */
  readonly failures: ArrivalTable;
  /** When the block is over. */
  readonly blocks: ArrivalTable;
  /** After this nobody is blocked. */
  lastEndMs: number;
  readonly slowed: SlowedAnswers;
}

/** How far failures are from what blocks. */
type Standing = 'Few' | 'Many' | 'TooMany';

class Guard implements GuessGuard {
  readonly #protection: GuessProtection;
  readonly #figures: MutableFigures;
  readonly #tables: Tables;
  readonly #onBlock: (block: GuessBlock) => void;
  /** Set the counters of one policy apart from those of others. */
  readonly #addresses: Digest;
  readonly #accounts: Digest;
  readonly #owner: number;

  constructor(
    protection: GuessProtection,
    figures: MutableFigures,
    tables: Tables,
    onBlock: (block: GuessBlock) => void,
  ) {
    this.#protection = protection;
    this.#figures = figures;
    this.#tables = tables;
    this.#onBlock = onBlock;
    this.#owner = tables.hash.ownerOf(policyNamespace(figures.policy));
    this.#addresses = tables.hash.digestOf(`address ${figures.policy}`);
    this.#accounts = tables.hash.digestOf(`account ${figures.policy}`);
  }

  /** Hot path: mostly nobody is blocked at all, which one comparison tells. */
  blockedMs(address: string, nowMs: number): number {
    const { hash, blocks, lastEndMs } = this.#tables;
    if (nowMs >= lastEndMs) return 0;
    hash.digest(addressGroup(address));
    blocks.owner = this.#owner;
    const { hi, lo } = this.#addresses;
    const leftMs = blocks.get((hash.hi ^ hi) >>> 0, (hash.lo ^ lo) >>> 0) - nowMs;
    if (leftMs <= 0) return 0;
    this.#figures.refused += 1;
    return leftMs;
  }

  failed(address: string, accounts: readonly string[], nowMs: number): Promise<void> | null {
    const { failures, accountFailures, blockMs } = this.#protection;
    this.#figures.failures += 1;
    const { hash, blocks } = this.#tables;
    blocks.owner = this.#owner;
    const found = new Set<Standing>();
    for (const account of accountFailures > 0 ? accounts : []) {
      hash.digest(account.slice(0, accountMax));
      found.add(this.#count(this.#accounts, accountFailures, nowMs));
    }
    hash.digest(addressGroup(address));
    if (failures > 0) found.add(this.#count(this.#addresses, failures, nowMs));
    if (!found.has('TooMany')) return found.has('Many') ? this.#slow() : null;
    const { hi, lo } = this.#addresses;
    const [atHi, atLo] = [(hash.hi ^ hi) >>> 0, (hash.lo ^ lo) >>> 0];
    // Requests that were under way when it began do not make it longer.
    if (blocks.get(atHi, atLo) > nowMs) return null;
    const endMs = nowMs + blockMs;
    blocks.set(atHi, atLo, endMs, nowMs);
    this.#tables.lastEndMs = Math.max(this.#tables.lastEndMs, endMs);
    this.#figures.blocks += 1;
    this.#onBlock({ policy: this.#figures.policy, client: address, blockMs });
    return null;
  }

  #slow(): Promise<void> | null {
    const slowed = this.#tables.slowed.slow();
    if (slowed !== null) this.#figures.slowed += 1;
    return slowed;
  }

  /** Counts one failure of what was digested last: more than half of what blocks are many. */
  #count({ hi, lo }: Digest, max: number, nowMs: number): Standing {
    const { hash, failures } = this.#tables;
    const { windowMs } = this.#protection;
    const [atHi, atLo] = [(hash.hi ^ hi) >>> 0, (hash.lo ^ lo) >>> 0];
    const intervalMs = windowMs / max;
    failures.owner = this.#owner;
    const untilMs = Math.max(nowMs, failures.get(atHi, atLo)) + intervalMs;
    failures.set(atHi, atLo, Math.min(untilMs, nowMs + windowMs), nowMs);
    const countedMs = untilMs - nowMs - intervalMs / 2;
    if (countedMs > windowMs - intervalMs) return 'TooMany';
    return countedMs > windowMs / 2 ? 'Many' : 'Few';
  }
}
