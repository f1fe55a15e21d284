import type { ExternalAuthorization as Told } from '#crds/external-authorization.ts';
import { durationMs } from '#crds/fields.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import type { Read } from '../memo.ts';
import type { Problem } from '../problem.ts';
import type { EndpointSource, ObjectRef } from '../translation.ts';
import { calledService } from './ways/called-service.ts';

/** Who is asked, and what it takes to reach it; all of it empty where nobody is. */
export interface FoundAuthorization {
  readonly external: ExternalAuthorization | null;
  readonly resources: readonly Cluster[];
  readonly sources: readonly EndpointSource[];
}

/** The service that `told` of `policy`, at `field`, names. */
export function externalAuthorization(
  read: Read,
  at: { readonly policy: ObjectRef; readonly field: string },
  told: Told | undefined,
): FoundAuthorization | { readonly closes: Problem } {
  if (told === undefined) {
    return { external: null, resources: [], sources: [] };
  }
  const { http, failOpen, cache } = told;
  const found = calledService(read, {
    from: { object: at.policy, group: 'turnpike.dev', field: `${at.field}.http.backendRef` },
    reference: http.backendRef,
    path: http.pathPrefix,
    timeoutMs: durationMs(told.timeout),
  });
  if (found.kind === 'Unresolved') {
    return { closes: found.problem };
  }
  return {
    external: {
      service: found.service,
      headersToService: lowered(http.headersToService),
      headersToBackend: lowered(http.headersToBackend),
      headersToClient: lowered(http.headersToClient),
      failOpen,
      cache:
        cache === undefined
          ? null
          : { headers: lowered(cache.headers ?? http.headersToService), forMs: durationMs(cache.duration) },
    },
    resources: [found.cluster],
    sources: found.sources,
  };
}

function lowered(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))];
}
