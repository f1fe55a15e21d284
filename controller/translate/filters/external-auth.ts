// Filters of type ExternalAuth (GEP-1494): a service is asked whether a request may pass.
import type { HTTPExternalAuthFilter } from '#crds/gateway-api.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import { authenticationDefaults } from '#snapshot/authentication.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { BackendReference } from '../backends.ts';
import type { Read } from '../memo.ts';
import { lowered } from '../policies/external-authorization.ts';
import { calledService } from '../policies/ways/called-service.ts';
import type { Problem } from '../problem.ts';
import type { EndpointSource, ObjectRef } from '../translation.ts';

/** How long a decision is waited for; the filter has no word for it. */
const timeoutMs = 2_000;
/** As with AuthPolicies: so much is held for each request. */
const bodyBytesMax = 4_194_304;

/** One filter, read but for its Service. */
export interface AskingFilter {
  /** Of the filter. */
  readonly field: string;
  readonly reference: BackendReference;
  readonly path: string;
  readonly terms: Omit<ExternalAuthorization, 'service'>;
}

/** The filter at `field`, or what cannot be done. */
export function askingFilter(told: HTTPExternalAuthFilter, field: string): AskingFilter | UnsupportedValue {
  const { http, grpc, forwardBody, backendRef } = told;
  const bytesMax = forwardBody?.maxSize ?? 0;
  const path = prefixOf(http?.path ?? '');
  if (path === null) {
    return unsupported(`${field}.http.path`, `it has '//', a dot segment or an encoded slash; remove it`);
  }
  if (bytesMax > bodyBytesMax) {
    return unsupported(`${field}.forwardBody.maxSize`, `at most ${String(bodyBytesMax)} octets; lower it`);
  }
  const members = ['http.allowedHeaders', 'http.allowedResponseHeaders', 'grpc.allowedHeaders'] as const;
  const named = [http?.allowedHeaders, http?.allowedResponseHeaders, grpc?.allowedHeaders];
  const bad = members.find((_, at) => named[at]?.some((name) => !headerName.test(name)));
  if (bad !== undefined) {
    return unsupported(`${field}.${bad}`, 'one of these is no name of a header; correct it');
  }
  return {
    field,
    reference: backendRef,
    path,
    terms: {
      protocol: told.protocol,
      host: 'Request',
      headersToService:
        told.protocol === 'GRPC' ? allIfNone(grpc?.allowedHeaders) : lowered(http?.allowedHeaders ?? []),
      headersToBackend: told.protocol === 'GRPC' ? null : allIfNone(http?.allowedResponseHeaders),
      headersToClient: null,
      // the text has both, to cut longer content short and to refuse it; who decides by a part can be led astray
      body: bytesMax === 0 ? null : { bytesMax, beyond: 'Refuse' },
      context: [],
      failOpen: false,
      cache: null,
    },
  };
}

const headerName = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/u;

function allIfNone(names: readonly string[] = []): readonly string[] | null {
  return names.length === 0 ? null : lowered(names);
}

/** What stands before a path: with a slash in front, none at its end. Null for what normalisation would change. */
function prefixOf(path: string): string | null {
  const prefix = `${path === '' || path.startsWith('/') ? '' : '/'}${path}`;
  const isNormal = !/\/\/|\/\.{1,2}(?:\/|$)|%2f/iu.test(prefix);
  return isNormal ? prefix.replace(/\/$/u, '') : null;
}

type UnsupportedValue = Extract<Problem, { kind: 'UnsupportedValue' }>;

function unsupported(field: string, detail: string): UnsupportedValue {
  return { kind: 'UnsupportedValue', field, detail };
}

/** A service that a rule or a listener asks, and what it takes to reach it. */
export interface AskedService {
  readonly authentication: Authentication;
  readonly cluster: Cluster;
  readonly sources: readonly EndpointSource[];
}

/** The services of `filters` of `object`, and what is wrong with references to others: then nothing may pass there. */
export function askedServices(
  read: Read,
  object: ObjectRef,
  filters: readonly AskingFilter[],
): { readonly asked: readonly AskedService[]; readonly problems: readonly Problem[] } {
  const asked: AskedService[] = [];
  const problems: Problem[] = [];
  for (const { field, reference, path, terms } of filters) {
    const found = calledService(read, {
      from: { object, group: 'gateway.networking.k8s.io', field: `${field}.backendRef` },
      reference,
      path,
      protocol: terms.protocol,
      timeoutMs,
    });
    if (found.kind === 'Unresolved') {
      problems.push(found.problem);
      continue;
    }
    const { kind, namespace, name } = object;
    const authentication: Authentication = {
      kind: 'Authentication',
      // no AuthPolicy has an id of so many parts
      id: resourceId('Authentication', kind, namespace, name, field),
      policy: `${kind} ${namespace}/${name}`,
      alternatives: [],
      ...authenticationDefaults,
      external: { ...terms, service: found.service },
    };
    asked.push({ authentication, cluster: found.cluster, sources: found.sources });
  }
  return { asked, problems };
}
