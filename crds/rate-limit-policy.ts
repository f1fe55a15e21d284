// RateLimitPolicy: how often callers may call.
import * as z from 'zod';
import { adaptiveLimit, limitsOrAdaptive } from './adaptive-limit.ts';
import { expression } from './authorization.ts';
import { limitDenialSchema } from './denial.ts';
import { atomicList, listByKeys, oneOf, setOf, withRules, type Frozen } from './grammar.ts';
import { consumerName, network, partName } from './fields.ts';
import { kindSchema } from './kubernetes.ts';
import { policySpec, policyStatusSchema, turnpikeVersion } from './policy.ts';
import { rateLimitKey, type RateLimitKey } from './rate-limit-key.ts';
import { costIsInTime, costIsOfTime, requestCost } from './request-cost.ts';
import { requestLimit } from './request-limit.ts';

const limits = listByKeys(requestLimit, ['name']).min(1).max(8);

const limitsOfValues = z.object({
  values: setOf(z.string().min(1).max(256))
    .min(1)
    .max(64)
    .describe(
      "Texts, such as acme: requests whose key is just one of them have the limits beside it, each text for itself. For Consumer and Route the names of some: of the policy's namespace, or NAMESPACE/NAME.",
    ),
  limits: limits.describe('Their limits, in place of those of the rule.'),
});

const fields = z.object({
  name: partName.describe('Name of the rule: merging and counters go by it, such as per-user.'),
  when: expression
    .exactOptional()
    .describe(
      'An expression (CEL) over request, source, tls, route, auth and now: the rule is for requests of which it is true. One that comes to nothing counts as true. Left out: all requests.',
    ),
  key: rateLimitKey
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
  cost: requestCost.exactOptional().describe('What a request takes of the limits. Left out: one unit.'),
  limits: limits.exactOptional().describe('The limits; all of them must hold, else the answer is 429.'),
  adaptive: adaptiveLimit
    .exactOptional()
    .describe(
      'In place of limits: as many requests wait for the backends of a rule of a route at a time as these answer in time and without errors, whoever sends them; others are refused with 503. Each data plane finds out for itself. key, onStoreError and answer have no meaning then.',
    ),
  values: atomicList(limitsOfValues)
    .min(1)
    .max(16)
    .exactOptional()
    .describe('Other limits for some values of the key. Left out: all have those of limits.'),
  scope: oneOf({
    type: 'Which requests count together. Policy: those of this rule. Shared: those of all rules of the namespace that name the same. Pod: those of this rule in one data plane, which asks no store.',
    defaultType: 'Policy',
    variants: {
      Policy: {},
      Pod: {},
      Shared: {
        shared: z
          .object({ name: partName.describe('What the rules name, such as checkout.') })
          .describe(
            'Rules of this namespace with the same name count together, whatever their policies are for; their limits, values and cost.type must be the same.',
          ),
      },
    },
    common: {},
  })
    .exactOptional()
    .describe('Which requests count together. Left out: those of this rule, wherever it holds.'),
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
      denial: limitDenialSchema.exactOptional(),
    })
    .prefault({})
    .describe('What answers tell of the limits, and how refusals are told.'),
  mode: z
    .enum(['Enforce', 'Shadow'])
    .default('Enforce')
    .describe('Enforce: requests over a limit are refused. Shadow: they are only counted and reported.'),
});

function isOneText(key: RateLimitKey): boolean {
  if (key.type === 'Expressions') return key.expressions.length === 1;
  return key.type === 'PathTemplate'
    ? key.pathTemplate.template.split('{').length === 2
    : key.type !== 'ClientAddress';
}

const rule = withRules(fields, [
  ...limitsOrAdaptive,
  costIsOfTime,
  costIsInTime,
  {
    cel: "!has(self.values) || (self.key.type == 'Expressions' ? self.key.expressions.size() == 1 : self.key.type == 'PathTemplate' ? self.key.pathTemplate.template.split('{').size() == 2 : self.key.type != 'ClientAddress')",
    message:
      'values are for keys of one text: count addresses by the expression source.address, keep one expression or one named segment, or remove values',
    holds: ({ key, values }) => values === undefined || isOneText(key),
  },
]);

/** One rule of a RateLimitPolicy. */
export type RateLimitRule = Frozen<z.infer<typeof rule>>;

const rules = listByKeys(rule, ['name'])
  .min(1)
  .max(16)
  .describe('The rules; a request must pass all of them.');

const onInvalid = z
  .enum(['Closed', 'Open'])
  .default('Closed')
  .describe(
    'What becomes of requests while the policy cannot be enforced, as its status then tells. Closed: what it holds for is closed. Open: the policy is as if it were not there.',
  );

/** The schema of a RateLimitPolicy. */
export const rateLimitPolicySchema = kindSchema('RateLimitPolicy', turnpikeVersion, {
  spec: policySpec(rules, { onInvalid }).describe('How often may be called, and what.'),
  status: policyStatusSchema.describe('What the controller says of the policy.'),
});

/** A decoded RateLimitPolicy. */
export type RateLimitPolicy = Frozen<z.infer<typeof rateLimitPolicySchema>>;
