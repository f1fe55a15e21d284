// Key sets made ready for verification.
import {
  sharedOctetsMin,
  type JsonWebKey,
  type JwtAlgorithm,
  type KeySet,
  type NamedSecrets,
  type SharedAlgorithm,
  type SharedKeySet,
} from '#snapshot/key-set.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { UnverifiedToken } from './token.ts';

/** Most keys tried for one token: without a `kid` it may be any of them, and each try costs a verification. */
const keysTriedMax = 8;

/** A public key or a shared secret, and the one algorithm it is used with. */
export interface VerificationKey {
  readonly kid: string | null;
  readonly alg: JwtAlgorithm | SharedAlgorithm;
  readonly key: KeyObject;
}

/** A key set whose usable keys are ready; `keys` is null while none was ever fetched. */
export interface ReadyKeySet {
  readonly id: ResourceId;
  readonly keys: readonly VerificationKey[] | null;
  readonly refreshable: boolean;
  /** Why keys were left out. */
  readonly problems: readonly string[];
}

/** The keys of `keySet` that fit their algorithm; RSA needs 2048 bits (RFC 7518 section 3.3). */
export function readyKeySet(keySet: KeySet): ReadyKeySet {
  const { id, refreshable } = keySet;
  if (keySet.state === 'Unavailable') return { id, keys: null, refreshable, problems: [] };
  if (keySet.state === 'Shared') return readySecret(keySet);
  if (keySet.state === 'Named') return readyNamedSecrets(keySet);
  const keys: VerificationKey[] = [];
  const problems: string[] = [];
  for (const [index, jwk] of keySet.keys.entries()) {
    const key = importKey(jwk);
    if (key !== null && keyFits(key, jwk.alg)) keys.push({ kid: jwk.kid, alg: jwk.alg, key });
    else problems.push(`key ${jwk.kid ?? index} is no public key for ${jwk.alg}`);
  }
  return { id, keys, refreshable, problems };
}

function readySecret({ id, refreshable, alg, secret }: SharedKeySet): ReadyKeySet {
  const octets = Buffer.from(secret.reveal(), 'base64');
  if (octets.length < sharedOctetsMin[alg]) {
    return { id, keys: [], refreshable, problems: [`the shared secret is too short for ${alg}`] };
  }
  return { id, keys: [{ kid: null, alg, key: createSecretKey(octets) }], refreshable, problems: [] };
}

function readyNamedSecrets({ id, refreshable, secrets }: NamedSecrets): ReadyKeySet {
  const keys: VerificationKey[] = [];
  const problems: string[] = [];
  for (const { name, secret } of secrets) {
    const octets = Buffer.from(secret.reveal(), 'base64');
    if (octets.length < sharedOctetsMin.HS256) problems.push(`the secret ${name} is too short`);
    else keys.push({ kid: name, alg: 'HS256', key: createSecretKey(octets) });
  }
  return { id, keys, refreshable, problems };
}

/**
 * The keys that may have signed `token`: of its algorithm, and with its `kid` or none; without a `kid` in the token,
 * any. At most {@link keysTriedMax}, in the order of the set.
 */
export function candidateKeys(
  keys: readonly VerificationKey[],
  token: UnverifiedToken,
): readonly VerificationKey[] {
  const fitting = keys.filter(
    ({ kid, alg }) =>
      algorithmFits(alg, token.alg) && (token.kid === null || kid === null || kid === token.kid),
  );
  return fitting.slice(0, keysTriedMax);
}

/** Whether the set does not know the token's `kid`: its issuer may have new keys. */
export function lacksKid(keys: readonly VerificationKey[], token: UnverifiedToken): boolean {
  return token.kid !== null && !keys.some(({ kid }) => kid === token.kid);
}

// RFC 9864 gives EdDSA with Ed25519 a second name; our EdDSA keys are all on that curve.
function algorithmFits(ofKey: VerificationKey['alg'], ofToken: string): boolean {
  return ofKey === ofToken || (ofKey === 'EdDSA' && ofToken === 'Ed25519');
}

function importKey(jwk: JsonWebKey): KeyObject | null {
  const { kty, n, e, crv, x, y } = jwk;
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== null);
  try {
    return createPublicKey({ key: Object.fromEntries(members), format: 'jwk' });
  } catch {
    return null;
  }
}

const curves = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' } as const;

function keyFits({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, alg: JwtAlgorithm): boolean {
  switch (alg) {
    case 'RS256':
    case 'RS384':
    case 'RS512':
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    case 'ES256':
    case 'ES384':
    case 'ES512':
      return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === curves[alg];
    case 'EdDSA':
      return asymmetricKeyType === 'ed25519';
    default:
      return alg satisfies never;
  }
}
