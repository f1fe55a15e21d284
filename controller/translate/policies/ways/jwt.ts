import type { Authentication } from '#crds/auth-policy.ts';
import { durationMs } from '#crds/fields.ts';
import type { Read } from '../../memo.ts';
import { findKeys } from '../keys.ts';
import { credentialPlaces } from './credential-places.ts';
import type { FoundWay, UnresolvedWay, WayPlace } from './way.ts';

/** The way in by JWT at `at`. */
export function jwtWay(
  read: Read,
  { policy, field }: WayPlace,
  { name, jwt }: Extract<Authentication, { type: 'JWT' }>,
): FoundWay | UnresolvedWay {
  const found = findKeys(read, { policy, authentication: name, field: `${field}.jwt.jwks` }, jwt.jwks);
  if (found.kind === 'Unresolved') {
    return found;
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
      requiredClaims: jwt.requiredClaims,
      claimsToHeaders: jwt.claimsToHeaders.map(({ claim, header }) => ({
        claim,
        header: header.toLowerCase(),
      })),
    },
    resources: [found.keySet],
    remoteKeys: found.remote === null ? [] : [found.remote],
    pending: found.pending,
  };
}
