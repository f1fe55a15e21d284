// How a JWT must look, and what of it the backend is told.
import * as z from 'zod';
import { credentialHandling, credentialSources } from './credential-source.ts';
import { atomicList, listByKeys, oneOf, withRules, type Frozen } from './grammar.ts';
import { duration, lastingBetween, noLongerThan, positiveDuration, preciseHostname } from './fields.ts';
import { identityHeader } from './identity-header.ts';
import { notItsConfiguration } from './issuer-name.ts';
import { jwksSchema } from './jwks.ts';
import { outsideAuthorities } from './outside-address.ts';
import { backendRefSchema, configMapKeyReference, secretKeyReference } from './references.ts';

const claimName = z
  .string()
  .min(1)
  .max(256)
  .describe('Name of the claim; dots descend into objects, such as realm_access.roles.');

const claimToHeader = z.object({
  claim: claimName,
  header: identityHeader.describe('The request header that tells it to the backend, such as x-user.'),
});

/** The schema of claims that the backend is told. */
export const claimsToHeaders = withRules(listByKeys(claimToHeader, ['header']).max(32), [
  {
    cel: 'self.all(a, self.exists_one(b, a.header.lowerAscii() == b.header.lowerAscii()))',
    message: 'two entries name the same header (upper and lower case are one): remove one',
    holds: (list) => new Set(list.map(({ header }) => header.toLowerCase())).size === list.length,
  },
])
  .default([])
  .describe(
    'Claims of the token told to the backend as request headers. Headers of these names that the client sent are removed first.',
  );

const requiredClaims = listByKeys(
  z.object({
    claim: claimName,
    values: atomicList(z.string().max(1024))
      .max(64)
      .default([])
      .describe(
        'The claim, or one of its members if it is a list, must be one of these; numbers and truth values as JSON spells them. Empty: any but null will do.',
      ),
  }),
  ['claim'],
)
  .max(32)
  .default([])
  .describe('Claims without which a token does not pass; all of them are asked for.');

const redis = z
  .object({
    backendRef: backendRefSchema.describe('The Service of the Redis, and its port.'),
    stream: z
      .string()
      .min(1)
      .max(512)
      .describe(
        'The key of the stream. Each entry has jti with the id of a token, or sub with a subject; or none, so that a stream without any revocation is not empty.',
      ),
    username: z.string().min(1).max(256).exactOptional().describe('Left out: the default user.'),
    passwordRef: secretKeyReference('the password').exactOptional(),
    tls: z
      .object({
        hostname: preciseHostname
          .exactOptional()
          .describe('The name that its certificate must have. Left out: SERVICE.NAMESPACE.svc.'),
        caRef: outsideAuthorities.exactOptional(),
      })
      .exactOptional()
      .describe('The Redis speaks TLS. Left out: in the clear.'),
    maxStale: withRules(positiveDuration, [
      lastingBetween('10s', '24h', 'what is revoked meanwhile passes for so long'),
    ])
      .default('5m')
      .describe(
        'How long what is known of the stream holds while it cannot be read; from 10s to 24h. Then nobody is let in (503).',
      ),
  })
  .describe(
    'A stream in Redis that data planes follow; what is added to it holds within a second, what is taken out of it within ten minutes.',
  );

const revocation = oneOf({
  type: 'Where the list of tokens is that count no more: ConfigMap or Redis.',
  variants: {
    ConfigMap: { configMapRef: configMapKeyReference('what is revoked, one a line') },
    Redis: { redis },
  },
  common: {},
}).describe(
  'Tokens that are refused from now on, also such as passed before. In a ConfigMap each line is the jti of one token, or sub: and the subject all of whose tokens are refused. What begins with # is a comment; the one line none is for when nothing is revoked, and a list without any line closes what the policy holds for. Left out: nothing is revoked.',
);

/** How far clocks may be apart. */
export const clockSkew = withRules(duration, [noLongerThan('5m', 'correct the clocks instead')])
  .default('60s')
  .describe('How far clocks may be apart when exp, nbf and iat are checked; at most 5m.');

/** The schema of a way in by JWT. */
export const jwtSchema = withRules(
  z.object({
    issuer: withRules(
      z
        .string()
        .min(1)
        .max(2048)
        .regex(/^\S(.*\S)?$/, 'must be a name on one line, without spaces around it'),
      [notItsConfiguration],
    ).describe('Who must have issued the token: equal to its claim iss, such as https://id.example.com.'),
    audiences: atomicList(z.string().min(1).max(2048))
      .max(32)
      .default([])
      .describe(
        'Whom the token must be for: its claim aud must hold one of these. Empty: tokens for anybody pass.',
      ),
    jwks: jwksSchema,
    clockSkew,
    maxAge: positiveDuration
      .exactOptional()
      .describe(
        'How long a token passes from its claim iat on, whatever its exp says; tokens without iat then never do. Left out: until exp.',
      ),
    requiredClaims,
    revocation: revocation.exactOptional(),
    sources: credentialSources([
      { type: 'Header', header: { name: 'Authorization', scheme: 'Bearer' } },
    ]).describe(
      'Where the token is looked for, in this order; the first place that has one counts. Left out: the header Authorization, behind Bearer.',
    ),
    credential: credentialHandling('Forward'),
    claimsToHeaders,
  }),
  [
    {
      cel: "self.jwks.type != 'Remote' || !has(self.jwks.remote) || self.jwks.remote.type != 'Discovery' || self.issuer.matches('^https://[^/?#@\\\\s]+(/[^?#\\\\s]*)?$')",
      message:
        'an issuer is asked where its keys are over https only: its name must be such an address, or the keys named by type URI',
      holds: ({ issuer, jwks }) =>
        jwks.type !== 'Remote' ||
        jwks.remote.type !== 'Discovery' ||
        /^https:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/.test(issuer),
    },
  ],
).describe('A token that is a JSON Web Token (RFC 7519), signed by a key of its issuer.');

/** How a JWT must look, and what of it the backend is told. */
export type JwtAuthentication = Frozen<z.infer<typeof jwtSchema>>;
