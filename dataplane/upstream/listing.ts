import type { Endpoint } from '#snapshot/cluster.ts';
import type { EndpointList } from '#snapshot/endpoint-lists.ts';
import { endpointName } from './endpoint.ts';

export const noEndpoints: EndpointList = Object.freeze({ endpoints: [] });

/**
 * The endpoints of a cluster by name, as one telling after another has them. The next one costs the lists that are
 * others in it, whatever there is besides: of ten thousand endpoints a few move. Of one that is told twice, as
 * EndpointSlices do while it moves from one to another, that counts which is ready.
 */
export class EndpointListing {
  #lists: ReadonlySet<readonly Endpoint[]> = new Set();
  readonly #told = new Map<string, readonly Endpoint[]>();

  /** These are told from now on. Answers the names of those of whom something else is told, or nothing any more. */
  follow({ endpoints, groups = [] }: EndpointList): ReadonlySet<string> {
    const before = this.#lists;
    const now = new Set([endpoints, ...groups.map((group) => group.endpoints)]);
    const changed = new Set<string>();
    for (const list of before) {
      if (!now.has(list)) for (const one of list) changed.add(this.#untell(one));
    }
    for (const list of now) {
      if (!before.has(list)) for (const one of list) changed.add(this.#tell(one));
    }
    this.#lists = now;
    return changed;
  }

  /** What counts of the endpoint of this name; undefined when it is not told of. */
  get(name: string): Endpoint | undefined {
    const told = this.#told.get(name);
    return told?.find(({ state }) => state === 'Ready') ?? told?.[0];
  }

  #tell(one: Endpoint): string {
    const name = endpointName(one);
    this.#told.set(name, [...(this.#told.get(name) ?? []), one]);
    return name;
  }

  #untell(one: Endpoint): string {
    const name = endpointName(one);
    const left = this.#told.get(name)?.filter((other) => other !== one) ?? [];
    if (left.length === 0) this.#told.delete(name);
    else this.#told.set(name, left);
    return name;
  }
}
