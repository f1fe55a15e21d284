// Requests that are signed themselves (RFC 9421).
import * as z from 'zod';
import { duration, noLongerThan, objectName, octets, positiveDuration } from './fields.ts';
import { atomicList, oneOf, withRules, type Frozen } from './grammar.ts';
import { identityHeader } from './identity-header.ts';
import { jwksSchema } from './jwks.ts';

const sharedSecrets = z
  .object({
    secretRef: z
      .object({ name: objectName.describe('Name of the Secret, in the same namespace.') })
      .describe(
        'The Secret whose entries are the secrets, their octets as they are, 32 at least; the name of an entry is the keyid of those who have it.',
      ),
  })
  .describe(
    'Secrets that signers and gateway share, for hmac-sha256. Whoever has one can sign, data planes included: public keys are better.',
  );

const keys = withRules(
  oneOf({
    type: 'What signatures are made with: JWKS (private keys, whose public ones are told as JSON Web Keys) or SharedSecrets.',
    variants: { JWKS: { jwks: jwksSchema }, SharedSecrets: { sharedSecrets } },
    common: {},
  }),
  [
    {
      cel: "!has(self.jwks) || self.jwks.type != 'SharedSecret'",
      message: 'a shared secret has no keyid here: name it by type SharedSecrets of keys',
      holds: (value) => value.type !== 'JWKS' || value.jwks.type !== 'SharedSecret',
    },
    {
      cel: "!has(self.jwks) || self.jwks.type != 'Remote' || !has(self.jwks.remote) || self.jwks.remote.type != 'Discovery'",
      message: 'signatures name no issuer that could be asked: name the keys by type URI',
      holds: (value) =>
        value.type !== 'JWKS' || value.jwks.type !== 'Remote' || value.jwks.remote.type !== 'Discovery',
    },
  ],
).describe(
  'The keys, by the keyid that a signature names. Each is for one algorithm: ecdsa-p256-sha256, ecdsa-p384-sha384 and ed25519 by its curve, rsa-pss-sha512 where its alg is PS512, rsa-v1_5-sha256 where that is RS256 or left out; hmac-sha256 for shared secrets.',
);

const component = z
  .string()
  .min(1)
  .max(256)
  .regex(
    /^(@target-uri|@scheme|[A-Za-z0-9!#$%&'*+.^_`|~-]+)$/,
    'must be the name of a header, @target-uri or @scheme',
  );

/** The schema of a way in by a signature of the request. */
export const httpSignatureSchema = z
  .object({
    keys,
    components: atomicList(component)
      .max(32)
      .default([])
      .describe(
        'What a signature must cover too: headers such as content-type, @target-uri or @scheme. @method, @authority, @path, @query where there is one, and content-digest where there is content must be covered in any case; @target-uri will do for authority, path and query.',
      ),
    tag: z
      .string()
      .min(1)
      .max(256)
      .regex(/^[ -~]+$/, 'must be printable ASCII')
      .exactOptional()
      .describe('The tag of the signatures that are looked at; others are none. Left out: any.'),
    maxAge: withRules(positiveDuration, [
      noLongerThan('1h', 'whoever has seen a request could send it again for so long'),
    ])
      .default('5m')
      .describe('How long a signature passes from its created on, which it must have; at most 1h.'),
    clockSkew: withRules(duration, [noLongerThan('5m', 'correct the clocks instead')])
      .default('30s')
      .describe('How far clocks may be apart when created and expires are checked; at most 5m.'),
    nonce: z
      .enum(['Optional', 'Required'])
      .default('Optional')
      .describe(
        'Whether a signature must have a nonce. One that is there counts once at each data plane, with Required and a Redis once at all; without one a request can be sent again while its signature passes.',
      ),
    maxContentBytes: octets
      .default('1Mi')
      .describe(
        'Most content that is compared with Content-Digest, such as 10Mi; more: 413. It is held until the backend has answered.',
      ),
    credential: z
      .enum(['Forward', 'Remove'])
      .default('Forward')
      .describe('Whether the headers Signature and Signature-Input go on to the backend.'),
    keyIdToHeader: identityHeader
      .exactOptional()
      .describe(
        'The request header that tells the keyid to the backend, such as x-client. What the client sent under this name is removed first. Left out: none does.',
      ),
  })
  .describe(
    'A signature of the request itself (HTTP Message Signatures, RFC 9421), and by Content-Digest (RFC 9530) of its content.',
  );

/** How a request must be signed. */
export type HttpSignatureAuthentication = Frozen<z.infer<typeof httpSignatureSchema>>;
