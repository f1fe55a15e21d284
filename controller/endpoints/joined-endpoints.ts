import type { Endpoint } from '#snapshot/cluster.ts';
import { byAddressAndPort } from '#snapshot/endpoint-order.ts';

/**
 * All endpoints of `lists` as an Endpoints resource has them: sorted by address, then port, and of doubles (which
 * EndpointSlices have while an endpoint moves from one to another) the first that is ready.
 */
export function joinedEndpoints(lists: Iterable<readonly Endpoint[]>): readonly Endpoint[] {
  const joined: Endpoint[] = [];
  for (const endpoint of [...lists].flat().sort(byAddressAndPort)) {
    const last = joined.at(-1);
    if (last === undefined || byAddressAndPort(last, endpoint) !== 0) joined.push(endpoint);
    else if (last.state !== 'Ready' && endpoint.state === 'Ready') joined[joined.length - 1] = endpoint;
  }
  return Object.freeze(joined);
}
