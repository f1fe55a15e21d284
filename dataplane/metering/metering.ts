// Metering: counts what each Consumer uses, route by route, once all limits have let a request pass, and keeps a journal
// of it that survives the process. Does not know what a unit costs, nor who reads the journal.
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import { WeakValues } from '#dataplane/http/weak-values.ts';
import { otherConsumer, type UsageKey, type UsageSum } from '#snapshot/usage.ts';
import type { Account, Lending } from './account.ts';
import { heartbeat, JournalFile } from './journal-file.ts';
import { textOf } from './journal-line.ts';
import { Journal } from './journal.ts';
import { Keeper, type SendEvents } from './keeper.ts';
import { readUsage, type FolderUsage } from './read-usage.ts';
import { Rounds } from './rounds.ts';
import { RouteAccounts } from './route-accounts.ts';
import { UnitsBySeries, type UnitSeries } from './unit-series.ts';
import { UsageSums } from './usage-sums.ts';

/** Most accounts at a time: pairs of a consumer and a route, of which each takes some 300 bytes. */
export const accountsMax = 10_000;
/** What was used is told, and leases end, so often; at whole minutes of the clock. */
const turnMs = 60_000;
const beatMs = 10_000;
/** Segments are written for so long where somebody is told what is in them once that is over. */
const segmentMs = 60_000;

export interface MeteringOptions {
  readonly gateway: string;
  readonly instance: string;
  /** Where the journal is; null: counts are kept in memory alone. */
  readonly folder: string | null;
  /** Since 1970. */
  readonly now: () => number;
  /** Told when the journal can be written again, or no more, and why. */
  readonly onJournalChange: (available: boolean, reason: string) => void;
  /** Who is told what was used, from the journal; null: nobody. */
  readonly send: SendEvents | null;
  /** Told when what is in the journal cannot be told or summed up, or can be again, and why. */
  readonly onEventsChange: (available: boolean, reason: string) => void;
  /** How soon after a minute is over its events are sent; ten seconds and as much again unless told. */
  readonly everyMs?: number;
  readonly accountsMax?: number;
  /** See JournalOptions. */
  readonly deadlineMs?: number;
  readonly segmentBytesMax?: number;
}

/** The long-lived owner of all counts of a data plane. */
export interface Metering {
  /** The filter that counts the requests of a route, `HTTPRoute/<namespace>/<name>`, which all limits have let pass. */
  filterFor(route: string): RequestFilter;
  /**
   * Settles when what journals of before tell is known, also when they cannot be read. Until then {@link used}
   * knows of this process alone.
   */
  readonly restored: Promise<void>;
  /** What was used, in no order: as journals of before tell, and since. */
  used(): Iterable<UsageSum>;
  /** For metrics. */
  figures(): MeteringFigures;
  /** What the journals in our hands tell; without a journal what this process has counted. Rejects as node:fs does. */
  told(): Promise<FolderUsage>;
  /** Ends what was used until now; done by itself each minute. */
  turn(): void;
  /** Ends all leases with what was used. */
  close(): Promise<void>;
}

/** Since the start. */
export interface MeteringFigures {
  readonly units: readonly Readonly<UnitSeries>[];
  readonly journal: {
    readonly available: boolean;
    readonly eventsSent: number;
    readonly eventsDropped: number;
  } | null;
}

/** Counts from now on. */
export function createMetering(options: MeteringOptions): Metering {
  return new Meters(options);
}

class Meters implements Metering {
  readonly #options: MeteringOptions;
  readonly #lending: Lending & { readonly journal: Journal | null };
  /** With where they are found. */
  readonly #accounts = new Map<Account, RouteAccounts>();
  /** Weak: a route that is gone has no filter, and its accounts come to rest. */
  readonly #routes = new WeakValues<string, RouteAccounts>();
  readonly #others: Account;
  readonly #sums = new UsageSums();
  readonly #series = new UnitsBySeries();
  readonly restored: Promise<void>;
  readonly #rounds: Rounds | null;
  readonly #file: JournalFile | null;
  #keeper: Keeper | null = null;
  #minute: NodeJS.Timeout;
  readonly #beating: NodeJS.Timeout;
  #lease = 0;

  constructor(options: MeteringOptions) {
    this.#options = options;
    const { now } = options;
    const file = options.folder === null ? null : this.#newFile(options.folder);
    this.#file = file;
    this.#lending = {
      journal: file === null ? null : this.#newJournal(file),
      nextLease: () => (this.#lease += 1),
      now,
      onUsed: (usage) => {
        this.#sums.add(usage);
        this.#series.of(usage).units += usage.units;
      },
    };
    const { folder } = options;
    this.restored = folder === null ? Promise.resolve() : this.#restore(folder, file?.name ?? null);
    this.#rounds = folder === null || file === null ? null : this.#newRounds(folder, file);
    const nowhere = new RouteAccounts();
    this.#others = nowhere.add({ consumer: otherConsumer, plan: '', route: '' }, this.#lending);
    this.#accounts.set(this.#others, nowhere);
    this.#minute = this.#nextMinute();
    this.#beating = setInterval(() => this.#beat(), Math.min(beatMs, options.everyMs ?? beatMs)).unref();
  }

