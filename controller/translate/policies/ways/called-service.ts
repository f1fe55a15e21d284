// Services that data planes ask while a request waits.
import type { Cluster, ClusterTls } from '#snapshot/cluster.ts';
import type { CalledService } from '#snapshot/called-service.ts';
import { resourceId } from '#snapshot/ids.ts';
import { resolveBackend, type BackendReference } from '../../backends.ts';
import type { Read } from '../../memo.ts';
import type { Problem } from '../../problem.ts';
import type { EndpointSource, ObjectRef } from '../../translation.ts';

/** A service to be asked, and what it takes to reach it. */
export type FoundService =
  | {
      readonly kind: 'Found';
      readonly service: CalledService;
      readonly cluster: Cluster;
      /** Where its endpoints are told; empty for an address outside. */
      readonly sources: readonly EndpointSource[];
    }
  | { readonly kind: 'Unresolved'; readonly problem: Problem };

/** Who asks, what, and by which path. */
export interface ServiceQuestion {
  readonly from: { readonly object: ObjectRef; readonly group: string; readonly field: string };
  readonly reference: BackendReference;
  readonly path: string;
  /** GRPC: HTTP/2, whatever its Service says. Left out: as its Service says. */
  readonly protocol?: 'HTTP' | 'GRPC';
  readonly timeoutMs: number;
  /** Null: as the Service's own port says. */
  readonly tls?: ServiceTls | null;
}

/** How the service proves who it is. */
export interface ServiceTls {
  readonly hostname: string;
  /** PEM; null for those of the system. */
  readonly authorities: string | null;
  /** Where they are from: what tells these terms from others for the same service. */
  readonly term: string;
}

/**
 * The service of `reference`. It has connections and a breaker of its own, beside those of routes to the same Service,
 * and TrafficPolicies do not hold for it.
 */
export function calledService(
  read: Read,
  { from, reference, path, protocol = 'HTTP', timeoutMs, tls = null }: ServiceQuestion,
): FoundService {
  const resolved = resolveBackend(read, from, reference);
  if (resolved.kind === 'Unresolved') {
    return resolved;
  }
  const { cluster, source } = resolved.backend;
  const { namespace, service } = source;
  const port = String(reference.port ?? 0);
  const role = protocol === 'GRPC' ? 'asked-grpc' : 'asked';
  const terms = tls === null ? role : `${role} tls=${tls.hostname}${tls.term}`;
  const id = resourceId('Cluster', namespace, service, port, terms);
  const spoken = protocol === 'GRPC' ? ({ protocol: 'HTTP2' } as const) : {};
  return {
    kind: 'Found',
    service: { cluster: id, authority: `${service}.${namespace}.svc:${port}`, path, timeoutMs },
    cluster: { ...cluster, id, ...spoken, ...(tls === null ? {} : { tls: clusterTls(tls) }) },
    sources: [source],
  };
}

function clusterTls({ hostname, authorities }: ServiceTls): ClusterTls {
  return { hostname, subjectAltNames: [], authorities, clientCertificate: null };
}
