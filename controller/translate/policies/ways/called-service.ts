// Services that data planes ask while a request waits.
import type { Cluster } from '#snapshot/cluster.ts';
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
  readonly timeoutMs: number;
}

/**
 * The service of `reference`. It has connections and a breaker of its own, beside those of routes to the same Service,
 * and TrafficPolicies do not hold for it.
 */
export function calledService(
  read: Read,
  { from, reference, path, timeoutMs }: ServiceQuestion,
): FoundService {
  const resolved = resolveBackend(read, from, reference);
  if (resolved.kind === 'Unresolved') {
    return resolved;
  }
  const { cluster, source } = resolved.backend;
  const { namespace, service } = source;
  const port = String(reference.port ?? 0);
  const id = resourceId('Cluster', namespace, service, port, 'asked');
  return {
    kind: 'Found',
    service: { cluster: id, authority: `${service}.${namespace}.svc:${port}`, path, timeoutMs },
    cluster: { ...cluster, id },
    sources: [source],
  };
}
