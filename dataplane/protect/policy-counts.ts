import { AddressCounts } from '#dataplane/http/address-counts.ts';
import type { ProtectionMode } from '#snapshot/protection.ts';

/** What a client had too much of. */
export type RefusalReason = 'ConnectionRate' | 'OpenConnections' | 'RequestRate' | 'Reputation';

/** What is refused, or would be, and by what. */
export interface RefusalCause {
  /** `<namespace>/<name>` of the policy. */
  readonly policy: string;
  readonly reason: RefusalReason;
  readonly mode: ProtectionMode;
  /** The list, where it was one. */
  readonly list?: string;
}

/** Refusals of one cause since they were told of last. */
export interface Refusals extends RefusalCause {
  /** The last of those who were refused. */
  readonly client: string;
  readonly count: number;
}

/** All of one cause since the start. */
export interface RefusalFigures extends RefusalCause {
  readonly count: number;
}

/** So often is told of one cause at most. */
const tellEveryMs = 60_000;

/** What is counted of one policy, whatever ports it holds for. */
export class PolicyCounts {
  readonly policy: string;
  /** Open connections. */
  readonly open = new AddressCounts();
  readonly tell: (refusals: Refusals) => void;
  readonly #tallies = new Map<string, RefusalTally>();

  constructor(policy: string, tell: (refusals: Refusals) => void) {
    this.policy = policy;
    this.tell = tell;
  }

  /** Where refusals of a cause are counted. */
  tally(reason: RefusalReason, mode: ProtectionMode, list?: string): RefusalTally {
    const key = `${reason} ${mode} ${list ?? ''}`;
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const made = new RefusalTally(
      { policy: this.policy, reason, mode, ...(list === undefined ? {} : { list }) },
      this,
    );
    this.#tallies.set(key, made);
    return made;
  }

  figures(): readonly RefusalFigures[] {
    return Array.from(this.#tallies.values(), ({ cause, count }) => ({ ...cause, count }));
  }
}

/** Counts refusals of one cause, and tells of them now and then: a flood of connections is none of log lines. */
export class RefusalTally {
  readonly cause: RefusalCause;
  /** Held, so that they live as long as anybody counts here. */
  readonly #counts: PolicyCounts;
  count = 0;
  #told = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(cause: RefusalCause, counts: PolicyCounts) {
    this.cause = cause;
    this.#counts = counts;
  }

  add(client: string, nowMs: number): void {
    this.count += 1;
    if (nowMs - this.#toldMs < tellEveryMs) return;
    this.#counts.tell({ ...this.cause, client, count: this.count - this.#told });
    this.#told = this.count;
    this.#toldMs = nowMs;
  }
}
