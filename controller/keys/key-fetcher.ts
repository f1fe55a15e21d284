// Fetches the JWK Sets that policies name and keeps them fresh, one fetch for all who name the same source. The
// last good keys stay until there are newer ones, for as long as the source allows. Does not know what a policy is.
import { KeysError } from './keys-error.ts';
import { fetchRemoteKeys, type FetchedSource, type RemoteTools } from './remote-keys.ts';
import type { Clock } from '#controller/clock.ts';
import type { FetchedKeys } from '#controller/translate/input.ts';
import type { RemoteKeys } from '#controller/translate/translation.ts';
import type { KeptKeys } from './key-archive.ts';

export interface KeyFetcherOptions extends RemoteTools {
  readonly clock: Clock;
  /** What is known of a source now; null when nobody names it any more. */
  readonly onKeys: (id: string, keys: FetchedKeys | null) => void;
  readonly report: (event: KeysEvent) => void;
}

/** What an operator may want to hear. */
export type KeysEvent =
  | { readonly kind: 'Fetched'; readonly id: string; readonly keys: number }
  /** Told once until a fetch succeeds or fails otherwise. */
  | { readonly kind: 'Failed'; readonly id: string; readonly error: KeysError };

const refreshMs = 300_000;
const retryMinMs = 1_000;
const lockedOutRetryMaxMs = 30_000;
const missingKeyMinMs = 30_000;
const deadlineMs = 5_000;
const failuresMax = 20;
const fetchesMax = 8;
const waitForSlotMs = 100;
/** A timer's longest, as node:timers have it. */
const timerMsMax = 2 ** 31 - 1;

interface Source {
  remote: RemoteKeys;
  kept: KeptKeys | null;
  failures: number;
  problem: string | null;
  fetching: boolean;
  /** By the clock's span; null before the first. */
  begunAt: number | null;
  callOff: () => void;
  callOffEnd: () => void;
}

/** Fetches while it leads; otherwise it holds what the leader fetched. */
export class KeyFetcher {
  readonly #options: KeyFetcherOptions;
  readonly #sources = new Map<string, Source>();
  /** What was fetched before, here or elsewhere, of sources that nobody has named yet. */
  #archived: ReadonlyMap<string, KeptKeys> = new Map();
  #leading = false;
  #fetches = 0;

  constructor(options: KeyFetcherOptions) {
    this.#options = options;
  }

  /** These are all sources from now on. */
  want(keys: readonly RemoteKeys[]): void {
    const wanted = new Map(keys.map((remote) => [remote.id, remote]));
    for (const [id, source] of this.#sources) {
      if (!wanted.has(id)) {
        source.callOff();
        source.callOffEnd();
        this.#sources.delete(id);
        this.#options.onKeys(id, null);
      }
    }
    for (const [id, remote] of wanted) {
      const source = this.#sources.get(id);
      if (source === undefined) {
        this.#add(id, remote);
      } else {
        this.#change(id, source, remote);
      }
    }
  }

  /** Good keys from elsewhere: fetched before this start, or by the replica that leads. */
  adopt(archived: ReadonlyMap<string, KeptKeys>): void {
    this.#archived = archived;
    for (const [id, source] of this.#sources) {
      const before = source.kept;
      const kept = archived.get(id) ?? before;
      if (kept !== null && (before === null || !this.#leading)) this.#keep(id, source, kept);
      if (source.kept !== before) this.#tell(id, source);
    }
  }

  /** All good keys by source: what is worth keeping. */
  get good(): ReadonlyMap<string, KeptKeys> {
    const good = new Map<string, KeptKeys>();
    for (const [id, { kept, remote }] of this.#sources) {
      if (kept !== null) good.set(id, { ...kept, fetchedMs: roundedTime(kept.fetchedMs, remote) });
    }
    return good;
  }

  lead(): void {
    this.#leading = true;
    for (const [id, source] of this.#sources) {
      if (source.kept !== null) this.#keepOn(id, source, source.kept);
      this.#fetchIn(id, source, 0);
    }
  }

  follow(): void {
    this.#leading = false;
    for (const source of this.#sources.values()) {
      source.callOff();
      source.callOffEnd();
    }
  }

  /** Other endpoints than before: a fetch from that Service that failed is worth another try. */
  endpointsChanged(namespace: string, service: string): void {
    for (const [id, source] of this.#sources) {
      const from = source.remote.source;
      const asked = from.type === 'Discovery' ? from.through : from.type === 'Backend' ? from : undefined;
      const named = asked?.namespace === namespace && asked.service === service;
      if (named) {
        source.failures = 0;
        if (this.#leading && source.problem !== null && !source.fetching) {
          this.#fetchIn(id, source, retryMinMs * this.#options.random());
        }
      }
    }
  }

  /** Somebody met a key that is not in the set: fetches it anew, at most every 30 s. */
  missing(id: string): void {
    const source = this.#sources.get(id);
    if (source === undefined || !this.#leading || source.fetching) {
      return;
    }
    const { begunAt } = source;
    const since = begunAt === null ? missingKeyMinMs : this.#options.clock.elapsed() - begunAt;
    this.#fetchIn(id, source, Math.max(0, missingKeyMinMs - since));
  }

  #add(id: string, remote: RemoteKeys): void {
    const source: Source = {
      remote,
      kept: null,
      failures: 0,
      problem: null,
      fetching: false,
      begunAt: null,
      callOff: () => {},
      callOffEnd: () => {},
    };
    this.#sources.set(id, source);
    const kept = this.#archived.get(id);
    if (kept !== undefined) {
      this.#keep(id, source, kept);
      this.#tell(id, source);
    }
    if (this.#leading) {
      this.#fetchIn(id, source, 0);
    }
  }

  /** Other authorities are worth another try; what was fetched before stays as good as it was. */
  #change(id: string, source: Source, remote: RemoteKeys): void {
    const others = source.remote.authorities !== remote.authorities;
    source.remote = remote;
    if (others && this.#leading && !source.fetching) {
      source.failures = 0;
      this.#fetchIn(id, source, retryMinMs * this.#options.random());
    }
  }

