import type { ExternalAuthorization as Told } from '#crds/external-authorization.ts';
import { durationMs } from '#crds/fields.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import type { BackendReference } from '../backends.ts';
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
  const { failOpen, cache } = told;
  const asking = told.type === 'GRPC' ? byGrpc(told.grpc) : byHttp(told.http);
  const found = calledService(read, {
    from: { object: at.policy, group: 'turnpike.dev', field: `${at.field}.${asking.member}.backendRef` },
    protocol: asking.terms.protocol,
    ...asking.service,
    timeoutMs: durationMs(told.timeout),
  });
  if (found.kind === 'Unresolved') {
    return { closes: found.problem };
  }
  return {
    external: {
      ...asking.terms,
      service: found.service,
      body: told.body === undefined ? null : { bytesMax: told.body.maxBytes, beyond: told.body.beyond },
      failOpen,
      cache:
        cache === undefined
          ? null
          : {
              headers: lowered(cache.headers ?? asking.terms.headersToService ?? []),
              forMs: durationMs(cache.duration),
            },
    },
    resources: [found.cluster],
    sources: found.sources,
  };
}

/** How a service is asked, apart from which. */
interface Asking {
  /** That tells it. */
  readonly member: string;
  readonly service: { readonly reference: BackendReference; readonly path: string };
  readonly terms: Pick<
    ExternalAuthorization,
    'protocol' | 'headersToService' | 'headersToBackend' | 'headersToClient' | 'context'
  >;
}

function byHttp(http: Extract<Told, { type: 'HTTP' }>['http']): Asking {
  return {
    member: 'http',
    service: { reference: http.backendRef, path: http.pathPrefix },
    terms: {
      protocol: 'HTTP',
      headersToService: lowered(http.headersToService),
      headersToBackend: lowered(http.headersToBackend),
      headersToClient: lowered(http.headersToClient),
      context: [],
    },
  };
}

function byGrpc(grpc: Extract<Told, { type: 'GRPC' }>['grpc']): Asking {
  return {
    member: 'grpc',
    service: { reference: grpc.backendRef, path: '' },
    terms: {
      protocol: 'GRPC',
      headersToService: grpc.headersToService === undefined ? null : lowered(grpc.headersToService),
      headersToBackend: grpc.headersToBackend === undefined ? null : lowered(grpc.headersToBackend),
      headersToClient: null,
      context: grpc.contextExtensions,
    },
  };
}

/** Names of fields as the data plane compares them, each once. */
export function lowered(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))];
}
