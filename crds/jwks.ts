// Where the keys are that tokens are signed by.
import * as z from 'zod';
import { duration, durationMs } from './fields.ts';
import { atomicList, oneOf, withRules, type Frozen, type Rule } from './grammar.ts';
import { notTheConfiguration } from './issuer-name.ts';
import { outsideAuthorities } from './outside-address.ts';
import { backendRefSchema, configMapKeyReference, secretKeyReference } from './references.ts';
import { serviceTlsSchema } from './service-tls.ts';

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
    notTheConfiguration,
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
    tls: serviceTlsSchema.exactOptional(),
  })
  .describe('A JWK Set that a Service of the cluster serves.');

/** How long keys hold that cannot be fetched anew. */
export const maxStale = withRules(duration, [
  {
    cel: "duration(self) >= duration('15m')",
    message: 'must be at least 15m: keys are fetched anew every 5 minutes or so',
    holds: (text) => durationMs(text) >= 900_000,
  },
])
  .default('24h')
  .describe(
    'How long the last good keys hold while no newer ones can be fetched; then nobody is let in. At least 15m.',
  );

const remoteKeys = withRules(
  oneOf({
    type: 'Where the keys are fetched: URI (an https address), Discovery (where the issuer says, at its /.well-known/openid-configuration) or Backend (a Service of the cluster).',
    defaultType: 'URI',
    variants: { URI: { uri }, Discovery: {}, Backend: { backend: remoteBackend } },
    common: {
      caRef: outsideAuthorities.exactOptional(),
      maxStale,
    },
  }),
  [
    {
      cel: "self.type != 'Backend' || !has(self.caRef) || !has(self.backend) || has(self.backend.tls)",
      message: 'caRef is for TLS: add backend.tls, or remove caRef',
      holds: (value) =>
        value.type !== 'Backend' || value.caRef === undefined || value.backend.tls !== undefined,
    },
  ],
).describe(
  'A JWK Set that the controller fetches and keeps fresh; while it cannot, the last good keys hold.',
);

const sharedSecret = z
  .object({
    secretRef: secretKeyReference(
      'the secret, its octets as they are, at least as many as the algorithm has',
    ),
    algorithm: z
      .enum(['HS256', 'HS384', 'HS512'])
      .default('HS256')
      .describe(
        'The one algorithm of its tokens: HS256 (at least 32 octets), HS384 (48) or HS512 (64). Left out: HS256.',
      ),
  })
  .describe(
    'A secret that issuer and gateway share. Whoever has it can make tokens, data planes included: public keys are better where the issuer can have them.',
  );

/** The schema of where the keys are. */
export const jwksSchema = oneOf({
  type: 'Where the public keys are: Inline, ConfigMap, Secret or Remote. Or SharedSecret: the issuer signs with a secret that it shares with the gateway.',
  variants: {
    Inline: { inline: z.object({ keys }).describe('The JWK Set itself.') },
    ConfigMap: { configMapRef: configMapKeyReference('a JWK Set as JSON') },
    Secret: { secretRef: secretKeyReference('a JWK Set as JSON') },
    Remote: { remote: remoteKeys },
    SharedSecret: { sharedSecret },
  },
  common: {},
}).describe('The keys that tokens are signed by: public ones (RFC 7517), or one shared secret.');

/** Where the keys are. */
export type Jwks = Frozen<z.infer<typeof jwksSchema>>;

/** A JWK Set that the controller fetches. */
export type RemoteJwks = Frozen<z.infer<typeof remoteKeys>>;

/** A secret that issuer and gateway share. */
export type SharedSecretJwks = Frozen<z.infer<typeof sharedSecret>>;
