import type { Authentication } from '#crds/auth-policy.ts';
import { durationMs } from '#crds/fields.ts';
import type { IntrospectionAuthentication } from '#crds/introspection-authentication.ts';
import type { IntrospectionClient } from '#snapshot/introspection.ts';
import { Secret } from '#snapshot/secret.ts';
import type { Read } from '../../memo.ts';
import { calledAddress } from './called-address.ts';
import { calledService, type FoundService } from './called-service.ts';
import { clientSecret } from './client-secret.ts';
import { credentialPlaces } from './credential-places.ts';
import { toldHeaders } from './told-headers.ts';
import type { FoundWay, UnresolvedWay, WayPlace } from './way.ts';

/** The way in at `at` by a token that its issuer is asked about. */
export function introspectionWay(
  read: Read,
  at: WayPlace,
  { name, introspection }: Extract<Authentication, { type: 'Introspection' }>,
): FoundWay | UnresolvedWay {
  const field = `${at.field}.introspection`;
  const found = endpointOf(read, { ...at, field: `${field}.endpoint` }, introspection);
  if (found.kind === 'Unresolved') {
    return found;
  }
  const client = clientOf(read, { ...at, field: `${field}.client.secretRef` }, introspection.client);
  if (client !== null && 'kind' in client) {
    return client;
  }
  return {
    kind: 'Found',
    way: {
      kind: 'Introspection',
      name,
      credential: credentialPlaces(introspection),
      endpoint: found.service,
      client,
      issuer: introspection.issuer ?? '',
      audiences: introspection.audiences,
      cacheMs: durationMs(introspection.cacheFor),
      staleMs: durationMs(introspection.maxStale),
      claimsToHeaders: toldHeaders(introspection.claimsToHeaders),
    },
    resources: [found.cluster],
    sources: found.sources,
    remoteKeys: [],
    pending: null,
  };
}

function endpointOf(
  read: Read,
  { policy, field }: WayPlace,
  { endpoint, timeout }: IntrospectionAuthentication,
): FoundService {
  const timeoutMs = durationMs(timeout);
  switch (endpoint.type) {
    case 'URI': {
      const { uri, caRef } = endpoint;
      return calledAddress(read, { from: { namespace: policy.namespace, field }, uri, caRef, timeoutMs });
    }
    case 'Backend': {
      const { backendRef, path } = endpoint.backend;
      return calledService(read, {
        from: { object: policy, group: 'turnpike.dev', field: `${field}.backend.backendRef` },
        reference: backendRef,
        path,
        timeoutMs,
      });
    }
    default:
      return endpoint satisfies never;
  }
}

function clientOf(
  read: Read,
  at: WayPlace,
  told: IntrospectionAuthentication['client'],
): IntrospectionClient | UnresolvedWay | null {
  if (told === undefined) {
    return null;
  }
  const { id, secretRef, method } = told;
  const secret = clientSecret(read, at, secretRef);
  return secret instanceof Secret ? { id, secret, method } : secret;
}
