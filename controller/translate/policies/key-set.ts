// JWK Sets (RFC 7517) of users, read: public keys for signatures only, each with the one algorithm it is for.
import { isRecord } from '#crds/record.ts';
import { isSecretKey, type JsonWebKey, type JwtAlgorithm } from '#snapshot/key-set.ts';

/** A JWK Set's keys, or what is wrong with it. Never says what a key holds. */
export type ReadKeySet =
  | { readonly kind: 'Keys'; readonly keys: readonly JsonWebKey[] }
  | { readonly kind: 'Invalid'; readonly detail: string };

type Members = Readonly<Record<string, unknown>>;

/** Most keys one set may hold. */
const keysMax = 100;

/** The keys of the JWK Set `text` (JSON). */
export function readKeySet(text: string): ReadKeySet {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    const what = text.trimStart().startsWith('-----BEGIN ') ? 'PEM and no JSON' : 'no JSON';
    return invalid(`is ${what}; write a JWK Set: {"keys": [...]}`);
  }
  if (!isRecord(parsed) || !Array.isArray(parsed['keys'])) {
    return invalid('is no JWK Set; write an object with the list "keys"');
  }
  return readKeys(parsed['keys']);
}

/**
 * The keys of a JWK Set's list `keys`. Keys that are not for signatures, or of a type or algorithm we do not know,
 * are passed over as RFC 7517 section 5 asks; a private or symmetric key is refused, and so is a set with no key.
 */
export function readKeys(list: readonly unknown[]): ReadKeySet {
  if (list.length > keysMax) {
    return invalid(`holds ${String(list.length)} keys; at most ${String(keysMax)} are read`);
  }
  const secret = list.findIndex((one) => isRecord(one) && isSecretKey(one));
  if (secret !== -1) {
    return invalid(`holds a private or symmetric key (keys[${String(secret)}]); publish only public keys`);
  }
  const keys = list.flatMap((one) => (isRecord(one) ? (publicKey(one) ?? []) : []));
  return keys.length === 0 ? invalid('holds no public key for signatures; add one') : { kind: 'Keys', keys };
}

function invalid(detail: string): ReadKeySet {
  return { kind: 'Invalid', detail };
}

function publicKey(key: Members): JsonWebKey | null {
  const operations = key['key_ops'];
  const signs = Array.isArray(operations) ? operations.includes('verify') : (key['use'] ?? 'sig') === 'sig';
  const kty = keyType(key['kty']);
  if (!signs || kty === null || !hasMembers(key, kty)) {
    return null;
  }
  const alg = algorithmOf(key, kty);
  return alg === null
    ? null
    : {
        kty,
        kid: text(key['kid']),
        alg,
        n: text(key['n']),
        e: text(key['e']),
        crv: text(key['crv']),
        x: text(key['x']),
        y: text(key['y']),
      };
}

function keyType(value: unknown): JsonWebKey['kty'] | null {
  return value === 'RSA' || value === 'EC' || value === 'OKP' ? value : null;
}

const membersOf = { RSA: ['n', 'e'], EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'] } as const satisfies Record<
  JsonWebKey['kty'],
  readonly string[]
>;

function hasMembers(key: Members, kty: JsonWebKey['kty']): boolean {
  return membersOf[kty].every((name) => /^[\w-]+$/.test(text(key[name]) ?? ''));
}

const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;

const algorithmByCurve: ReadonlyMap<string, JwtAlgorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['Ed25519', 'EdDSA'],
]);

/** The key's own `alg` when its type can have it, else the one of its type and curve; never the token's word. */
function algorithmOf(key: Members, kty: JsonWebKey['kty']): JwtAlgorithm | null {
  const told = key['alg'];
  if (kty === 'RSA') {
    return told === undefined ? 'RS256' : (rsaAlgorithms.find((one) => one === told) ?? null);
  }
  const ofCurve = algorithmByCurve.get(text(key['crv']) ?? '') ?? null;
  const isOkp = ofCurve === 'EdDSA';
  if (ofCurve === null || isOkp !== (kty === 'OKP')) {
    return null;
  }
  // RFC 9864 gives EdDSA with this curve a name of its own.
  return told === undefined || told === ofCurve || (isOkp && told === 'Ed25519') ? ofCurve : null;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
