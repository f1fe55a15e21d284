import type { Endpoint } from '#snapshot/cluster.ts';
import type { EndpointList } from '#snapshot/endpoint-lists.ts';
import { Members } from './balance/members.ts';
import { endpointName } from './endpoint.ts';

export const noEndpoints: EndpointList = Object.freeze({ endpoints: [] });

/** An endpoint, as far as it is told of. */
export interface Listed {
  /** As {@link endpointName} tells it. */
  readonly name: string;
  offered: boolean;
  /** All that is told of it now; written by its listing alone. */
  told: readonly Endpoint[];
  forZones: readonly string[];
  forNodes: readonly string[];
}

/** Who makes endpoints, and hears of those that have left. */
export interface ListingEvents<E> {
  come(told: Endpoint): E;
  left(endpoint: E): void;
}

/**
 * The endpoints of a cluster by name, as one telling after another has them. The next one costs the lists that are
 * others in it, whatever there is besides: of ten thousand endpoints a few move. Of one that is told twice, as
 * EndpointSlices do while it moves from one to another, that counts which is ready.
 */
export class EndpointListing<E extends Listed> {
  readonly #events: ListingEvents<E>;
  readonly #byName = new Map<string, E>();
  readonly #members = new Members<E>();
  #lists: ReadonlySet<readonly Endpoint[]> = new Set();

  constructor(events: ListingEvents<E>) {
    this.#events = events;
  }

  get endpoints(): ReadonlyMap<string, E> {
    return this.#byName;
  }

  /** Those that requests go to. */
  get offered(): ReadonlySet<E> {
    return this.#members.offered;
  }

  /**
   * These are told from now on. Answers whether all are taken: once new lists have told of `max` endpoints, the others
   * wait until the same is followed again.
   */
  follow({ endpoints, groups = [] }: EndpointList, max: number): boolean {
    const before = this.#lists;
    const now = new Set([endpoints, ...groups.map((group) => group.endpoints)]);
    const taken = now.intersection(before);
    const gone = new Set([...before.difference(now)].flat());
    let told = 0;
    // First what is new: who is told of before and after has not left.
    for (const list of now) {
      if (before.has(list) || told >= max) continue;
      for (const one of list) if (!gone.delete(one)) this.#tell(one);
      told += list.length;
      taken.add(list);
    }
    for (const one of gone) this.#untell(one);
    this.#lists = taken;
    return taken.size === now.size;
  }

  #tell(one: Endpoint): void {
    const name = endpointName(one);
    const known = this.#byName.get(name);
    const endpoint = known ?? this.#events.come(one);
    if (known === undefined) this.#byName.set(name, endpoint);
    this.#take(endpoint, [...endpoint.told, one]);
  }

  #untell(one: Endpoint): void {
    const endpoint = this.#byName.get(endpointName(one));
    if (endpoint === undefined) return;
    const told = endpoint.told.filter((other) => other !== one);
    if (told.length > 0) return this.#take(endpoint, told);
    this.#byName.delete(endpoint.name);
    this.#members.put(endpoint, null);
    this.#events.left(endpoint);
  }

  #take(endpoint: E, told: readonly Endpoint[]): void {
    endpoint.told = told;
    const counts = told.find(({ state }) => state === 'Ready') ?? told[0];
    if (counts === undefined) return;
    endpoint.forZones = counts.forZones;
    endpoint.forNodes = counts.forNodes;
    this.#members.put(endpoint, counts.state);
  }
}
