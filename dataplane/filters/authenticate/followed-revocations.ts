// A list of revoked tokens that comes from a stream, as far as it has come.
import type { RevocationStream } from '#snapshot/token-revocations.ts';
import type { FollowStream, StreamEntry, StreamEvents } from '../follow-stream.ts';
import type { RevocationView } from './revocations.ts';

/** How a list that is followed fares: for metrics. */
export interface FollowedList {
  readonly list: string;
  /** How old what is known is; null while nothing is. */
  readonly ageMs: number | null;
  readonly entries: number;
}

/** Longest `jti` and `sub`. */
const charactersMax = 1024;

/** What a stream has told. Until something goes wrong with it, it is as it was half a second ago. */
export class FollowedRevocations implements RevocationView, StreamEvents {
  readonly stream: RevocationStream;
  readonly #following: { stop(): void };
  readonly #report: (available: boolean, reason: string) => void;
  #tokens = new Set<unknown>();
  #subjects = new Set<unknown>();
  #asOfMs: number | null = null;
  /** What was told last; null: nothing yet. */
  #told: boolean | null = null;

  constructor(
    stream: RevocationStream,
    follow: FollowStream,
    report: (available: boolean, reason: string) => void,
  ) {
    this.stream = stream;
    this.#report = report;
    this.#following = follow(stream, this);
  }

  get tokens(): ReadonlySet<unknown> {
    return this.#tokens;
  }

  get subjects(): ReadonlySet<unknown> {
    return this.#subjects;
  }

  get untilMs(): number {
    return this.#asOfMs === null ? 0 : this.#asOfMs + this.stream.maxStaleMs;
  }

  get entries(): number {
    return this.#tokens.size + this.#subjects.size;
  }

  ageMs(nowMs: number): number | null {
    return this.#asOfMs === null ? null : Math.max(0, nowMs - this.#asOfMs);
  }

  replaced(entries: readonly StreamEntry[], asOfMs: number): boolean {
    const [tokens, subjects] = [this.#tokens, this.#subjects];
    this.#tokens = new Set();
    this.#subjects = new Set();
    if (this.#takeAll(entries, asOfMs)) return true;
    // what was known of goes on being revoked
    for (const token of tokens) this.#tokens.add(token);
    for (const subject of subjects) this.#subjects.add(subject);
    return false;
  }

  added(entries: readonly StreamEntry[], asOfMs: number): boolean {
    return this.#takeAll(entries, asOfMs);
  }

  failed(reason: string): void {
    this.#tell(false, reason);
  }

  stop(): void {
    this.#following.stop();
  }

  /** An entry that says nothing that is understood may have been meant to revoke something: nothing is renewed then. */
  #takeAll(entries: readonly StreamEntry[], asOfMs: number): boolean {
    let isGood = true;
    for (const entry of entries) if (!this.#take(entry)) isGood = false;
    if (isGood) {
      this.#asOfMs = asOfMs;
      this.#tell(true, '');
    } else this.#tell(false, 'an entry has none of jti, sub and none, or too long a one');
    return isGood;
  }

  #take(entry: StreamEntry): boolean {
    let isUnderstood = false;
    for (const [name, value] of entry) {
      if (name === 'none') isUnderstood = true;
      if (name !== 'jti' && name !== 'sub') continue;
      if (value.length === 0 || value.length > charactersMax) return false;
      (name === 'jti' ? this.#tokens : this.#subjects).add(value);
      isUnderstood = true;
    }
    return isUnderstood;
  }

  #tell(available: boolean, reason: string): void {
    if (this.#told === available) return;
    this.#told = available;
    this.#report(available, reason);
  }
}
