// AuthPolicy: who may call, and what they may do. One of the ways told in `authenticate` must succeed, and all entries of
// `authorize` must hold.
import * as z from 'zod';
import { apiKeySchema } from './api-key-authentication.ts';
import { basicSchema } from './basic-authentication.ts';
import { clientCertificateSchema } from './client-certificate-authentication.ts';
import { authorizeSchema } from './authorization.ts';
import { policyCorsSchema } from './cors.ts';
import { listByKeys, oneOf, withRules, type Frozen } from './grammar.ts';
import { externalAuthorizationSchema } from './external-authorization.ts';
import { partName } from './fields.ts';
import { denialSchema, realmSchema, resourceMetadataSchema } from './denial.ts';
import { guessProtectionSchema } from './guess-protection.ts';
import { httpSignatureSchema } from './http-signature-authentication.ts';
import { introspectionSchema } from './introspection-authentication.ts';
import { jwtSchema } from './jwt-authentication.ts';
import { kindSchema } from './kubernetes.ts';
import { openIdConnectSchema } from './open-id-connect-authentication.ts';
import { policySpec, policyStatusSchema, turnpikeVersion } from './policy.ts';

const authentication = oneOf({
  type: 'The kind of credential: JWT, APIKey, ClientCertificate, Basic, Introspection, OpenIDConnect or HTTPSignature.',
  variants: {
    JWT: { jwt: jwtSchema },
    APIKey: { apiKey: apiKeySchema },
    ClientCertificate: { clientCertificate: clientCertificateSchema },
    Basic: { basic: basicSchema },
    Introspection: { introspection: introspectionSchema },
    OpenIDConnect: { openIDConnect: openIdConnectSchema },
    HTTPSignature: { httpSignature: httpSignatureSchema },
  },
  common: { name: partName.describe('Name of this way, for logs and metrics, such as staff.') },
});

/** One of the ways of `authenticate`. */
export type Authentication = Frozen<z.infer<typeof authentication>>;

const rules = withRules(
  z.object({
    authenticate: listByKeys(authentication, ['name'])
      .max(16)
      .default([])
      .describe(
        'The ways to prove who calls. One of them must succeed; else the answer is 401. Empty: nobody is asked here, and authorize sees who other levels have found out.',
      ),
    optional: z
      .boolean()
      .default(false)
      .describe(
        'Whether a request without any credential passes too, as nobody. One with a bad credential never does.',
      ),
    cors: policyCorsSchema.exactOptional(),
    realm: realmSchema.exactOptional(),
    resourceMetadata: resourceMetadataSchema.exactOptional(),
    denial: denialSchema.exactOptional(),
    protection: guessProtectionSchema
      .exactOptional()
      .describe(
        'Protection against guessing: who brings bad credentials again and again is blocked for a time, counted in each data plane. Left out: 100 failures in a minute block for a minute where a way in takes passwords, and nothing is counted where all take tokens or keys, which nobody can guess.',
      ),
    externalAuthorization: externalAuthorizationSchema.exactOptional(),
    authorize: authorizeSchema,
  }),
  [
    {
      cel: 'self.authenticate.size() > 0 || self.authorize.size() > 0 || has(self.externalAuthorization)',
      message: 'asks for nothing: add authenticate, externalAuthorization or authorize',
      holds: ({ authenticate, authorize, externalAuthorization }) =>
        authenticate.length > 0 || authorize.length > 0 || externalAuthorization !== undefined,
    },
    {
      cel: "!has(self.authenticate) || self.authenticate.filter(one, one.type == 'OpenIDConnect').size() <= 1",
      message: 'has two logins: nobody could say at which one to log in; remove one of type OpenIDConnect',
      holds: ({ authenticate }) => authenticate.filter(({ type }) => type === 'OpenIDConnect').length <= 1,
    },
  ],
).describe('Who may call, and what they may do.');

/** The rules of an AuthPolicy. */
export type AuthRules = Frozen<z.infer<typeof rules>>;

/** The schema of an AuthPolicy. */
export const authPolicySchema = kindSchema('AuthPolicy', turnpikeVersion, {
  spec: policySpec(rules, {}).describe('What the policy asks of requests, and of which.'),
  status: policyStatusSchema.describe('What the controller says of the policy.'),
});

/** A decoded AuthPolicy. */
export type AuthPolicy = Frozen<z.infer<typeof authPolicySchema>>;
