// An issuer of tokens with real keys, and Authentication resources that trust it.
import {
  authenticationDefaults,
  jwtDefaults,
  type Authentication,
  type AuthenticationWay,
  type JwtAuthentication,
} from '#snapshot/authentication.ts';
import type { AuthorizationEntry } from '#snapshot/authorization.ts';
import type { AvailableKeySet, JsonWebKey, JwtAlgorithm } from '#snapshot/key-set.ts';
import { resourceId } from '#snapshot/ids.ts';
import { KeyObject, sign } from 'node:crypto';
import { generateKeyPair, SignJWT, type JWTHeaderParameters } from 'jose';

/** The time in the tests: a round second. */
export const nowMs = 1_800_000_000_000;

export interface IssuerKey {
  readonly jwk: JsonWebKey;
  /** A token with these claims, from `https://id.example`, for `shop`, good for five minutes from {@link nowMs}, but for what is given. */
  sign(claims?: Record<string, unknown>, header?: Partial<JWTHeaderParameters>): Promise<string>;
  /** Header and claims as they are told, well signed, however wrong they are; ES256 only. */
  signRaw(header: object, claims: object): string;
}

/** A new key pair; `kid` null leaves the name out of key and token. */
export async function issuerKey(kid: string | null, alg: JwtAlgorithm = 'ES256'): Promise<IssuerKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return {
    jwk: jwkOf(KeyObject.from(pair.publicKey), kid, alg),
    sign(claims = {}, header = {}) {
      const known = { iss: 'https://id.example', aud: 'shop', sub: 'ada', exp: nowMs / 1000 + 300 };
      const named = kid === null ? {} : { kid };
      const all = Object.entries({ ...known, ...claims }).filter(([, value]) => value !== undefined);
      return new SignJWT(Object.fromEntries(all))
        .setProtectedHeader({ alg, ...named, ...header })
        .sign(pair.privateKey);
    },
    signRaw(header, claims) {
      const text = [header, claims]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      const privateKey = KeyObject.from(pair.privateKey);
      const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${text}.${signature.toString('base64url')}`;
    },
  };
}

/** A public key as key sets have it. */
export function jwkOf(key: KeyObject, kid: string | null, alg: JwtAlgorithm): JsonWebKey {
  const { kty, n, e, crv, x, y } = key.export({ format: 'jwk' });
  return {
    kty: kty === 'RSA' ? 'RSA' : kty === 'EC' ? 'EC' : 'OKP',
    kid,
    alg,
    n: n ?? null,
    e: e ?? null,
    crv: crv ?? null,
    x: x ?? null,
    y: y ?? null,
  };
}

/** The refreshable key set `name`. */
export function givenKeySet(name: string, ...keys: readonly IssuerKey[]): AvailableKeySet {
  return {
    kind: 'KeySet',
    state: 'Available',
    id: resourceId('KeySet', name),
    keys: keys.map(({ jwk }) => jwk),
    refreshable: true,
  };
}

/** Trusts `https://id.example` for `shop` by the key set `ids`, without skew, but for what is given. */
export function givenJwt(given: Partial<JwtAuthentication> = {}): JwtAuthentication {
  return {
    kind: 'JWT',
    name: 'staff',
    ...jwtDefaults,
    issuer: 'https://id.example',
    audiences: ['shop'],
    keySet: resourceId('KeySet', 'ids'),
    clockSkewMs: 0,
    claimsToHeaders: [],
    ...given,
  };
}

/** An entry that everybody meets, but for what is given. */
export function givenEntry(given: Partial<AuthorizationEntry> = {}): AuthorizationEntry {
  return {
    name: 'writers',
    mode: 'Enforce',
    methods: [],
    allow: [],
    deny: [],
    scopes: [],
    groups: [],
    claims: [],
    when: null,
    ...given,
  };
}

export function givenAuthentication(...alternatives: readonly AuthenticationWay[]): Authentication {
  return {
    kind: 'Authentication',
    id: resourceId('Authentication', 'shop', 'auth'),
    policy: 'shop/auth',
    alternatives: alternatives.length === 0 ? [givenJwt()] : alternatives,
    ...authenticationDefaults,
  };
}
