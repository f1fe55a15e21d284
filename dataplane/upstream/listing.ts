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
  /** What is told of it now, by one list or by several; written by its listing alone. */
  told: Endpoint | Tellings | null;
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
    const { told } = endpoint;
    if (told instanceof Tellings) told.add(one);
    else endpoint.told = told === null || told === one ? one : new Tellings(told, one);
    this.#take(endpoint);
  }

  #untell(one: Endpoint): void {
    const endpoint = this.#byName.get(endpointName(one));
    if (endpoint === undefined) return;
    const { told } = endpoint;
    if (told instanceof Tellings) told.delete(one);
    else if (told === one) endpoint.told = null;
    if (this.#take(endpoint)) return;
    this.#byName.delete(endpoint.name);
    this.#members.put(endpoint, null);
    this.#events.left(endpoint);
  }

  /** Answers whether anything is told of it. */
  #take(endpoint: E): boolean {
    const { told } = endpoint;
    const counts = told instanceof Tellings ? told.first : told;
    if (counts === null) return false;
    endpoint.forZones = counts.forZones;
    endpoint.forNodes = counts.forNodes;
    this.#members.put(endpoint, counts.state);
    return true;
  }
}

/** What several lists tell of one endpoint. Costs the same however many they are: a tenant may write hundreds. */
class Tellings {
  readonly #ready = new Set<Endpoint>();
  readonly #others = new Set<Endpoint>();

  constructor(...told: readonly Endpoint[]) {
    for (const one of told) this.add(one);
  }

  /** Of those that are ready the earliest, or of all; null: none is left. */
  get first(): Endpoint | null {
    return this.#ready.values().next().value ?? this.#others.values().next().value ?? null;
  }

  add(one: Endpoint): void {
    this.#of(one).add(one);
  }

  delete(one: Endpoint): void {
    this.#of(one).delete(one);
  }

  #of({ state }: Endpoint): Set<Endpoint> {
    return state === 'Ready' ? this.#ready : this.#others;
  }
}
