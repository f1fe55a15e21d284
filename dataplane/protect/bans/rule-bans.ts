import type { BanHit } from '#dataplane/http/ban-list.ts';
import type { BanRule } from '#snapshot/protection.ts';
import type { ArrivalTable } from '#dataplane/counters/arrival-table.ts';
import type { Digest, KeyedHash } from '#dataplane/counters/keyed-hash.ts';

/** Addresses that one rule has banned at a time; then the oldest may come again. */
const bannedMax = 16_384;

/** Where answers are counted, of all rules together. */
export interface AnswerCounts {
  readonly hash: KeyedHash;
  readonly table: ArrivalTable;
}

/**
 * One rule: what it counts, and whom it has banned. Answers are counted by windows of which the one before counts by the share
 * of it that is not over.
 */
export class RuleBans {
  readonly #counts: AnswerCounts;
  readonly #salt: Digest;
  /** Until when, by the address, the oldest first. */
  readonly #until = new Map<string, number>();
  #rule: BanRule;
  #hit: BanHit;
  made = 0;

  constructor(policy: string, rule: BanRule, counts: AnswerCounts) {
    this.#counts = counts;
    this.#rule = rule;
    this.#hit = hitOf(policy, rule);
    this.#salt = counts.hash.digestOf(`${policy} ${rule.name}`);
  }

  get rule(): BanRule {
    return this.#rule;
  }

  /** What it is from now on. */
  use(policy: string, rule: BanRule): void {
    this.#rule = rule;
    this.#hit = hitOf(policy, rule);
  }

  /** How many may be banned; those that are over are among them for a while. */
  get size(): number {
    return this.#until.size;
  }

  /** Why the group may not come. */
  at(group: string, nowMs: number): BanHit | null {
    return nowMs < (this.#until.get(group) ?? 0) ? this.#hit : null;
  }

  /** Counts one answer; whether that was one too many, after which it is counted anew. */
  count(group: string, nowMs: number): boolean {
    const { hash, table } = this.#counts;
    const { windowMs, answers } = this.#rule;
    hash.digest(group);
    const [hi, lo] = [(hash.hi ^ this.#salt.hi) >>> 0, (hash.lo ^ this.#salt.lo) >>> 0];
    const window = Math.floor(nowMs / windowMs);
    const counted = Math.round(table.read(hi, lo) / windowMs) - 2;
    const before = counted === window ? table.second : counted === window - 1 ? table.first : 0;
    const now = 1 + (counted === window ? table.first : 0);
    const estimate = before * (window + 1 - nowMs / windowMs) + now;
    const isOver = estimate >= answers;
    table.first = isOver ? 0 : now;
    table.second = isOver ? 0 : before;
    table.write(hi, lo, (window + 2) * windowMs, nowMs);
    return isOver;
  }

  /** Whether it is banned for longer now. */
  ban(group: string, untilMs: number, nowMs: number): boolean {
    if (untilMs <= nowMs || untilMs <= (this.#until.get(group) ?? 0)) return false;
    this.#until.delete(group);
    this.#until.set(group, untilMs);
    for (const [oldest, endMs] of this.#until) {
      if (endMs > nowMs && this.#until.size <= bannedMax) break;
      this.#until.delete(oldest);
    }
    return true;
  }

  lift(group: string): boolean {
    return this.#until.delete(group);
  }

  /** Those who are banned, and until when. */
  banned(nowMs: number): readonly (readonly [group: string, untilMs: number])[] {
    return [...this.#until].filter(([, untilMs]) => nowMs < untilMs);
  }
}

function hitOf(policy: string, { name, mode }: BanRule): BanHit {
  return Object.freeze({ detail: `ProtectionPolicy ${policy} bans/${name}`, isShadow: mode === 'Shadow' });
}
