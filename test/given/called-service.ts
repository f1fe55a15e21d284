// A service on loopback that filters ask by the data plane's own clusters and connections.
import type { CallService } from '#dataplane/filters/call-service.ts';
import { callService } from '#dataplane/upstream/service-call.ts';
import { createUpstreams } from '#dataplane/upstream/upstreams.ts';
import { jwtDefaults } from '#snapshot/authentication.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import { clusterDefaults, endpointDefaults } from '#snapshot/cluster-defaults.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { IntrospectionAuthentication } from '#snapshot/introspection.ts';

/** The id of the cluster that is asked. */
export const asked = resourceId('Cluster', 'shop', 'ids', '80', 'asked');

/** Asks {@link asked} about tokens in Authorization, but for what is given. */
export function givenIntrospection(
  given: Partial<IntrospectionAuthentication> = {},
): IntrospectionAuthentication {
  return {
    kind: 'Introspection',
    name: 'opaque',
    credential: jwtDefaults.credential,
    endpoint: { cluster: asked, authority: 'ids.shop.svc:80', path: '/introspect', timeoutMs: 2000 },
    client: null,
    issuer: '',
    audiences: [],
    cacheMs: 60_000,
    staleMs: 60_000,
    claimsToHeaders: [],
    ...given,
  };
}

/** Asks the servers at these ports of loopback by HTTP/1.1; to be disposed of. */
export function givenCall(...ports: readonly number[]): GivenCall {
  return givenCallBy('HTTP1', ...ports);
}

/** A way to ask; to be disposed of. */
export interface GivenCall extends Disposable {
  readonly call: CallService;
}

/** Asks the servers at these ports of loopback by `protocol`. */
export function givenCallBy(protocol: Cluster['protocol'], ...ports: readonly number[]): GivenCall {
  const upstreams = createUpstreams();
  const endpoints = resourceId('Endpoints', 'shop', 'ids', '80');
  upstreams.apply(
    [{ kind: 'Cluster', id: asked, name: 'shop/ids:80', endpoints, ...clusterDefaults, protocol }],
    new Map([
      [
        endpoints,
        {
          kind: 'Endpoints',
          id: endpoints,
          endpoints: ports.map((port) => ({
            address: '127.0.0.1',
            port,
            state: 'Ready' as const,
            ...endpointDefaults,
          })),
        },
      ],
    ]),
    [],
  );
  return {
    call(id, request, limits) {
      const cluster = upstreams.cluster(id);
      if (cluster === null) throw new Error(`${id} is not there`);
      return callService(cluster, request, limits);
    },
    [Symbol.dispose]: () => upstreams.close(),
  };
}
