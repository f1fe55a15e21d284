// What rules are put together from, and the record of what each route's rules were made with: a route is compiled
// again only when it, or something it was made with, is another one.
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { Backend } from '#dataplane/runtime.ts';
import type { SessionSeal } from '#dataplane/upstream/sessions/session-seal.ts';
import type { ResourceId } from '#snapshot/ids.ts';

/** A cluster that requests can be sent to. */
export type Cluster = NonNullable<Backend['cluster']>;

/** The filter of a rate limit, and whether it is asked before it is known who calls. */
export interface LimitFilter {
  readonly filter: RequestFilter;
  readonly early: boolean;
}

/** Null for what the snapshot does not hold. Equal answers are the same object from compile to compile. */
export interface Parts {
  cluster(id: ResourceId): Cluster | null;
  authentication(id: ResourceId): RequestFilter | null;
  rateLimit(id: ResourceId): LimitFilter | null;
  /** What sealed tokens are opened by; the id is that of its secret. */
  sessionSeal(id: ResourceId): SessionSeal | null;
  /** What counts the requests of a route: always the same. */
  metering(route: string): RequestFilter;
}

interface Read {
  readonly from: Exclude<keyof Parts, 'metering'>;
  readonly id: ResourceId;
  readonly answer: unknown;
}

/** Hands on parts and remembers which were asked for. */
export class RecordedParts implements Parts {
  readonly #parts: Parts;
  readonly #reads: Read[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  cluster(id: ResourceId): Cluster | null {
    return this.#record('cluster', id, this.#parts.cluster(id));
  }

  authentication(id: ResourceId): RequestFilter | null {
    return this.#record('authentication', id, this.#parts.authentication(id));
  }

  rateLimit(id: ResourceId): LimitFilter | null {
    return this.#record('rateLimit', id, this.#parts.rateLimit(id));
  }

  sessionSeal(id: ResourceId): SessionSeal | null {
    return this.#record('sessionSeal', id, this.#parts.sessionSeal(id));
  }

  metering(route: string): RequestFilter {
    return this.#parts.metering(route);
  }

  /** What was asked for. */
  get ids(): readonly ResourceId[] {
    return this.#reads.map(({ id }) => id);
  }

  /** Ends the recording: tells of any parts whether they would have given the same answers. */
  seal(): (parts: Parts) => boolean {
    // A copy has room for what it holds; what grew, for 17.
    const reads = this.#reads.slice();
    return (parts) => reads.every(({ from, id, answer }) => parts[from](id) === answer);
  }

  #record<T>(from: Read['from'], id: ResourceId, answer: T): T {
    this.#reads.push({ from, id, answer });
    return answer;
  }
}

/** Resources that are others than when rules were made last: rules that asked for none of them are the same. */
export class ChangedParts {
  readonly #ids = new Set<ResourceId>();
  #isAny = false;

  add(ids: readonly ResourceId[]): void {
    for (const id of ids) {
      this.#ids.add(id);
      // What authentications are made of, which do not tell.
      this.#isAny ||= id.startsWith('KeySet/') || id.startsWith('TokenRevocations/');
    }
  }

  /** Whether what was made with `ids` may be another one now. */
  concern(ids: readonly ResourceId[]): boolean {
    return this.#isAny || ids.some((id) => this.#ids.has(id));
  }

  clear(): void {
    this.#ids.clear();
    this.#isAny = false;
  }
}
