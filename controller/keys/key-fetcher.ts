// Fetches the JWK Sets that policies name and keeps them fresh, one fetch for all who name the same source. The
// last good keys stay until there are newer ones. Does not know what a policy is.
import { KeysError } from './keys-error.ts';
import { fetchDocument, targetsOfUri } from './fetch-document.ts';
import { publicKeysOf } from './public-keys.ts';
import type { Clock } from '#controller/clock.ts';
import type { JsonWebKey } from '#snapshot/key-set.ts';
import type { FetchedKeys } from '#controller/translate/input.ts';
import type { RemoteKeys } from '#controller/translate/translation.ts';
import type { AddressRule } from './address-rule.ts';
import type { Resolve, Target } from './fetch-document.ts';
import type { ReadKeys } from './public-keys.ts';

export interface KeyFetcherOptions {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly rule: AddressRule;
  readonly resolve: Resolve;
  /** Ready endpoints of a Service port that may be connected to. */
  readonly endpointsOf: (
    namespace: string,
    service: string,
    port: number,
  ) => readonly { readonly address: string; readonly port: number }[];
  readonly readKeys: ReadKeys;
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
const targetsMax = 3;

interface Source {
  readonly remote: RemoteKeys;
  keys: readonly JsonWebKey[] | null;
  failures: number;
  problem: string | null;
  fetching: boolean;
  /** By the clock's span; null before the first. */
  begunAt: number | null;
  callOff: () => void;
}

/** Fetches while it leads; otherwise it holds what the leader fetched. */
export class KeyFetcher {
  readonly #options: KeyFetcherOptions;
  readonly #sources = new Map<string, Source>();
  /** What was fetched before, here or elsewhere, of sources that nobody has named yet. */
  #archived: ReadonlyMap<string, readonly JsonWebKey[]> = new Map();
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
        this.#sources.delete(id);
        this.#options.onKeys(id, null);
      }
    }
    for (const [id, remote] of wanted) {
      if (!this.#sources.has(id)) {
        this.#add(id, remote);
      }
    }
  }

  /** Good keys from elsewhere: fetched before this start, or by the replica that leads. */
  adopt(archived: ReadonlyMap<string, readonly JsonWebKey[]>): void {
    this.#archived = archived;
    for (const [id, source] of this.#sources) {
      const keys = archived.get(id);
      if (keys !== undefined && (source.keys === null || !this.#leading)) {
        source.keys = keys;
        this.#tell(id, source);
      }
    }
  }

  /** All good keys by source: what is worth keeping. */
  get good(): ReadonlyMap<string, readonly JsonWebKey[]> {
    const good = new Map<string, readonly JsonWebKey[]>();
    for (const [id, { keys }] of this.#sources) {
      if (keys !== null) good.set(id, keys);
    }
    return good;
  }

  lead(): void {
    this.#leading = true;
    for (const [id, source] of this.#sources) {
      this.#fetchIn(id, source, 0);
    }
  }

  follow(): void {
    this.#leading = false;
    for (const source of this.#sources.values()) {
      source.callOff();
    }
  }

  /** Other endpoints than before: a fetch from that Service that failed is worth another try. */
  endpointsChanged(namespace: string, service: string): void {
    for (const [id, source] of this.#sources) {
      const from = source.remote.source;
      const named = from.type === 'Backend' && from.namespace === namespace && from.service === service;
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
      keys: this.#archived.get(id) ?? null,
      failures: 0,
      problem: null,
      fetching: false,
      begunAt: null,
      callOff: () => {},
    };
    this.#sources.set(id, source);
    if (source.keys !== null) {
      this.#tell(id, source);
    }
    if (this.#leading) {
      this.#fetchIn(id, source, 0);
    }
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
      source.keys = await this.#keysOf(source.remote);
      source.failures = 0;
      source.problem = null;
      report({ kind: 'Fetched', id, keys: source.keys.length });
      waitMs = refreshMs * (0.9 + 0.2 * random());
    } catch (error) {
      if (!(error instanceof KeysError)) throw error;
      if (source.problem !== error.message) report({ kind: 'Failed', id, error });
      source.problem = error.message;
      // Without keys nobody gets in: that is asked for more often than fresher ones.
      const maxMs = source.keys === null ? lockedOutRetryMaxMs : refreshMs;
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

  #tell(id: string, { keys, problem }: Source): void {
    this.#options.onKeys(id, Object.freeze({ keys, problem }));
  }

  async #keysOf({ source }: RemoteKeys): Promise<readonly JsonWebKey[]> {
    const deadline = new AbortController();
    const callOff = this.#options.clock.after(deadlineMs, () => deadline.abort());
    try {
      const targets =
        source.type === 'Uri'
          ? await this.#uriTargets(source.uri, deadline.signal)
          : this.#backendTargets(source);
      const text = await fetchFirst(targets.slice(0, targetsMax), deadline.signal);
      return publicKeysOf(text, this.#options.readKeys);
    } finally {
      callOff();
    }
  }

  async #uriTargets(uri: string, signal: AbortSignal): Promise<readonly Target[]> {
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () =>
        reject(new KeysError('Timeout', 'the name of the server was not resolved in time')),
      );
    });
    return Promise.race([targetsOfUri(uri, this.#options.rule, this.#options.resolve), late]);
  }

  #backendTargets(source: RemoteKeys['source'] & { readonly type: 'Backend' }): readonly Target[] {
    const { namespace, service, port, path } = source;
    const endpoints = this.#options.endpointsOf(namespace, service, port);
    if (endpoints.length === 0) {
      throw new KeysError(
        'NoEndpoints',
        `Service ${namespace}/${service} has no ready endpoint on port ${port}`,
      );
    }
    const first = Math.floor(this.#options.random() * endpoints.length);
    return [...endpoints.slice(first), ...endpoints.slice(0, first)].map((endpoint) => {
      // The Service's name for the Host field, the endpoint's address for the connection.
      const url = new URL(`http://${service}.${namespace}.svc:${endpoint.port}`);
      // Not resolved against the URL: `//host/` must stay a path.
      const [pathname = '', ...query] = path.split('?');
      url.pathname = pathname;
      url.search = query.join('?');
      return { url, address: endpoint.address };
    });
  }
}

/** The document from the first target that has it. */
async function fetchFirst(targets: readonly Target[], signal: AbortSignal): Promise<string> {
  let last: unknown = new KeysError('Network', 'there is no address to ask');
  for (const target of targets) {
    try {
      return await fetchDocument(target, signal);
    } catch (error) {
      last = error;
      if (signal.aborted) break;
    }
  }
  throw last;
}
