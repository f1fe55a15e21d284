// Whom the rules of one policy have banned, at this data plane and at the others, which tell each other. A policy has a log
// of its own, so that nobody but its own clients can fill it.
import type { BanHit } from '#dataplane/http/ban-list.ts';
import type { BanRule } from '#snapshot/protection.ts';
import * as shape from '#snapshot/shape.ts';
import type { LogEvents, SharedMemory } from '#dataplane/filters/shared-memory.ts';
import { RuleBans, type AnswerCounts } from './rule-bans.ts';

/** Bans made here that are told again should the others' memory be lost; the oldest go first. */
const ownMax = 10_000;

/** An address is banned from now on. */
export interface MadeBan {
  /** `<namespace>/<policy>`. */
  readonly policy: string;
  readonly rule: string;
  readonly mode: BanRule['mode'];
  readonly client: string;
  readonly durationMs: number;
}

export interface PolicyBansParts {
  readonly memory: SharedMemory;
  readonly counts: AnswerCounts;
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
  readonly onBan: (ban: MadeBan) => void;
  /** Whether an operator lets the group come, whatever rules say. */
  readonly isLifted: (group: string) => boolean;
}

/** What stands in the log. `ms`: of the ban when it was told; 0: it was lifted. */
interface Entry {
  readonly rule: string;
  readonly group: string;
  readonly ms: number;
}

const entryShape = shape.object<Entry>({
  rule: shape.shortText(63),
  group: shape.pattern(/^[0-9a-f.:]{1,39}$/, 'an address'),
  ms: shape.integer(0),
});

/** A ban made here, or lifted (0). */
interface Own {
  readonly rule: string;
  readonly group: string;
  readonly untilMs: number;
}

export class PolicyBans implements LogEvents {
  readonly policy: string;
  readonly #parts: PolicyBansParts;
  readonly #log: string;
  readonly #rules = new Map<string, RuleBans>();
  readonly #own = new Map<string, Own>();
  /** Those of {@link #own} that the log does not have, as far as is known. */
  #untold = new Map<string, Own>();
  #keptMs = 0;
  #isTelling = false;

  constructor(policy: string, parts: PolicyBansParts) {
    this.policy = policy;
    this.#parts = parts;
    this.#log = `bans:${policy}`;
    parts.memory.follow(this.#log, this);
  }

  /** Its rules from now on: bans of one that is gone are over. */
  use(rules: readonly BanRule[]): void {
    const names = new Set(rules.map(({ name }) => name));
    for (const name of this.#rules.keys()) if (!names.has(name)) this.#rules.delete(name);
    for (const rule of rules) {
      const known = this.#rules.get(rule.name);
      if (known === undefined)
        this.#rules.set(rule.name, new RuleBans(this.policy, rule, this.#parts.counts));
      else known.use(this.policy, rule);
    }
    this.#keptMs = Math.max(0, ...rules.map(({ durationMs }) => durationMs));
  }

  /** Whether anybody may be banned. Hot path. */
  get hasBans(): boolean {
    for (const rule of this.#rules.values()) if (rule.size > 0) return true;
    return false;
  }

  get rules(): Iterable<RuleBans> {
    return this.#rules.values();
  }

  /** Why the group may not come: what keeps it out goes before what is in Shadow. Hot path. */
  at(group: string): BanHit | null {
    let shadow: BanHit | null = null;
    let nowMs = 0;
    for (const rule of this.#rules.values()) {
      if (rule.size === 0) continue;
      nowMs ||= this.#parts.now();
      const hit = rule.at(group, nowMs);
      if (hit?.isShadow === false) return hit;
      shadow ??= hit;
    }
    return shadow;
  }

  /** A client was answered with this status. */
  answered(client: string, group: string, status: number): void {
    const nowMs = this.#parts.now();
    for (const rules of this.#rules.values()) {
      const { name, statuses, durationMs, mode } = rules.rule;
      if (!statuses.includes(status) || rules.at(group, nowMs) !== null || !rules.count(group, nowMs))
        continue;
      rules.ban(group, nowMs + durationMs, nowMs);
      rules.made += 1;
      this.#parts.onBan({ policy: this.policy, rule: name, mode, client, durationMs });
      this.#tell({ rule: name, group, untilMs: nowMs + durationMs });
    }
  }

  /** Lets those whom operators let come again come again, at all data planes. */
  lift(): void {
    for (const [rule, bans] of this.#rules) {
      for (const [group] of bans.banned(this.#parts.now())) {
        if (!this.#parts.isLifted(group)) continue;
        bans.lift(group);
        this.#tell({ rule, group, untilMs: 0 });
      }
    }
  }

  // ---- what stands in the log

  begun(): void {
    const nowMs = this.#parts.now();
    this.#untold = new Map([...this.#own].filter(([, { untilMs }]) => nowMs < untilMs));
  }

  told(text: string, ageMs: number): void {
    const entry = read(text);
    const rule = entry === null ? undefined : this.#rules.get(entry.rule);
    if (entry === null || rule === undefined) return;
    const key = keyOf(entry);
    const nowMs = this.#parts.now();
    const own = this.#untold.get(key);
    if (own !== undefined && (own.untilMs === 0) === (entry.ms === 0)) this.#untold.delete(key);
    if (entry.ms > 0) {
      if (own?.untilMs === 0 || this.#parts.isLifted(entry.group)) return;
      rule.ban(entry.group, nowMs + entry.ms - ageMs, nowMs);
      return;
    }
    rule.lift(entry.group);
    this.#own.delete(key);
  }

  caughtUp(): void {
    if (this.#untold.size > 0) void this.#tellAll();
  }

  #tell(own: Own): void {
    const key = keyOf(own);
    keep(this.#untold, key, own);
    if (own.untilMs === 0) this.#own.delete(key);
    else keep(this.#own, key, own);
    void this.#tellAll();
  }

  /** One after the other, until one is not taken: then when all is heard again. */
  async #tellAll(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (const [key, own] of this.#untold) {
      const { rule, group, untilMs } = own;
      const ms = untilMs === 0 ? 0 : Math.round(untilMs - this.#parts.now());
      if (ms >= 0) {
        const entry = JSON.stringify({ rule, group, ms } satisfies Entry);
        if (!(await this.#parts.memory.append(this.#log, entry, this.#keptMs))) break;
      }
      if (this.#untold.get(key) === own) this.#untold.delete(key);
    }
    this.#isTelling = false;
  }
}

function keyOf({ rule, group }: Pick<Entry, 'rule' | 'group'>): string {
  return `${rule} ${group}`;
}

function keep(all: Map<string, Own>, key: string, own: Own): void {
  all.delete(key);
  all.set(key, own);
  const [oldest] = all.keys();
  if (all.size > ownMax && oldest !== undefined) all.delete(oldest);
}

function read(text: string): Entry | null {
  try {
    return entryShape(JSON.parse(text));
  } catch {
    return null;
  }
}
