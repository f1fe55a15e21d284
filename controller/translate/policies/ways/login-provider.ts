// The provider of logins: where it is, how it is reached, and its keys.
import { durationMs } from '#crds/fields.ts';
import type { OpenIdConnectAuthentication } from '#crds/open-id-connect-authentication.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import type { LoginProvider } from '#snapshot/open-id-connect.ts';
import { resolveBackend } from '../../backends.ts';
import type { ProviderMetadata } from '../../input.ts';
import type { Read } from '../../memo.ts';
import type { Problem } from '../../problem.ts';
import type { EndpointSource, RemoteKeys, ServiceAddress } from '../../translation.ts';
import { findIssuerKeys } from '../keys.ts';
import { namedAuthorities } from '../named-authorities.ts';
import { calledAddress } from './called-address.ts';
import { calledService, type FoundService } from './called-service.ts';
import type { UnresolvedWay, WayPlace } from './way.ts';

/** A provider, and what it takes to ask it. */
export interface FoundProvider {
  readonly kind: 'Found';
  readonly keySet: KeySet;
  readonly remote: RemoteKeys | null;
  /** Null: it has not told yet where it is, or data planes could not ask it there. */
  readonly provider: LoginProvider | null;
  readonly clusters: readonly Cluster[];
  readonly sources: readonly EndpointSource[];
  /** Why nobody can log in for now. */
  readonly pending: Problem | null;
}

/** The provider of the way in `name`; `at` is its field. */
export function loginProvider(
  read: Read,
  { policy, field }: WayPlace,
  name: string,
  told: OpenIdConnectAuthentication,
): FoundProvider | UnresolvedWay {
  const place = { policy, field: `${field}.provider` };
  const asked = serviceOf(read, { policy, field: `${place.field}.backend` }, told.provider);
  if (asked !== null && 'kind' in asked) {
    return asked;
  }
  const { issuer } = told;
  const terms = told.provider ?? usualTerms;
  const found = findIssuerKeys(read, { ...place, authentication: name, issuer }, terms, asked);
  if (found.kind === 'Unresolved') {
    return found;
  }
  const { keySet, remote, pending } = found;
  const metadata = remote === null ? undefined : read.fetchedKeys(remote.id)?.provider;
  const reached = metadata === undefined ? null : reach(read, place, told, metadata);
  if (reached === null) {
    const none = { provider: null, clusters: [], sources: [] };
    return { kind: 'Found', keySet, remote, ...none, pending: pending ?? notTold(issuer) };
  }
  return 'problem' in reached
    ? { kind: 'Unresolved', problem: reached.problem }
    : { kind: 'Found', keySet, remote, ...reached, pending };
}

/** As the schema has them where nothing is told. */
const usualTerms = { maxStale: '24h' };

function notTold(issuer: string): Problem {
  const detail = 'its openid-configuration lacks the endpoints for logins, or they are no https addresses';
  return { kind: 'KeysPending', source: issuer, detail };
}

type Provider = OpenIdConnectAuthentication['provider'];

/** The Service by which the provider is reached, as the controller asks it; null: by its own addresses. */
function serviceOf(
  read: Read,
  { policy, field }: WayPlace,
  provider: Provider,
): ServiceAddress | UnresolvedWay | null {
  if (provider?.type !== 'Backend') {
    return null;
  }
  const { backendRef, tls } = provider.backend;
  const from = { object: policy, group: 'turnpike.dev', field: `${field}.backendRef` };
  const resolved = resolveBackend(read, from, backendRef);
  if (resolved.kind === 'Unresolved') {
    return resolved;
  }
  const { namespace, service } = resolved.backend.source;
  const serverName = tls === undefined ? null : (tls.hostname ?? `${service}.${namespace}.svc`);
  return { namespace, service, port: backendRef.port ?? 0, serverName };
}

type Reached = Pick<FoundProvider, 'clusters' | 'sources'> & { readonly provider: LoginProvider };

/** Null: data planes could not ask it where it says. */
function reach(
  read: Read,
  at: WayPlace,
  told: OpenIdConnectAuthentication,
  metadata: ProviderMetadata,
): Reached | { readonly problem: Problem } | null {
  const { authorizationEndpoint, endSessionEndpoint, tokenEndpoint, userinfoEndpoint, tellsIssuer } =
    metadata;
  const isDirect = told.provider?.type !== 'Backend';
  if (isDirect && !tokenEndpoint.startsWith('https://')) {
    return null;
  }
  const token = endpointOf(read, at, told, tokenEndpoint);
  if (token.kind === 'Unresolved') {
    return token;
  }
  const hasUserinfo = userinfoEndpoint !== '' && (!isDirect || userinfoEndpoint.startsWith('https://'));
  const userinfo = told.userinfo && hasUserinfo ? endpointOf(read, at, told, userinfoEndpoint) : null;
  if (userinfo?.kind === 'Unresolved') {
    return userinfo;
  }
  const provider: LoginProvider = {
    authorizationEndpoint,
    endSessionEndpoint,
    token: token.service,
    userinfo: userinfo?.service ?? null,
    tellsIssuer,
  };
  const all =
    userinfo === null || token.service.cluster === userinfo.service.cluster ? [token] : [token, userinfo];
  return {
    provider,
    clusters: all.map(({ cluster }) => cluster),
    sources: all.flatMap(({ sources }) => sources),
  };
}

/** An endpoint of the provider, as data planes ask it. */
function endpointOf(
  read: Read,
  { policy, field }: WayPlace,
  { provider, timeout }: OpenIdConnectAuthentication,
  uri: string,
): FoundService {
  const timeoutMs = durationMs(timeout);
  const { namespace } = policy;
  const caRef = provider?.caRef;
  if (provider?.type !== 'Backend') {
    return calledAddress(read, { from: { namespace, field }, uri, caRef, timeoutMs });
  }
  const { backendRef, tls } = provider.backend;
  const trusted = namedAuthorities(read, { namespace, field: `${field}.caRef` }, caRef);
  if (trusted.kind === 'Unresolved') {
    return trusted;
  }
  const url = new URL(uri);
  const { authorities, term } = trusted;
  const hostname = tls?.hostname ?? `${backendRef.name}.${backendRef.namespace ?? namespace}.svc`;
  const found = calledService(read, {
    from: { object: policy, group: 'turnpike.dev', field: `${field}.backend.backendRef` },
    reference: backendRef,
    path: `${url.pathname}${url.search}`,
    timeoutMs,
    tls: tls === undefined ? null : { hostname, authorities, term },
  });
  // It is to think that it is asked where browsers ask it.
  return found.kind === 'Found' ? { ...found, service: { ...found.service, authority: url.host } } : found;
}
