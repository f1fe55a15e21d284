// Clients that sign their requests (RFC 9421): written apart from what checks them.
import { constants, createHash, createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject, SignKeyObjectInput } from 'node:crypto';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { HttpSignatureAuthentication } from '#snapshot/http-signature.ts';
import type { JwtAlgorithm, KeySet } from '#snapshot/key-set.ts';
import { resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenExchange, givenRequest } from './request.ts';
import { jwkOf, nowMs } from './token.ts';

/** The algorithms of section 3.3. */
export const signatureAlgorithms = [
  'hmac-sha256',
  'ed25519',
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'rsa-pss-sha512',
  'rsa-v1_5-sha256',
] as const;

export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** Somebody who signs. */
export interface Signer {
  readonly alg: SignatureAlgorithm;
  readonly keyid: string;
  /** By which signatures are checked. */
  readonly keySet: KeySet;
  sign(base: string): Buffer;
}

/** The way in by the keys of {@link signersId}, but for `rule`. */
export function givenSignedWay(rule: Partial<HttpSignatureAuthentication> = {}): HttpSignatureAuthentication {
  return {
    kind: 'HTTPSignature',
    name: 'signed',
    credential: { sources: [{ kind: 'Header', header: 'signature', scheme: '' }], forwarded: true },
    keySet: signersId,
    components: [],
    tag: '',
    maxAgeMs: 300_000,
    clockSkewMs: 30_000,
    nonce: 'Optional',
    contentBytesMax: 1024,
    keyIdHeader: null,
    ...rule,
  };
}

/** One with a new key, known by this keyid in the key set of {@link signersId}. */
export function givenSigner(alg: SignatureAlgorithm, keyid = 'client'): Signer {
  if (alg === 'hmac-sha256') {
    const secret = randomBytes(64);
    const secrets = [{ name: keyid, secret: new Secret(secret.toString('base64')) }];
    return {
      alg,
      keyid,
      keySet: { kind: 'KeySet', state: 'Named', id: signersId, refreshable: false, secrets },
      sign: (base) => createHmac('sha256', secret).update(base, 'latin1').digest(),
    };
  }
  const { publicKey, privateKey } = pairs[alg]();
  const [jws, digest, options] = means[alg];
  const keys = [jwkOf(publicKey, keyid, jws)];
  return {
    alg,
    keyid,
    keySet: { kind: 'KeySet', state: 'Available', id: signersId, keys, refreshable: false },
    sign: (base) => sign(digest, Buffer.from(base, 'latin1'), { key: privateKey, ...options }),
  };
}

export const signersId = resourceId('KeySet', 'ConfigMap', 'shop', 'signers', 'jwks.json');

type PublicAlgorithm = Exclude<SignatureAlgorithm, 'hmac-sha256'>;

const pairs: Readonly<Record<PublicAlgorithm, () => { publicKey: KeyObject; privateKey: KeyObject }>> = {
  ed25519: () => generateKeyPairSync('ed25519'),
  'ecdsa-p256-sha256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ecdsa-p384-sha384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'rsa-pss-sha512': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'rsa-v1_5-sha256': () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

const means: Readonly<
  Record<PublicAlgorithm, readonly [JwtAlgorithm, string | null, Partial<SignKeyObjectInput>]>
> = {
  ed25519: ['EdDSA', null, {}],
  'ecdsa-p256-sha256': ['ES256', 'sha256', { dsaEncoding: 'ieee-p1363' }],
  'ecdsa-p384-sha384': ['ES384', 'sha384', { dsaEncoding: 'ieee-p1363' }],
  'rsa-pss-sha512': ['PS512', 'sha512', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }],
  'rsa-v1_5-sha256': ['RS256', 'sha256', {}],
};

/** A request to be signed, and how. What is left out is as usual. */
export interface Signing {
  readonly method?: string;
  readonly host?: string;
  readonly target?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly content?: string;
  /** Identifiers as they stand in the signature base, and their values. */
  readonly covered?: readonly (readonly [identifier: string, value: string])[];
  /** Behind the list of components. */
  readonly parameters?: string;
  readonly label?: string;
}

export const createdS = nowMs / 1000;

/** What covers all that must be. */
export function usuallyCovered({ method = 'GET', host = 'example.com', target = '/' }: Signing = {}) {
  const [path = '', query] = target.split('?');
  return [
    ['"@method"', method],
    ['"@authority"', host],
    ['"@path"', path],
    ...(query === undefined ? [] : [['"@query"', `?${query}`] as const]),
  ] as const;
}

/** Signature-Input and Signature of it. */
export function signed(
  signer: Pick<Signer, 'keyid' | 'sign'>,
  signing: Signing = {},
): readonly (readonly [string, string])[] {
  const { content, label = 'sig1', parameters = `;created=${createdS};keyid="${signer.keyid}"` } = signing;
  const digest = content === undefined ? [] : [['"content-digest"', contentDigest(content)] as const];
  const covered = signing.covered ?? [...usuallyCovered(signing), ...digest];
  const input = `(${covered.map(([identifier]) => identifier).join(' ')})${parameters}`;
  const lines = [...covered.map((line) => line.join(': ')), `"@signature-params": ${input}`];
  const signature = signer.sign(lines.join('\n')).toString('base64');
  return [
    ['Signature-Input', `${label}=${input}`],
    ['Signature', `${label}=:${signature}:`],
  ];
}

/** By SHA-256. */
export function contentDigest(content: string): string {
  return `sha-256=:${createHash('sha256').update(content).digest('base64')}:`;
}

/** The exchange of a signed request; `changed` replaces parts of it behind the signer's back. */
export function signedExchange(signer: Signer, signing: Signing = {}, changed: Signing = {}): Exchange {
  const digest =
    signing.content === undefined ? [] : [['Content-Digest', contentDigest(signing.content)] as const];
  const fields = changed.fields ?? [...(signing.fields ?? []), ...digest, ...signed(signer, signing)];
  return exchangeOf({ ...signing, ...changed, fields });
}

/** The exchange of a request as it is told. */
export function exchangeOf({ method, host, target, fields, content = '' }: Signing): Exchange {
  const request = givenRequest({
    ...(method === undefined ? {} : { method }),
    ...(host === undefined ? {} : { host }),
    ...(target === undefined ? {} : { target }),
    ...(fields === undefined ? {} : { fields }),
  });
  const octets = Buffer.from(content);
  return {
    ...givenExchange(request),
    content: ({ bytesMax, beyond }) =>
      Promise.resolve(
        octets.length > bytesMax && beyond === 'Refuse'
          ? { kind: 'BodyTooLarge' }
          : { octets: octets.subarray(0, bytesMax), isWhole: octets.length <= bytesMax },
      ),
  };
}
