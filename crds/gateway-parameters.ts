// GatewayParameters: what the platform decides for the Gateways of a class, or for one Gateway.
import * as z from 'zod';
import { oneOf, setOf, withRules, type Frozen } from './grammar.ts';
import { infrastructureFields, scalingRules } from './infrastructure.ts';
import { kindSchema } from './kubernetes.ts';
import { sharedRedisSchema } from './shared-redis.ts';
import { turnpikeVersion } from './policy.ts';

const rateLimitStore = oneOf({
  type: 'Where counters live: Memory (each data plane counts for itself) or Redis (all count together, and tell each other of logouts).',
  variants: {
    Memory: {},
    Redis: {
      redis: sharedRedisSchema.describe('The Redis (or Valkey) that holds the counters.'),
    },
  },
  common: {},
});

/** The schema of GatewayParameters. */
export const gatewayParametersSchema = kindSchema('GatewayParameters', turnpikeVersion, {
  spec: withRules(
    z.object({
      ...infrastructureFields,
      rateLimitStore: rateLimitStore
        .exactOptional()
        .describe('Where the counters of rate limits live. Left out: as the class says, else Memory.'),
      requirePolicies: setOf(z.enum(['AuthPolicy']))
        .max(8)
        .default([])
        .describe(
          'Kinds of policy that every route must have; a route without one is closed. A Gateway can add to what its class requires, never take away.',
        ),
    }),
    scalingRules,
  ).describe('What Gateways with these parameters are made of.'),
});

/** Decoded GatewayParameters. */
export type GatewayParameters = Frozen<z.infer<typeof gatewayParametersSchema>>;
