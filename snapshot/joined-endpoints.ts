import type { Endpoint, Endpoints } from './cluster.ts';
import type { ResourceId } from './ids.ts';

/** Endpoints by their ids; a list that did not change is the same as before. */
export interface EndpointLists {
  get(id: ResourceId): Pick<Endpoints, 'endpoints'> | undefined;
}

/**
 * All endpoints of `lists` as an Endpoints resource has them: sorted by address, then port, and of doubles (which
 * EndpointSlices have while an endpoint moves from one to another) the first that is ready.
 */
export function joinedEndpoints(lists: Iterable<readonly Endpoint[]>): readonly Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const list of lists) {
    for (const endpoint of list) {
      const key = `${endpoint.address} ${String(endpoint.port)}`;
      const known = found.get(key);
      if (known === undefined || (known.state !== 'Ready' && endpoint.state === 'Ready')) {
        found.set(key, endpoint);
      }
    }
  }
  return Object.freeze([...found.values()].sort(byAddressAndPort));
}

function byAddressAndPort(one: Endpoint, other: Endpoint): number {
  if (one.address !== other.address) return one.address < other.address ? -1 : 1;
  return one.port - other.port;
}
