// The short road: EndpointSlices of a Service become the Endpoints resource of a cluster. Does not know what a
// route is; which Services are wanted the translation has told.
import type { EndpointSlice, SliceEndpoint } from '#crds/kubernetes.ts';
import type { Endpoint, Endpoints } from '#snapshot/cluster.ts';
import type { EndpointSource } from '#controller/translate/translation.ts';
import { isReachable, type EndpointScope } from './address.ts';

/** Ready endpoints, and terminating ones that still serve, of the port `source` names; frozen, sorted, no doubles. */
export function compileEndpoints(
  source: EndpointSource,
  slices: readonly EndpointSlice[],
  scope: EndpointScope = 'Cluster',
): Endpoints {
  const found = new Map<string, Endpoint>();
  for (const slice of slices) {
    for (const endpoint of endpointsOf(slice, source)) {
      const key = `${endpoint.address} ${String(endpoint.port)}`;
      if (isReachable(endpoint.address, scope) && found.get(key)?.state !== 'Ready') {
        found.set(key, endpoint);
      }
    }
  }
  const endpoints = [...found.values()].sort(byAddressAndPort);
  return Object.freeze({ kind: 'Endpoints', id: source.id, endpoints: Object.freeze(endpoints) });
}

function endpointsOf(slice: EndpointSlice, { portName, protocol }: EndpointSource): readonly Endpoint[] {
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
    return state === null || address === undefined
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

function byAddressAndPort(one: Endpoint, other: Endpoint): number {
  if (one.address !== other.address) {
    return one.address < other.address ? -1 : 1;
  }
  return one.port - other.port;
}
