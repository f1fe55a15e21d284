import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { CallLimits, ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import { callService } from './service-call.ts';
import { createUpstreams } from './upstreams.ts';

/** A server outside that the data plane was told of when it was started, not by a snapshot. */
export interface OutsideServer {
  /** Settles within its time, and never rejects. */
  readonly call: (request: ServiceRequest, limits: CallLimits) => Promise<ServiceAnswer>;
  readonly close: () => void;
}

/**
 * The server of an https address. No connection leads to an address that is not public, but to those of `trusted`
 * networks (CIDR). `authorities`: PEM; null for those of the system.
 */
export function outsideServer(
  { hostname: host, port: told }: URL,
  { authorities, trusted }: { readonly authorities: string | null; readonly trusted: readonly string[] },
): OutsideServer {
  const port = told === '' ? 443 : Number(told);
  const cluster: Cluster = {
    kind: 'Cluster',
    id: resourceId('Cluster', 'outside', `${host}:${port}`),
    name: `${host}:${port}`,
    endpoints: resourceId('Endpoints', 'outside', `${host}:${port}`),
    ...clusterDefaults,
    tls: { hostname: host, subjectAltNames: [], authorities, clientCertificate: null },
    connections: { ...clusterDefaults.connections, connectTimeoutMs: 3_000 },
    // Whoever asks knows itself when to try again.
    outlier: null,
    outside: { host, port, trusted },
  };
  const upstreams = createUpstreams();
  upstreams.apply([cluster], new Map());
  return {
    call(request, limits) {
      const to = upstreams.cluster(cluster.id);
      if (to !== null) return callService(to, request, limits);
      return Promise.resolve({ kind: 'Failed', detail: 'it is closed' });
    },
    close: () => upstreams.close(),
  };
}
