import type { EndpointSlice } from '#crds/kubernetes.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Fleet } from '#snapshot/rate-limit.ts';
import { stateOf } from './endpoints.ts';

/**
 * How many data planes share a Gateway's limits: the ready endpoints of its own Service, told by its
 * EndpointSlices; at least 1, and 1 where it has none. The data planes that are connected do not count: each replica
 * of the controller knows others of them, and all replicas must publish the same.
 */
export function compileFleet(slices: readonly EndpointSlice[]): Fleet {
  const ready = new Map<string, number>();
  for (const { addressType, endpoints } of slices) {
    const count = endpoints.filter((one) => stateOf(one) === 'Ready').length;
    ready.set(addressType, (ready.get(addressType) ?? 0) + count);
  }
  // A dual-stack Service tells each of its pods twice, once per address family.
  const replicas = Math.max(...ready.values(), 1);
  return Object.freeze({
    kind: 'Fleet',
    id: resourceId('Fleet', 'fleet'),
    replicas,
  });
}
