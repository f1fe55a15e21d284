import { durationMs } from '#crds/fields.ts';
import type { JwtAuthentication } from '#crds/jwt-authentication.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import { resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';
import { revocationDefaults, type TokenRevocations } from '#snapshot/token-revocations.ts';
import { decodeBase64, entryOf, entryTitle } from '../../data.ts';
import type { Read } from '../../memo.ts';
import type { EndpointSource } from '../../translation.ts';
import { namedAuthorities } from '../named-authorities.ts';
import { calledService } from './called-service.ts';
import { namesNothing, revokedLines } from './revoked-lines.ts';
import { unresolved, type UnresolvedWay, type WayPlace } from './way.ts';

/** A list of revoked tokens; null where the policy names none. */
export type FoundRevocation =
  | {
      readonly kind: 'Found';
      readonly list: TokenRevocations | null;
      /** Where the list is, if it is not all there. */
      readonly clusters: readonly Cluster[];
      readonly sources: readonly EndpointSource[];
    }
  | UnresolvedWay;

/** The revocation list that `revocation` names, in the namespace of the policy at `field`; `way`: whose it is there. */
export function findRevocation(
  read: Read,
  { policy, field }: WayPlace,
  way: string,
  revocation: JwtAuthentication['revocation'],
): FoundRevocation {
  if (revocation === undefined) {
    return { kind: 'Found', list: null, clusters: [], sources: [] };
  }
  switch (revocation.type) {
    case 'ConfigMap':
      return inConfigMap(read, { policy, field }, revocation);
    case 'Redis':
      return inRedis(read, { policy, field: `${field}.redis` }, way, revocation.redis);
    default:
      return revocation satisfies never;
  }
}

function inConfigMap(
  read: Read,
  { policy, field }: WayPlace,
  revocation: Extract<NonNullable<JwtAuthentication['revocation']>, { type: 'ConfigMap' }>,
): FoundRevocation {
  const { namespace } = policy;
  const { name, key } = revocation.configMapRef;
  const title = entryTitle('ConfigMap', namespace, revocation.configMapRef);
  const text = entryOf(read.get('ConfigMap', namespace, name)?.data, key);
  if (text === null) {
    const detail = `names ${title}, which does not exist; create it, with the line none when nothing is revoked`;
    return unresolved({ field: `${field}.configMapRef`, reason: 'RevocationListNotFound', detail });
  }
  const revoked = revokedIn(text);
  if (revoked === null) {
    const detail = `names ${title}, which ${namesNothing}`;
    return unresolved({ field: `${field}.configMapRef`, reason: 'InvalidRevocationList', detail });
  }
  const id = resourceId('TokenRevocations', 'ConfigMap', namespace, name, key);
  const list: TokenRevocations = { kind: 'TokenRevocations', id, ...revoked, ...revocationDefaults };
  return { kind: 'Found', list, clusters: [], sources: [] };
}

function inRedis(
  read: Read,
  { policy, field }: WayPlace,
  way: string,
  redis: Extract<NonNullable<JwtAuthentication['revocation']>, { type: 'Redis' }>['redis'],
): FoundRevocation {
  const { namespace } = policy;
  const { backendRef, stream: key, username = '', passwordRef, tls, maxStale } = redis;
  const from = { object: policy, group: 'turnpike.dev', field: `${field}.backendRef` };
  const found = calledService(read, { from, reference: backendRef, path: '/', timeoutMs: 1 });
  if (found.kind === 'Unresolved') {
    return found;
  }
  const trusted = namedAuthorities(read, { namespace, field: `${field}.tls.caRef` }, tls?.caRef);
  if (trusted.kind === 'Unresolved') {
    return trusted;
  }
  const password = passwordRef === undefined ? null : secretText(read, namespace, passwordRef);
  if (passwordRef !== undefined && password === null) {
    const title = entryTitle('Secret', namespace, passwordRef);
    const detail = `names ${title}, which does not exist or is empty; create it with that key`;
    return unresolved({ field: `${field}.passwordRef`, reason: 'ClientSecretNotFound', detail });
  }
  const service = `${backendRef.name}.${backendRef.namespace ?? namespace}.svc`;
  return {
    kind: 'Found',
    list: {
      kind: 'TokenRevocations',
      id: resourceId('TokenRevocations', 'Redis', namespace, policy.name, way),
      tokens: [],
      subjects: [],
      stream: {
        cluster: found.cluster.id,
        key,
        username,
        password,
        tls:
          tls === undefined ? null : { hostname: tls.hostname ?? service, authorities: trusted.authorities },
        maxStaleMs: durationMs(maxStale),
      },
    },
    clusters: [found.cluster],
    sources: found.sources,
  };
}

function secretText(
  read: Read,
  namespace: string,
  { name, key }: { readonly name: string; readonly key: string },
): Secret<string> | null {
  const encoded = entryOf(read.get('Secret', namespace, name)?.data, key);
  const text = encoded === null ? null : decodeBase64(encoded)?.replace(/\r?\n$/, '');
  return text === null || text === undefined || text === '' ? null : new Secret(text);
}

/** One a line: `sub:` and a subject, or the `jti` of a token, with `jti:` before it or without. Null: it names none. */
function revokedIn(text: string): Pick<TokenRevocations, 'tokens' | 'subjects'> | null {
  const lines = revokedLines(text)?.map((line) => line.text) ?? null;
  if (lines === null) {
    return null;
  }
  const subjects = lines.filter((line) => line.startsWith('sub:')).map((line) => line.slice(4));
  const tokens = lines.filter((line) => !line.startsWith('sub:')).map((line) => line.replace(/^jti:/, ''));
  return { tokens: [...new Set(tokens)].sort(), subjects: [...new Set(subjects)].sort() };
}
