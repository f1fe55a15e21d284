import type { UsageKey } from '#snapshot/usage.ts';
import type { Journal } from './journal.ts';
import { textOf } from './journal-line.ts';

/** Units of a lease: as many as are used in some seconds, within these. */
const sizeMin = 10;
const sizeMax = 10_000;
/** A lease that is used up sooner was too small; one that lasts longer is too large. */
const shortMs = 1000;
const longMs = 4000;

/** Units that were used, and since when. */
export interface Usage extends UsageKey {
  readonly units: number;
  /** Since 1970. */
  readonly fromMs: number;
}

/** What all accounts have in common. */
export interface Lending {
  /** Null: nothing is written, and nothing leased. */
  readonly journal: Pick<Journal, 'add' | 'isAvailable' | 'unavailable'> | null;
  /** Another one for each lease. */
  readonly nextLease: () => number;
  /** Since 1970. */
  readonly now: () => number;
  /** Told of what was used when its time is over. */
  readonly onUsed: (usage: Usage) => void;
}

interface Lease {
  readonly number: number;
  readonly fromMs: number;
}

/**
 * Counts the units of one key. Where there is a journal, units are leased by it before they are used: what is used
 * stands there already when it is, so that whoever reads the journal of a data plane that was killed counts no less
 * than was used, and one lease more at most.
 *
 * Totals only grow. Leases that are written reach to `covered`; the one that is open began at `base`.
 */
export class Account {
  readonly key: UsageKey;
  readonly #lending: Lending;
  #total = 0;
  #covered: number;
  /** From here on more is asked for. */
  #renewAt: number;
  #base = 0;
  #fromMs: number;
  #lease: Lease | null = null;
  /** That which is to follow. */
  #coming: Lease | null = null;
  /** What is being written. */
  #sent: { readonly lease: Lease; readonly units: number } | null = null;
  #asked: Promise<void> | null = null;
  #size = sizeMin;
  #grantedMs = 0;

  constructor(key: UsageKey, lending: Lending) {
    this.key = key;
    this.#lending = lending;
    this.#fromMs = lending.now();
    this.#covered = lending.journal === null ? Number.POSITIVE_INFINITY : 0;
    this.#renewAt = this.#covered;
  }

  /** All units ever. */
  get total(): number {
    return this.#total;
  }

  /** What was used of which nothing is told yet. */
  get open(): Usage {
    return { ...this.key, units: this.#total - this.#base, fromMs: this.#fromMs };
  }

  /** Whether nothing is left of it but its total. */
  get isAtRest(): boolean {
    return this.#lease === null && this.#asked === null && this.#total === this.#base;
  }

  /**
   * Counts `units`. Null: they are used; else they are when that settles, which it soon does.
   *
   * Hot path: an addition and a comparison; more is leased ahead of need, so that nearly nobody waits for the disk.
   */
  use(units: number): Promise<void> | null {
    this.#total += units;
    return this.#total < this.#renewAt ? null : this.#renew(this.#total);
  }

  /**
   * What is used from now on is told by itself. The lease ends with what was used of it; another one follows without
   * that anybody waits, or none where this one was not used.
   */
  turn(): void {
    if (this.#lending.journal === null) {
      if (this.#total > this.#base) this.#tell(this.#total);
    } else if (this.#total > this.#base) {
      this.#coming ??= this.#newLease();
      void this.#ask();
    } else if (this.#asked === null) {
      this.end();
    }
  }

  /** Settles when nothing is being written. */
  async settled(): Promise<void> {
    while (this.#asked !== null) await this.#asked;
  }

  /** The lease ends with what was used of it. */
  end(): void {
    if (this.#lease !== null) this.#endLease(this.#lease, this.#total);
    else if (this.#total > this.#base) this.#tell(this.#total);
    this.#lease = null;
    this.#covered = this.#total;
    this.#renewAt = this.#total;
  }

  /** The line of the lease that is open, for the next segment; null without one. */
  restated(): string | null {
    if (this.#lease === null) return null;
    return this.#lineOf(this.#lease, this.#covered - this.#base);
  }

  /** Somebody else counts the lease that is open, and all of it as used. */
  forgetLease(): void {
    const at = Math.min(this.#total, this.#covered);
    if (this.#lease !== null) this.#tell(at);
    this.#lease = null;
    this.#coming = null;
    this.#covered = at;
    this.#renewAt = at;
  }

  #renew(upTo: number): Promise<void> | null {
    const { journal } = this.#lending;
    const asked = this.#ask();
    if (upTo <= this.#covered || journal?.isAvailable !== true) return null;
    return this.#wait(asked, upTo);
  }

  /** Until so much is leased; not for what the journal cannot give. */
  async #wait(asked: Promise<void>, upTo: number): Promise<void> {
    await Promise.race([asked, this.#lending.journal?.unavailable]);
    await this.#renew(upTo);
  }

  #ask(): Promise<void> {
    if (this.#asked !== null) return this.#asked;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#asked = promise;
    this.#lending.journal?.add({
      text: () => this.#text(),
      written: () => {
        this.#asked = null;
        this.#written();
        resolve();
      },
    });
    return promise;
  }

  /** What is asked for: the lease that is to come, or more of the one that is open. */
  #text(): string {
    this.#resize();
    if (this.#lease === null) this.#coming ??= this.#newLease();
    const lease = this.#coming ?? this.#lease;
    if (lease === null) return '';
    // What is left of the one before could be used as well: both together are no more than one.
    const fresh = this.#size + this.#total - this.#covered;
    const units = Math.max(1, lease === this.#lease ? this.#covered - this.#base + fresh : fresh);
    this.#sent = { lease, units };
    return lease === this.#lease
      ? textOf({ kind: 'more', lease: lease.number, units })
      : this.#lineOf(lease, units);
  }

  #written(): void {
    if (this.#sent === null) return;
    const { lease, units } = this.#sent;
    this.#sent = null;
    if (lease === this.#coming) {
      const at = Math.min(this.#total, this.#covered);
      if (this.#lease !== null) this.#endLease(this.#lease, at);
      this.#base = at;
      this.#fromMs = lease.fromMs;
      this.#lease = lease;
      this.#coming = null;
    } else if (lease !== this.#lease) {
      return;
    }
    this.#covered = this.#base + units;
    this.#renewAt = this.#covered - Math.floor(this.#size / 2);
    if (this.#coming !== null) void this.#ask();
  }

  #endLease(lease: Lease, at: number): void {
    const { number, fromMs } = lease;
    const [units, atMs] = [at - this.#base, this.#lending.now()];
    const line = { kind: 'used', lease: number, ...this.key, units, fromMs, atMs } as const;
    this.#lending.journal?.add({ text: () => textOf(line), written: () => {} });
    this.#tell(at);
  }

  #tell(at: number): void {
    const units = at - this.#base;
    if (units > 0) this.#lending.onUsed({ ...this.key, units, fromMs: this.#fromMs });
    this.#base = at;
    this.#fromMs = this.#lending.now();
  }

  #lineOf({ number, fromMs }: Lease, units: number): string {
    return textOf({ kind: 'lease', lease: number, ...this.key, units, atMs: fromMs });
  }

  #newLease(): Lease {
    return { number: this.#lending.nextLease(), fromMs: this.#lending.now() };
  }

  #resize(): void {
    const now = this.#lending.now();
    const lastedMs = now - this.#grantedMs;
    if (lastedMs < shortMs) this.#size = Math.min(sizeMax, this.#size * 2);
    else if (lastedMs > longMs) this.#size = Math.max(sizeMin, Math.floor(this.#size / 2));
    this.#grantedMs = now;
  }
}
