// The short road: EndpointSlices of a Service become the Endpoints resource of a cluster. Does not know what a
// route is; which Services are wanted the translation has told.
import type { EndpointSlice, SliceEndpoint } from '#crds/kubernetes.ts';
import type { Endpoint, EndpointGroup, Endpoints } from '#snapshot/cluster.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import type { EndpointSource } from '#controller/translate/translation.ts';
import { isReachable, type EndpointScope } from './address.ts';
import { joinedEndpoints } from './joined-endpoints.ts';

/** Ready endpoints, and terminating ones that still serve, of the port `source` names; frozen, sorted, no doubles. */
export function compileEndpoints(
  source: EndpointSource,
  slices: readonly EndpointSlice[],
  scope: EndpointScope = 'Cluster',
): Endpoints {
  const endpoints = joinedEndpoints(slices.map((slice) => endpointsOf(slice, source, scope)));
  return Object.freeze({ kind: 'Endpoints', id: source.id, endpoints });
}

/** Those of one of many slices. */
export function compileEndpointGroup(
  source: EndpointSource,
  slice: EndpointSlice,
  scope: EndpointScope,
): EndpointGroup {
  const endpoints = joinedEndpoints([endpointsOf(slice, source, scope)]);
  return Object.freeze({ kind: 'EndpointGroup', id: groupId(source, slice), of: source.id, endpoints });
}

/** The id of the group of a slice. */
export function groupId({ id }: EndpointSource, { metadata }: EndpointSlice): ResourceId {
  return resourceId('EndpointGroup', id, metadata.name);
}

function endpointsOf(
  slice: EndpointSlice,
  { portName, protocol }: EndpointSource,
  scope: EndpointScope,
): readonly Endpoint[] {
  if (slice.addressType === 'FQDN') {
    return [];
  }
  const ports = slice.ports.flatMap((one) =>
    one.name === portName && one.protocol === (protocol ?? 'TCP') ? (one.port ?? []) : [],
  );
  return slice.endpoints.flatMap((endpoint) => {
    const state = stateOf(endpoint);
    // All addresses of one endpoint lead to the same place, and the first is enough (EndpointSlice API).
    const address = endpoint.addresses[0]?.toLowerCase();
    return state === null || address === undefined || !isReachable(address, scope)
      ? []
      : ports.map((port) => Object.freeze({ address, port, state, ...hintsOf(endpoint) }));
  });
}

/** For whom it should be, as far as anybody says: what trafficDistribution of a Service becomes in its slices. */
function hintsOf({ hints }: SliceEndpoint): Pick<Endpoint, 'forZones' | 'forNodes'> {
  return { forZones: names(hints.forZones), forNodes: names(hints.forNodes) };
}

function names(named: readonly { readonly name: string }[]): readonly string[] {
  return named.length === 0 ? none : Object.freeze(named.map(({ name }) => name).sort());
}

const none: readonly string[] = Object.freeze([]);

/** Null: it serves nobody. */
export function stateOf(endpoint: SliceEndpoint): Endpoint['state'] | null {
  const { ready, serving, terminating } = endpoint.conditions;
  if (ready && !terminating) {
    return 'Ready';
  }
  return serving && terminating ? 'Terminating' : null;
}
