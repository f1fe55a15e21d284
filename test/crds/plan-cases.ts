// Cases of Plans.
import type { RuleCase, SchemaCase } from './cases.ts';
import { limitRules, minute } from './limit-cases.ts';
import { manifest, type Json } from './manifest.ts';

const plan = (spec: Json): Json => manifest('Plan', spec);
const month = { name: 'month', requests: 100_000, period: 'Month' };

/** One for each rule of the CRD. */
export const planRules: readonly RuleCase[] = [
  {
    kind: 'Plan',
    rule: 'a limit and a quota have one name, and counters go by it: rename one of them',
    valid: plan({ limits: [minute], quotas: [month], concurrency: 5 }),
    invalid: plan({ limits: [{ ...minute, name: 'month' }], quotas: [month] }),
  },
  ...limitRules.map(({ rule, valid, invalid }) => ({
    kind: 'Plan' as const,
    rule,
    valid: plan({ limits: [valid] }),
    invalid: plan({ limits: [invalid] }),
  })),
];

/** Some of what the schema refuses. */
export const planSchemaCases: readonly SchemaCase[] = [
  {
    kind: 'Plan',
    what: 'a quota of nothing',
    path: 'spec.quotas[0].requests',
    invalid: plan({ quotas: [{ ...month, requests: 0 }] }),
  },
  {
    kind: 'Plan',
    what: 'a period that is none',
    path: 'spec.quotas[0].period',
    invalid: plan({ quotas: [{ ...month, period: 'month' }] }),
  },
  {
    kind: 'Plan',
    what: 'a time zone that cannot be one',
    path: 'spec.quotas[0].timeZone',
    invalid: plan({ quotas: [{ ...month, timeZone: '+02:00' }] }),
  },
  { kind: 'Plan', what: 'nobody at a time', path: 'spec.concurrency', invalid: plan({ concurrency: 0 }) },
];
