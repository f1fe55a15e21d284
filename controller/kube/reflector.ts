// Tells a sink all objects of one kind, for ever: a list (streamed where the server can), then its changes. Any
// failure is waited out. Does not know what the objects mean.
import { strict as assert } from 'node:assert';
import { sleep } from '#controller/clock.ts';
import { Backoff } from './backoff.ts';
import { KubeError } from './kube-error.ts';
import { listAll } from './list.ts';
import { collectionPath } from './resource-path.ts';
import { watch } from './watch.ts';
import type { Kind } from '#crds/kind.ts';
import type { Clock } from '#controller/clock.ts';
import type { ObjectSink, SourceObject } from '#controller/source.ts';
import type { KubeClient } from './kube-client.ts';
import type { ResourceLocation } from './resource-path.ts';
import type { WatchEvent } from './watch.ts';

export interface ReflectorOptions<K extends string = Kind> {
  readonly client: KubeClient;
  readonly info: ResourceLocation & { readonly kind: K; readonly older?: readonly string[] };
  readonly sink: ObjectSink<K>;
  /** Left out: all namespaces, or a kind without. */
  readonly namespace?: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** `labelSelector`, `fieldSelector`. */
  readonly selectors?: Readonly<Record<string, string>>;
  readonly report: (event: ReflectorEvent) => void;
  readonly timing?: Partial<ReflectorTiming>;
}

/** What an operator may want to hear. */
export type ReflectorEvent =
  | {
      readonly kind: 'Listed';
      readonly of: string;
      readonly objects: number;
      readonly way: 'Streamed' | 'Paged';
    }
  /** Told once until it changes. */
  | { readonly kind: 'Failing'; readonly of: string; readonly error: KubeError }
  | { readonly kind: 'Recovered'; readonly of: string }
  | { readonly kind: 'NotInstalled'; readonly of: string };

/** Spans in milliseconds but for those that tell seconds. */
export interface ReflectorTiming {
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
  /** Of connections that are refused: cheap to try, and it must not take long after the server's return. */
  readonly networkBackoffMaxMs: number;
  readonly watchSecondsMin: number;
  readonly watchSecondsMax: number;
  readonly idleMs: number;
  readonly headDeadlineMs: number;
  readonly pageDeadlineMs: number;
  /** Between two lists of the kind. */
  readonly relistMinMs: number;
  /** Between two looks for a kind that is not installed. */
  readonly pollMs: number;
  /** A watch that ends sooner, without a word, counts as a failure. */
  readonly shortWatchMs: number;
}

const defaultTiming: ReflectorTiming = {
  backoffMinMs: 800,
  backoffMaxMs: 30_000,
  networkBackoffMaxMs: 4_000,
  watchSecondsMin: 300,
  watchSecondsMax: 600,
  idleMs: 90_000,
  headDeadlineMs: 30_000,
  pageDeadlineMs: 60_000,
  relistMinMs: 5_000,
  pollMs: 2_000,
  shortWatchMs: 1_000,
};

const serverRetryMaxMs = 1_500;
const pageSize = 500;
const lineBytesMax = 16 * 1024 * 1024;
/** So many 404 in a row before objects we have had are believed to be gone with their kind. */
const notFoundMax = 3;

/** One kind's reflector; `start` once, `stop` once: what comes late after that is dropped. */
export class Reflector<K extends string = Kind> {
  readonly #options: ReflectorOptions<K>;
  readonly #timing: ReflectorTiming;
  /** Of each version by which the kind may be served; the one that is tried or used is the first. */
  readonly #paths: string[];
  /** So many of them have not been found, one after the other. */
  #pathsMissing = 0;
  readonly #stopping = new AbortController();
  readonly #backoff: Backoff;
  #running: Promise<void> | null = null;
  /** Where to resume; null when a list is needed. */
  #version: string | null = null;
  #way: 'Streamed' | 'Paged' = 'Streamed';
  #listed = false;
  #listedAt: number | null = null;
  #notFound = 0;
  #trouble: string | null = null;

