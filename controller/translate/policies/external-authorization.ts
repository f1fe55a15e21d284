import type { ExternalAuthorization as Told } from '#crds/external-authorization.ts';
import { durationMs } from '#crds/fields.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import type { Read } from '../memo.ts';
import type { Problem } from '../problem.ts';
import type { EndpointSource, ObjectRef } from '../translation.ts';
import { calledAddress } from './ways/called-address.ts';
import { calledService, type FoundService } from './ways/called-service.ts';

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
  const found = serviceOf(read, at, asking, durationMs(told.timeout));
  if (found.kind === 'Unresolved') {
    return { closes: found.problem };
  }
  return {
    external: {
      ...asking.terms,
      service: { ...found.service, path: asking.path },
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

function serviceOf(
  read: Read,
  at: { readonly policy: ObjectRef; readonly field: string },
  { member, service, path, terms: { protocol } }: Asking,
  timeoutMs: number,
): FoundService {
  const field = `${at.field}.${member}`;
  switch (service.type) {
    case 'URI': {
      const { uri, caRef } = service;
      const from = { namespace: at.policy.namespace, field };
      return calledAddress(read, { from, uri, caRef, protocol, timeoutMs });
    }
    case 'Backend':
      return calledService(read, {
        from: { object: at.policy, group: 'turnpike.dev', field: `${field}.backendRef` },
        reference: service.backendRef,
        path,
        protocol,
        timeoutMs,
      });
    default:
      return service satisfies never;
  }
}

/** How a service is asked, apart from which. */
interface Asking {
  /** That tells it. */
  readonly member: 'http' | 'grpc';
  readonly service: Extract<Told, { type: 'HTTP' }>['http'] | Extract<Told, { type: 'GRPC' }>['grpc'];
  /** Before the request's own. */
  readonly path: string;
  readonly terms: Pick<
    ExternalAuthorization,
    'protocol' | 'host' | 'headersToService' | 'headersToBackend' | 'headersToClient' | 'context'
  >;
}

function byHttp(http: Extract<Told, { type: 'HTTP' }>['http']): Asking {
  return {
    member: 'http',
    service: http,
    path: http.pathPrefix,
    terms: {
      protocol: 'HTTP',
      host: http.type === 'URI' ? 'Service' : 'Request',
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
    service: grpc,
    path: '',
    terms: {
      protocol: 'GRPC',
      host: 'Request',
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
