// Tokens that say nothing by themselves: their issuer is asked.
import * as z from 'zod';
import { credentialHandling, credentialSources } from './credential-source.ts';
import { duration, noLongerThan, positiveDuration } from './fields.ts';
import { atomicList, oneOf, withRules, type Frozen } from './grammar.ts';
import { claimsToHeaders } from './jwt-authentication.ts';
import { authoritiesOfAddress, outsideAuthorities, outsideUri } from './outside-address.ts';
import { backendRefSchema, secretKeyReference } from './references.ts';

const backend = z
  .object({
    backendRef: backendRefSchema.describe('The Service that answers, and its port.'),
    path: z
      .string()
      .max(1024)
      .regex(/^\/[^\s#?]*$/, "must begin with '/' and have no query")
      .describe('Path of the endpoint there, such as /oauth2/introspect.'),
  })
  .describe('An endpoint that a Service of the cluster serves.');

const endpoint = withRules(
  oneOf({
    type: 'Where the endpoint is: Backend (a Service of the cluster) or URI (an https address outside).',
    defaultType: 'Backend',
    variants: {
      Backend: { backend },
      URI: { uri: outsideUri('the endpoint', 'https://id.example.com/oauth2/introspect') },
    },
    common: { caRef: outsideAuthorities.exactOptional() },
  }),
  [authoritiesOfAddress],
).describe('The introspection endpoint (RFC 7662 section 2). Data planes ask it themselves.');

const client = z
  .object({
    id: z.string().min(1).max(1024).describe("The gateway's own client_id there."),
    secretRef: secretKeyReference("the client's secret"),
    method: z
      .enum(['Basic', 'Post'])
      .default('Basic')
      .describe('How both are told: Basic (header Authorization) or Post (in the content).'),
  })
  .describe('How the gateway says to the endpoint who it is. Left out: not at all.');

const atMostAnHour = (schema: typeof duration) =>
  withRules(schema, [noLongerThan('1h', 'what is taken back would hold for so long')]);

const timeout = withRules(positiveDuration, [noLongerThan('30s', 'a request waits for it')]);

/** The schema of a way in by a token that its issuer is asked about. */
export const introspectionSchema = z
  .object({
    endpoint,
    client: client.exactOptional(),
    issuer: z
      .string()
      .min(1)
      .max(2048)
      .exactOptional()
      .describe('What the answer must say of iss. Left out: anything, or nothing.'),
    audiences: atomicList(z.string().min(1).max(2048))
      .max(32)
      .default([])
      .describe('Whom the token must be for: aud of the answer must hold one of these. Empty: anybody.'),
    sources: credentialSources([
      { type: 'Header', header: { name: 'authorization', scheme: 'Bearer' } },
    ]).describe('Where the token is looked for; the first place that has one counts.'),
    credential: credentialHandling('Forward'),
    timeout: timeout.default('2s').describe('How long an answer is waited for; at most 30s.'),
    cacheFor: atMostAnHour(duration)
      .default('1m')
      .describe(
        'How long an answer holds, unless the token ends before; at most 1h. A token that is taken back passes for so long.',
      ),
    maxStale: atMostAnHour(duration)
      .default('1m')
      .describe(
        'How much longer a token that has passed does so while the endpoint does not answer; at most 1h. Others get 503.',
      ),
    claimsToHeaders,
  })
  .describe('A token that its issuer is asked about (RFC 7662): opaque ones, and such as can be taken back.');

/** Where tokens are asked about, and what of the answer the backend is told. */
export type IntrospectionAuthentication = Frozen<z.infer<typeof introspectionSchema>>;
