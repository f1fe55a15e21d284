// Plan: how much a consumer that has it may call, wherever it calls.
import * as z from 'zod';
import { partName } from './fields.ts';
import { listByKeys, withRules, type Frozen } from './grammar.ts';
import { conditionsSchema, kindSchema } from './kubernetes.ts';
import { turnpikeVersion } from './policy.ts';
import { calendarFields, requestCount, requestLimit } from './request-limit.ts';

const quota = z.object({
  name: partName.describe('Name of this quota: counters are kept under it, such as month.'),
  requests: requestCount.describe('How many requests each consumer may make in each period.'),
  ...calendarFields,
});

/** A quota of a plan. */
export type Quota = Frozen<z.infer<typeof quota>>;

const spec = withRules(
  z.object({
    limits: listByKeys(requestLimit, ['name'])
      .max(8)
      .default([])
      .describe('How fast each consumer may call. All of them must hold, else the answer is 429.'),
    quotas: listByKeys(quota, ['name'])
      .max(8)
      .default([])
      .describe('How much each consumer may call in a period of the calendar.'),
    concurrency: requestCount
      .exactOptional()
      .describe('How many requests of each consumer may be under way at a time. Left out: any number.'),
  }),
  [
    {
      cel: '!has(self.limits) || !has(self.quotas) || self.limits.all(limit, self.quotas.all(quota, quota.name != limit.name))',
      message: 'a limit and a quota have one name, and counters go by it: rename one of them',
      holds: ({ limits, quotas }) => limits.every(({ name }) => quotas.every((one) => one.name !== name)),
    },
  ],
);

/** The schema of a Plan. */
export const planSchema = kindSchema('Plan', turnpikeVersion, {
  spec: spec.describe(
    'How much each consumer that has the plan may call, over all routes and Gateways. A plan that says nothing limits nothing.',
  ),
  status: z
    .object({
      conditions: conditionsSchema.default([]).describe('Whether the plan can be enforced: Accepted.'),
      consumers: z.int32().min(0).exactOptional().describe('How many Consumers have the plan.'),
    })
    .prefault({})
    .describe('What the controller says of the plan.'),
});

/** A decoded Plan. */
export type Plan = Frozen<z.infer<typeof planSchema>>;