  filterFor(route: string): RequestFilter {
    const accounts = this.#routes.of(route, () => new RouteAccounts());
    return {
      kind: 'Metering',
      apply: ({ identity }) => {
        if (identity === null || identity.consumer === '') return null;
        const { consumer, plan } = identity;
        const account =
          accounts.find(consumer, plan) ?? this.#newAccount(accounts, { consumer, plan, route });
        const using = account.use(1);
        return using === null ? null : using.then(() => null);
      },
    };
  }

  used(): Iterable<UsageSum> {
    const sums = new UsageSums();
    sums.addAll(this.#sums.all());
    for (const { open } of this.#accounts.keys()) sums.add(open);
    return sums.all();
  }

  figures(): MeteringFigures {
    const { sent = 0, dropped = 0 } = this.#keeper?.figures ?? {};
    const { journal } = this.#lending;
    return {
      units: this.#series.with([...this.#accounts.keys()].map(({ open }) => open)),
      journal:
        journal === null
          ? null
          : { available: journal.isAvailable, eventsSent: sent, eventsDropped: dropped },
    };
  }

  async told(): Promise<FolderUsage> {
    const { folder, now } = this.#options;
    if (folder !== null) return readUsage(folder, { of: this.#file?.name ?? '' }, now());
    return { sums: [...this.used()], losses: [] };
  }

  turn(): void {
    if (this.#lending.journal?.isAvailable === false) return;
    for (const [account, home] of this.#accounts) {
      const { isAtRest } = account;
      account.turn();
      if (!isAtRest || account === this.#others) continue;
      this.#accounts.delete(account);
      home.delete(account);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#minute);
    clearInterval(this.#beating);
    const { journal, now } = this.#lending;
    const accounts = [...this.#accounts.keys()];
    await Promise.race([Promise.all(accounts.map((one) => one.settled())), journal?.unavailable]);
    for (const account of accounts) account.end();
    if (this.#lease > 0) {
      journal?.add({ text: () => textOf({ kind: 'end', atMs: now() }), written: () => {} });
    }
    await journal?.close();
    await this.#rounds?.finish();
  }

  /** Turns when the minute of the clock is over, and so on. */
  #nextMinute(): NodeJS.Timeout {
    return setTimeout(
      () => {
        this.turn();
        this.#minute = this.#nextMinute();
      },
      turnMs - (this.#options.now() % turnMs),
    ).unref();
  }

  async #restore(folder: string, own: string | null): Promise<void> {
    try {
      const { sums } = await readUsage(folder, { but: own }, this.#options.now());
      this.#sums.addAll(sums);
    } catch (error) {
      this.#options.onJournalChange(false, `what is in it cannot be read: ${String(error)}`);
    }
  }

  #newAccount(accounts: RouteAccounts, key: UsageKey): Account {
    const most = this.#options.accountsMax ?? accountsMax;
    if (this.#accounts.size > most) return this.#others;
    const account = accounts.add(key, this.#lending);
    this.#accounts.set(account, accounts);
    return account;
  }

  #newJournal(file: JournalFile): Journal {
    const { deadlineMs, onJournalChange: onChange } = this.#options;
    return new Journal({ file, onChange, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
  }

  #newFile(folder: string): JournalFile {
    const { gateway, instance, now, segmentBytesMax, send, everyMs } = this.#options;
    return new JournalFile({
      folder,
      gateway,
      instance,
      now,
      openLeases: () => [...this.#accounts.keys()].flatMap((account) => account.restated() ?? []),
      onTaken: () => {
        for (const account of this.#accounts.keys()) account.forgetLease();
      },
      ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
      ...(send === null ? {} : { segmentMs: everyMs ?? segmentMs }),
    });
  }

  #newRounds(folder: string, file: JournalFile): Rounds {
    const { now, send, everyMs, onEventsChange: onChange } = this.#options;
    const keeper = new Keeper({ folder, own: () => file.name, beat: () => this.#beaten(), now, send });
    this.#keeper = keeper;
    return new Rounds({
      keeper,
      random: Math.random,
      onChange,
      ...(everyMs === undefined ? {} : { everyMs }),
    });
  }

  /** One that is written to lives anyway. */
  #beat(): void {
    if (this.#lease > 0 && this.#lending.journal?.waiting === 0) this.#beaten().catch(() => {});
  }

  /** Settles when it stands there that we live; rejects where that cannot be written now. */
  async #beaten(): Promise<void> {
    const { journal } = this.#lending;
    const { promise, resolve } = Promise.withResolvers<'Written'>();
    journal?.add({ text: () => heartbeat, written: () => resolve('Written') });
    if ((await Promise.race([promise, journal?.unavailable])) === undefined) {
      throw new Error('the journal cannot be written');
    }
  }
}