  constructor(options: ReflectorOptions<K>) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
    const { info, namespace = null } = options;
    const versions = [info.version, ...(info.older ?? [])];
    this.#paths = versions.map((version) => collectionPath({ ...info, version }, namespace));
    this.#backoff = new Backoff(this.#timing.backoffMinMs, options.random);
  }

  start(): void {
    assert(this.#running === null, 'a reflector starts once');
    this.#running = this.#run();
  }

  /** Resolves when nothing more will be told. */
  async stop(): Promise<void> {
    this.#stopping.abort(new KubeError('Aborted', 'the reflector is stopping'));
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const waitMs = await this.#attempt();
      await sleep(this.#options.clock, waitMs, this.#stopping.signal);
    }
  }

  /** One list or watch to its end; answers how long to wait before the next. */
  async #attempt(): Promise<number> {
    const begun = this.#options.clock.elapsed();
    try {
      if (this.#version === null) {
        await this.#paceLists();
        if (this.#way === 'Paged') {
          await this.#listPaged();
        }
      }
      const events = await this.#watch();
      const short = this.#options.clock.elapsed() - begun < this.#timing.shortWatchMs;
      return short && events === 0 ? this.#backoff.next(this.#timing.backoffMaxMs) : 0;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      return this.#waitAfter(error);
    }
  }

  async #paceLists(): Promise<void> {
    if (this.#listedAt !== null) {
      const left = this.#listedAt + this.#timing.relistMinMs - this.#options.clock.elapsed();
      await sleep(this.#options.clock, Math.max(0, left), this.#stopping.signal);
    }
  }

  get #path(): string {
    return this.#paths[0] ?? '';
  }

  async #listPaged(): Promise<void> {
    const { client, selectors = {} } = this.#options;
    const { objects, resourceVersion } = await listAll({
      client,
      path: this.#path,
      query: selectors,
      signal: this.#stopping.signal,
      deadlineMs: this.#timing.pageDeadlineMs,
      pageSize,
    });
    this.#replaceAll(objects, resourceVersion);
  }

  /** Watches from where we are, or streams the list first; answers how many events came. */
  async #watch(): Promise<number> {
    const { client, clock, random, selectors = {} } = this.#options;
    const { watchSecondsMin, watchSecondsMax, idleMs, headDeadlineMs } = this.#timing;
    const seconds = Math.round(watchSecondsMin + random() * (watchSecondsMax - watchSecondsMin));
    const initial = this.#version === null ? new Map<string, SourceObject>() : null;
    const events = watch({
      client,
      clock,
      path: this.#path,
      query: {
        ...selectors,
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(seconds),
        ...(this.#version === null
          ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
          : { resourceVersion: this.#version }),
      },
      signal: this.#stopping.signal,
      headDeadlineMs,
      idleMs,
      lineBytesMax,
    });
    return this.#follow(events, initial);
  }

  async #follow(
    events: AsyncIterable<WatchEvent>,
    initial: Map<string, SourceObject> | null,
  ): Promise<number> {
    let collecting = initial;
    let count = 0;
    for await (const event of events) {
      if (this.#stopping.signal.aborted) break;
      count += 1;
      if (collecting === null) {
        this.#take(event);
      } else if (collect(collecting, event) && event.kind === 'Bookmark') {
        this.#replaceAll([...collecting.values()], event.resourceVersion);
        collecting = null;
      }
    }
    if (collecting !== null && !this.#stopping.signal.aborted) {
      throw new KubeError('Server', 'the server ended the list before its end');
    }
    return count;
  }

  #take(event: WatchEvent): void {
    const { sink, info } = this.#options;
    this.#well();
    switch (event.kind) {
      case 'Upsert':
        this.#version = event.object.metadata.resourceVersion ?? this.#version;
        sink.upsert(info.kind, event.object);
        break;
      case 'Delete':
        this.#version = event.object.metadata.resourceVersion ?? this.#version;
        sink.delete(info.kind, event.object);
        break;
      case 'Bookmark':
        this.#version = event.resourceVersion;
        sink.progress(info.kind, event.resourceVersion);
        break;
      default:
        event satisfies never;
    }
  }

  #replaceAll(objects: readonly SourceObject[], resourceVersion: string): void {
    if (this.#stopping.signal.aborted) return;
    const { sink, info, report } = this.#options;
    this.#version = resourceVersion;
    this.#listed = true;
    this.#listedAt = this.#options.clock.elapsed();
    this.#well();
    sink.replaceAll(info.kind, objects, resourceVersion);
    report({ kind: 'Listed', of: info.kind, objects: objects.length, way: this.#way });
  }

  #well(): void {
    this.#backoff.reset();
    this.#notFound = 0;
    this.#pathsMissing = 0;
    if (this.#trouble !== null) {
      this.#trouble = null;
      this.#options.report({ kind: 'Recovered', of: this.#options.info.kind });
    }
  }

  #waitAfter(error: KubeError): number {
    const { backoffMinMs, backoffMaxMs, networkBackoffMaxMs } = this.#timing;
    const { failure } = error;
    if (this.#stopping.signal.aborted) {
      return 0;
    }
    if (failure === 'Gone' || failure === 'Silent') {
      // All in a day's work: nothing is wrong with the server.
      this.#version = failure === 'Gone' ? null : this.#version;
      return this.#backoff.next(backoffMinMs);
    }
    if (failure === 'NotFound') {
      return this.#waitForKind();
    }
    if (failure === 'BadRequest' || failure === 'Invalid') {
      if (this.#version === null && this.#way === 'Streamed') {
        // A server without streaming lists.
        this.#way = 'Paged';
        return 0;
      }
      // A resource version that the server does not understand will not be understood later.
      this.#version = null;
    }
    this.#fail(error);
    if (error.retryAfterMs !== null) {
      // The server's own word, and not all at once after it. One that says 503 is starting and asks for 5 s,
      // though it is ready sooner, and every second counts after an outage; one that says 429 has its reasons.
      const asked =
        failure === 'Server' ? Math.min(error.retryAfterMs, serverRetryMaxMs) : error.retryAfterMs;
      return asked + this.#backoff.next(backoffMinMs);
    }
    return this.#backoff.next(failure === 'Network' ? networkBackoffMaxMs : backoffMaxMs);
  }

  #waitForKind(): number {
    const { sink, info, report, random } = this.#options;
    this.#notFound += 1;
    if (!this.#listed || this.#notFound >= notFoundMax) {
      this.#version = null;
      this.#listed = false;
      this.#listedAt = null;
      if (this.#hasOtherPath()) return 0;
      if (this.#trouble !== 'NotInstalled') {
        this.#trouble = 'NotInstalled';
        report({ kind: 'NotInstalled', of: info.kind });
      }
      sink.unserved(info.kind);
    }
    return this.#timing.pollMs * (0.5 + random());
  }

  /** Goes on to the next version; false when all have been tried in vain. */
  #hasOtherPath(): boolean {
    this.#paths.push(...this.#paths.splice(0, 1));
    this.#pathsMissing = (this.#pathsMissing + 1) % this.#paths.length;
    return this.#pathsMissing > 0;
  }

  #fail(error: KubeError): void {
    if (this.#trouble !== error.failure) {
      // Another trouble is a step forward: a server that refuses connections comes back by way of 503.
      this.#backoff.reset();
      this.#trouble = error.failure;
      this.#options.report({ kind: 'Failing', of: this.#options.info.kind, error });
    }
  }
}

/** Keeps an event of a streamed list; true at its end. */
function collect(objects: Map<string, SourceObject>, event: WatchEvent): boolean {
  if (event.kind === 'Bookmark') {
    return event.initialEnd;
  }
  const { namespace = '', name } = event.object.metadata;
  if (event.kind === 'Upsert') {
    objects.set(`${namespace}/${name}`, event.object);
  } else {
    objects.delete(`${namespace}/${name}`);
  }
  return false;
}
