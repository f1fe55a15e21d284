import type { Authentication } from '#crds/auth-policy.ts';
import { durationMs } from '#crds/fields.ts';
import type { Read } from '../../memo.ts';
import { findKeys } from '../keys.ts';
import { credentialPlaces } from './credential-places.ts';
import { toldHeaders } from './told-headers.ts';
import { findRevocation } from './token-revocations.ts';
import type { FoundWay, UnresolvedWay, WayPlace } from './way.ts';

/** The way in by JWT at `at`. */
export function jwtWay(
  read: Read,
  { policy, field }: WayPlace,
  { name, jwt }: Extract<Authentication, { type: 'JWT' }>,
): FoundWay | UnresolvedWay {
  const found = findKeys(
    read,
    { policy, authentication: name, issuer: jwt.issuer, field: `${field}.jwt.jwks` },
    jwt.jwks,
  );
  if (found.kind === 'Unresolved') {
    return found;
  }
  const revoked = findRevocation(read, { policy, field: `${field}.jwt.revocation` }, name, jwt.revocation);
  if (revoked.kind === 'Unresolved') {
    return revoked;
  }
  return {
    kind: 'Found',
    way: {
      kind: 'JWT',
      name,
      credential: credentialPlaces(jwt),
      issuer: jwt.issuer,
      audiences: jwt.audiences,
      keySet: found.keySet.id,
      clockSkewMs: durationMs(jwt.clockSkew),
      maxAgeMs: jwt.maxAge === undefined ? null : durationMs(jwt.maxAge),
      revocation: revoked.list?.id ?? null,
      requiredClaims: jwt.requiredClaims,
      claimsToHeaders: toldHeaders(jwt.claimsToHeaders),
    },
    resources: [found.keySet, ...(revoked.list === null ? [] : [revoked.list]), ...revoked.clusters],
    sources: revoked.sources,
    remoteKeys: found.remote === null ? [] : [found.remote],
    pending: found.pending,
  };
}
