// People who log in by their browsers at a provider of OpenID Connect.
import * as z from 'zod';
import { noLongerThan, positiveDuration } from './fields.ts';
import { atomicList, oneOf, withRules, type Frozen, type Rule } from './grammar.ts';
import { notItsConfiguration } from './issuer-name.ts';
import { maxStale } from './jwks.ts';
import { claimsToHeaders, clockSkew } from './jwt-authentication.ts';
import { authorityReference, backendRefSchema, secretKeyReference } from './references.ts';
import { serviceTlsSchema } from './service-tls.ts';

const path = z
  .string()
  .max(1024)
  .regex(
    /^\/[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/,
    "must begin with '/' and have no query, spaces or percent signs",
  );

const client = z
  .object({
    id: z.string().min(1).max(1024).describe("The gateway's own client_id at the provider."),
    secretRef: secretKeyReference("the client's secret")
      .exactOptional()
      .describe("The Secret that holds the client's secret. Left out: a public client, which has none."),
    method: z
      .enum(['Basic', 'Post'])
      .default('Basic')
      .describe('How the secret is told: Basic (client_secret_basic) or Post (client_secret_post).'),
  })
  .describe('Who the gateway is to the provider.');

const backend = z
  .object({
    backendRef: backendRefSchema.describe('The Service of the provider, and its port.'),
    tls: serviceTlsSchema.exactOptional(),
  })
  .describe('A Service of the cluster that is the provider. Browsers reach it by its own addresses.');

const provider = oneOf({
  type: 'How the gateway itself reaches the provider: Discovery (at its issuer, over https) or Backend (by a Service of the cluster).',
  defaultType: 'Discovery',
  variants: { Discovery: {}, Backend: { backend } },
  common: {
    caRef: authorityReference
      .exactOptional()
      .describe(
        'The certificates of the authorities that the provider must have its certificate from. Left out: those of the system.',
      ),
    maxStale,
  },
}).describe(
  'How the gateway reaches the provider, whose keys and endpoints stand in the /.well-known/openid-configuration of its issuer. Left out: Discovery.',
);

const lifetime = withRules(positiveDuration, [noLongerThan('168h', 'older cookies cannot be read')]);

const timeout = withRules(positiveDuration, [noLongerThan('30s', 'a browser waits for it')]);

const differentPaths: Rule<{
  readonly redirectPath: string;
  readonly logoutPath: string;
  readonly backChannelLogoutPath?: string;
}> = {
  cel: 'self.redirectPath != self.logoutPath && (!has(self.backChannelLogoutPath) || !(self.backChannelLogoutPath in [self.redirectPath, self.logoutPath]))',
  message: 'redirectPath, logoutPath and backChannelLogoutPath must be different',
  holds: ({ redirectPath, logoutPath, backChannelLogoutPath: told }) =>
    redirectPath !== logoutPath && told !== redirectPath && told !== logoutPath,
};

const discoveredOverTls: Rule<{
  readonly issuer: string;
  readonly provider?: { readonly type: 'Discovery' | 'Backend' };
}> = {
  cel: "has(self.provider) && self.provider.type == 'Backend' || self.issuer.startsWith('https://')",
  message:
    'an issuer is asked over https only: its name must begin with https://, or its Service must be named by type Backend',
  holds: ({ issuer, provider }) => provider?.type === 'Backend' || issuer.startsWith('https://'),
};

/** The schema of a way in by a login in the browser. */
export const openIdConnectSchema = withRules(
  z.object({
    issuer: withRules(
      z
        .string()
        .max(2048)
        .regex(
          /^https?:\/\/[^/?#@\s]+(\/[^?#\s]*)?$/,
          'must be the name of the issuer as it stands in its openid-configuration, such as https://id.example.com',
        ),
      [notItsConfiguration],
    ).describe('The provider: equal to the claim iss of its tokens, such as https://id.example.com.'),
    client,
    provider: provider.exactOptional(),
    scopes: atomicList(
      z
        .string()
        .max(256)
        .regex(/^[!#-[\]-~]+$/, 'must be one scope, without spaces'),
    )
      .max(32)
      .default(['openid'])
      .describe(
        'What is asked for, such as email; openid always is. Some providers give refresh tokens for offline_access alone.',
      ),
    redirectPath: path
      .default('/oauth2/callback')
      .describe(
        'Where browsers come back from the provider, on every host of the routes; the gateway answers there itself. The provider must know it, as https://shop.example.com/oauth2/callback.',
      ),
    logoutPath: path
      .default('/oauth2/logout')
      .describe(
        'Where browsers log out, here and at the provider; the gateway answers there itself. Browsers that another site sends there are refused, and such as another host of the same site sends without a click.',
      ),
    afterLogoutPath: path
      .default('/')
      .describe('Where browsers come to when they are logged out; the provider must know that address too.'),
    backChannelLogoutPath: path
      .exactOptional()
      .describe(
        'Where the provider tells who has logged out there (back-channel logout); the data plane that hears it lets these sessions in no more. Left out: nowhere.',
      ),
    scheme: z
      .enum(['HTTP', 'HTTPS'])
      .exactOptional()
      .describe(
        'How browsers reach the gateway: HTTPS where a load balancer ends TLS before it. Left out: as the listener is reached.',
      ),
    sessionLifetime: lifetime
      .default('8h')
      .describe('After so long everybody logs in anew, however often tokens were refreshed; at most 168h.'),
    timeout: timeout.default('5s').describe('How long an answer of the provider is waited for; at most 30s.'),
    clockSkew,
    userinfo: z
      .boolean()
      .default(false)
      .describe(
        'Whether the provider is asked for the claims that its ID tokens lack (its userinfo endpoint).',
      ),
    groupsClaim: z
      .string()
      .min(1)
      .max(256)
      .default('groups')
      .describe(
        'The claim that lists the groups of a person; dots descend into objects, such as realm_access.roles.',
      ),
    forwardAccessToken: z
      .boolean()
      .default(false)
      .describe(
        'Whether the backend gets the access token, as Authorization: Bearer. What clients send there is removed then.',
      ),
    claimsToHeaders,
  }),
  [differentPaths, discoveredOverTls],
).describe(
  'A login in the browser (OpenID Connect, authorization code with PKCE), kept in an encrypted cookie. Pages are led to the provider; what scripts ask for gets 401.',
);

/** Where people log in, and what of them the backend is told. */
export type OpenIdConnectAuthentication = Frozen<z.infer<typeof openIdConnectSchema>>;
