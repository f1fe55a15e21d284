// RateLimitPolicy: how often callers may call.
import * as z from 'zod';
import { expression } from './authorization.ts';
import { atomicList, listByKeys, oneOf, withRules, type Frozen } from './grammar.ts';
import { consumerName, cookieName, fieldName, network, partName } from './fields.ts';
import { kindSchema } from './kubernetes.ts';
import { policySpec, policyStatusSchema, turnpikeVersion } from './policy.ts';
import { requestLimit } from './request-limit.ts';

const keys = oneOf({
  type: 'What requests are counted by: ClientAddress, Header, Cookie, Claim, Consumer, Route, Method or Expressions.',
  variants: {
    ClientAddress: {},
    Consumer: {},
    Route: {},
    Method: {},
    Header: {
      header: z
        .object({ name: fieldName.describe('Name of the header, such as x-tenant.') })
        .describe('Requests with the same value of this header are counted together.'),
    },
    Cookie: {
      cookie: z
        .object({ name: cookieName.describe('Name of the cookie, such as device.') })
        .describe('Requests with the same value of this cookie are counted together.'),
    },
    Claim: {
      claim: z
        .object({
          name: z
            .string()
            .min(1)
            .max(256)
            .describe('Name of the claim; dots descend into objects, such as sub or org.id.'),
        })
        .describe(
          'Requests whose token has the same value of this claim are counted together. An AuthPolicy must check the token.',
        ),
    },
    Expressions: {
      expressions: atomicList(expression)
        .min(1)
        .max(4)
        .describe(
          'Expressions (CEL) over request, source, tls, route, auth and now, such as auth.subject. Requests for which all of them come to the same texts are counted together; one that comes to nothing or to an empty text is an unknown key.',
        ),
    },
  },
  common: {
    clientAddress: z
      .object({
        ipv4Prefix: z
          .int32()
          .min(1)
          .max(32)
          .default(32)
          .describe('So many leading bits of an IPv4 address tell whose it is.'),
        ipv6Prefix: z
          .int32()
          .min(1)
          .max(128)
          .default(64)
          .describe('So many leading bits of an IPv6 address tell whose it is.'),
      })
      .exactOptional()
      .describe('Which addresses are counted together, for type ClientAddress.'),
    onUnknownKey: z
      .enum(['Skip', 'Share', 'Refuse'])
      .default('Share')
      .describe(
        'What happens to a request without the header, cookie, claim, consumer or value. Skip: it is not limited. Share: all such requests count as one caller. Refuse: it is refused. Without meaning for ClientAddress, Route and Method.',
      ),
  },
});

const key = withRules(keys, [
  {
    cel: "self.type == 'ClientAddress' || !has(self.clientAddress)",
    message: 'clientAddress is for type ClientAddress: set type to ClientAddress, or remove it',
    holds: ({ type, clientAddress }) => type === 'ClientAddress' || clientAddress === undefined,
  },
]);

/** What requests are counted by. */
export type RateLimitKey = Frozen<z.infer<typeof key>>;

const rule = z.object({
  name: partName.describe('Name of the rule: merging and counters go by it, such as per-user.'),
  when: expression
    .exactOptional()
    .describe(
      'An expression (CEL) over request, source, tls, route, auth and now: the rule is for requests of which it is true. One that comes to nothing counts as true. Left out: all requests.',
    ),
  key: key
    .prefault({ type: 'ClientAddress' })
    .describe(
      'What requests are counted by. Left out: the address of the client (of an IPv6 address the first 64 bits).',
    ),
  exempt: z
    .object({
      addresses: atomicList(network)
        .max(128)
        .default([])
        .describe('Networks of clients that are not counted, such as 10.0.0.0/8.'),
      consumers: atomicList(consumerName)
        .max(128)
        .default([])
        .describe(
          "Consumers that are not counted: of the policy's namespace by their names, of others as NAMESPACE/NAME. The rule is then asked after authentication, also where it counts by address.",
        ),
    })
    .exactOptional()
    .describe('Who is not counted and never refused by this rule. Left out: nobody.'),
  limits: listByKeys(requestLimit, ['name'])
    .min(1)
    .max(8)
    .describe('The limits; all of them must hold, else the answer is 429.'),
  onStoreError: z
    .enum(['Local', 'Open', 'Closed'])
    .default('Local')
    .describe(
      'What holds while the shared store cannot be asked. Local: each data plane grants its own share. Open: not limited. Closed: refused.',
    ),
  answer: z
    .object({
      fields: z
        .enum(['Draft', 'XRateLimit', 'Both', 'None'])
        .default('Draft')
        .describe(
          'Which fields of the answer tell what is left. Draft: RateLimit and RateLimit-Policy of the IETF, with all limits. XRateLimit: X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset (in seconds) of the limit that is nearest to its end. Both. None. A 429 has Retry-After always.',
        ),
    })
    .prefault({})
    .describe('What answers tell of the limits.'),
  mode: z
    .enum(['Enforce', 'Shadow'])
    .default('Enforce')
    .describe('Enforce: requests over a limit are refused. Shadow: they are only counted and reported.'),
});

/** One rule of a RateLimitPolicy. */
export type RateLimitRule = Frozen<z.infer<typeof rule>>;

const rules = listByKeys(rule, ['name'])
  .min(1)
  .max(16)
  .describe('The rules; a request must pass all of them.');

/** The schema of a RateLimitPolicy. */
export const rateLimitPolicySchema = kindSchema('RateLimitPolicy', turnpikeVersion, {
  spec: policySpec(rules).describe('How often may be called, and what.'),
  status: policyStatusSchema.describe('What the controller says of the policy.'),
});

/** A decoded RateLimitPolicy. */
export type RateLimitPolicy = Frozen<z.infer<typeof rateLimitPolicySchema>>;