  /** Takes `kept` for good until it is too old. Who follows hears of that from the leader, by what it no longer keeps. */
  #keep(id: string, source: Source, kept: KeptKeys): void {
    const { clock } = this.#options;
    source.callOffEnd();
    const left = kept.fetchedMs + source.remote.staleMsMax - clock.now();
    source.kept = left > 0 ? kept : null;
    if (left <= 0 || !this.#leading) return;
    source.callOffEnd = clock.after(Math.min(left, timerMsMax), () => this.#keepOn(id, source, kept));
  }

  #keepOn(id: string, source: Source, kept: KeptKeys): void {
    this.#keep(id, source, kept);
    if (source.kept === null) this.#tell(id, source);
  }

  #fetchIn(id: string, source: Source, ms: number): void {
    source.callOff();
    source.callOff = this.#options.clock.after(ms, () => {
      if (this.#fetches >= fetchesMax) {
        this.#fetchIn(id, source, waitForSlotMs * (0.5 + this.#options.random()));
      } else if (!source.fetching) {
        void this.#fetch(id, source);
      }
    });
  }

  async #fetch(id: string, source: Source): Promise<void> {
    const { clock, random, report } = this.#options;
    source.fetching = true;
    source.begunAt = clock.elapsed();
    this.#fetches += 1;
    let waitMs: number;
    try {
      const found = await this.#fetchedFrom(source.remote);
      source.failures = 0;
      source.problem = null;
      // What nobody names any more by now is not kept: its end would never be called off.
      if (this.#sources.get(id) === source) this.#keep(id, source, { ...found, fetchedMs: clock.now() });
      report({ kind: 'Fetched', id, keys: found.keys.length });
      waitMs = refreshMs * (0.9 + 0.2 * random());
    } catch (error) {
      if (!(error instanceof KeysError)) throw error;
      if (source.problem !== error.message) report({ kind: 'Failed', id, error });
      source.problem = error.message;
      // Without keys nobody gets in: that is asked for more often than fresher ones.
      const maxMs = source.kept === null ? lockedOutRetryMaxMs : refreshMs;
      waitMs = Math.min(maxMs, retryMinMs * 2 ** source.failures) * (0.5 + random() / 2);
      source.failures = Math.min(source.failures + 1, failuresMax);
    } finally {
      source.fetching = false;
      this.#fetches -= 1;
    }
    if (this.#sources.get(id) === source) {
      this.#tell(id, source);
      if (this.#leading) this.#fetchIn(id, source, waitMs);
    }
  }

  #tell(id: string, { kept, problem }: Source): void {
    const provider = kept?.provider === undefined ? {} : { provider: kept.provider };
    this.#options.onKeys(id, Object.freeze({ keys: kept?.keys ?? null, ...provider, problem }));
  }

  async #fetchedFrom(remote: RemoteKeys): Promise<FetchedSource> {
    const deadline = new AbortController();
    const callOff = this.#options.clock.after(deadlineMs, () => deadline.abort());
    try {
      return await fetchRemoteKeys(remote, this.#options, deadline.signal);
    } finally {
      callOff();
    }
  }
}

/**
 * When keys were fetched, rounded down: what is kept of them changes by the hour, not with every fetch. A source that
 * bounds their age closely is told more closely.
 */
function roundedTime(fetchedMs: number, { staleMsMax }: RemoteKeys): number {
  const stepMs = Math.min(3_600_000, staleMsMax / 4);
  return fetchedMs - (fetchedMs % stepMs);
}
