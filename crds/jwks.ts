// Where the keys are that tokens are signed by.
import * as z from 'zod';
import { atomicList, oneOf, withRules, type Frozen, type Rule } from './grammar.ts';
import { backendRefSchema, configMapKeyReference, secretKeyReference } from './references.ts';

type PublicMember = 'n' | 'e' | 'crv' | 'x' | 'y';

/** kubectl reads the bare words n and y as booleans (YAML 1.1): hence the hint at quotes. */
function members(
  kty: string,
  names: readonly PublicMember[],
): readonly Rule<{ readonly [M in 'kty' | PublicMember]?: string }>[] {
  return [
    {
      cel: `self.kty != '${kty}' || (${names.map((name) => `has(self.${name})`).join(' && ')})`,
      message: `a key of type ${kty} needs ${names.join(', ')}: add them, with their names in quotes (YAML may read n and y as booleans)`,
      holds: (key) => key.kty !== kty || names.every((name) => key[name] !== undefined),
    },
  ];
}

const jsonWebKey = withRules(
  z
    .looseObject({
      kty: z
        .enum(['RSA', 'EC', 'OKP'])
        .describe('Key type: RSA, EC or OKP. Symmetric keys (oct) are not taken.'),
      kid: z.string().max(1024).exactOptional().describe('Key id, as in the header of the tokens.'),
      alg: z
        .string()
        .max(32)
        .exactOptional()
        .describe('The one algorithm this key is for, such as RS256. Left out: chosen by type and curve.'),
      use: z
        .string()
        .max(32)
        .exactOptional()
        .describe('What the key is for: sig. Keys for enc are passed over.'),
      n: z.string().max(4096).exactOptional().describe('RSA modulus, base64url.'),
      e: z.string().max(64).exactOptional().describe('RSA exponent, base64url, such as AQAB.'),
      crv: z
        .string()
        .max(32)
        .exactOptional()
        .describe('Curve of an EC or OKP key: P-256, P-384, P-521 or Ed25519.'),
      x: z
        .string()
        .max(1024)
        .exactOptional()
        .describe('x coordinate of an EC key, or the OKP public key, base64url.'),
      y: z.string().max(1024).exactOptional().describe('y coordinate of an EC key, base64url.'),
      d: z.string().max(4096).exactOptional().describe('Must not be here: it is the private part of a key.'),
    })
    .describe('A public key as JSON Web Key (RFC 7517). Members not named here are kept and not read.'),
  [
    {
      cel: '!has(self.d)',
      message: 'this is a private key: remove d and the other private members, publish only the public part',
      holds: (key) => key.d === undefined,
    },
    ...members('RSA', ['n', 'e']),
    ...members('EC', ['crv', 'x', 'y']),
    ...members('OKP', ['crv', 'x']),
  ],
);

const keys = atomicList(jsonWebKey)
  .min(1)
  .max(32)
  .describe('The public keys, as in the "keys" of a JWK Set.');

const uri = withRules(
  z
    .string()
    .max(2048)
    .regex(
      /^https?:\/\/[^/?#@\s]+(\/[^\s#]*)?(\?[^\s#]*)?$/,
      'must be an absolute https:// address without user or fragment',
    ),
  [
    {
      cel: "self.startsWith('https://')",
      message:
        'keys are fetched over https only: change the scheme to https, or name a Service with type Backend',
      holds: (value) => value.startsWith('https://'),
    },
  ],
).describe('Address of a JWK Set outside the cluster, such as https://id.example.com/.well-known/jwks.json.');

const remoteBackend = z
  .object({
    backendRef: backendRefSchema.describe('The Service that answers, and its port.'),
    path: z
      .string()
      .max(1024)
      .regex(/^\/[^\s#]*$/, "must begin with '/'")
      .describe('Path of the JWK Set there, such as /.well-known/jwks.json.'),
  })
  .describe('A JWK Set that a Service of the cluster serves.');

const remoteKeys = oneOf({
  type: 'Where the keys are fetched: URI (an https address) or Backend (a Service of the cluster).',
  defaultType: 'URI',
  variants: { URI: { uri }, Backend: { backend: remoteBackend } },
  common: {},
}).describe(
  'A JWK Set that the controller fetches and keeps fresh; while it cannot, the last good keys hold.',
);

/** The schema of where the keys are. */
export const jwksSchema = oneOf({
  type: 'Where the public keys are: Inline, ConfigMap, Secret or Remote.',
  variants: {
    Inline: { inline: z.object({ keys }).describe('The JWK Set itself.') },
    ConfigMap: { configMapRef: configMapKeyReference('a JWK Set as JSON') },
    Secret: { secretRef: secretKeyReference('a JWK Set as JSON') },
    Remote: { remote: remoteKeys },
  },
  common: {},
}).describe('The public keys that tokens are signed by (RFC 7517).');

/** Where the public keys are. */
export type Jwks = Frozen<z.infer<typeof jwksSchema>>;

/** A JWK Set that the controller fetches. */
export type RemoteJwks = Frozen<z.infer<typeof remoteKeys>>;
