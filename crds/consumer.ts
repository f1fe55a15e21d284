// Consumer: who calls, and the hashes of the keys that prove it.
import * as z from 'zod';
import { instant, partName } from './fields.ts';
import { listByKeys, oneOf, setOf, type Frozen } from './grammar.ts';
import { conditionsSchema, kindSchema } from './kubernetes.ts';
import { turnpikeVersion } from './policy.ts';
import { requestCount } from './request-limit.ts';

const name = '^[A-Za-z0-9]([A-Za-z0-9._@:+-]*[A-Za-z0-9])?$';

/** Name of a group or a plan. */
const credentialName = z
  .string()
  .min(1)
  .max(128)
  .regex(
    new RegExp(name),
    'must be letters, digits and . _ @ : + -, beginning and ending with a letter or digit',
  );

const apiKey = z
  .object({
    prefix: z
      .string()
      .min(4)
      .max(32)
      .regex(
        /^[A-Za-z0-9_-]+$/,
        "must be letters, digits, '_' and '-': the begin of the key, such as tp_ab12cd34",
      )
      .describe('The begin of the key, by which people know it: it stands in logs. Such as tp_ab12cd34.'),
    sha256: z
      .string()
      .max(64)
      .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the key as 64 hexadecimal digits in lower case')
      .describe('SHA-256 of the whole key, in lower-case hexadecimal, as turnpike key create tells it.'),
    expires: instant
      .exactOptional()
      .describe(
        'From when on the key is good no more, such as 2027-06-30T00:00:00Z. Left out: it stays good.',
      ),
  })
  .describe('A long random key, of which only the hash is told.');

const credential = oneOf({
  type: 'The kind of credential: APIKey.',
  variants: { APIKey: { apiKey } },
  common: { name: partName.describe('Name of this credential, such as first.') },
});

const quotaUse = z.object({
  name: partName.describe('Name of the quota.'),
  plan: credentialName.describe('The Plan that it is of.'),
  used: requestCount.describe('How many requests are used, with those that data planes have leased.'),
  requests: requestCount.describe('How many there are in the period.'),
  ends: instant.describe('When the period ends, and all of it is there again.'),
});

/** The schema of a Consumer. */
export const consumerSchema = kindSchema('Consumer', turnpikeVersion, {
  spec: z
    .object({
      groups: setOf(credentialName)
        .max(32)
        .default([])
        .describe('Groups the consumer is in: policies read them as auth.groups.'),
      plan: credentialName
        .exactOptional()
        .describe(
          'The Plan of this namespace that the consumer has: its limits hold wherever the consumer calls, and policies read its name as auth.plan. While there is no such Plan, its requests are refused.',
        ),
      credentials: listByKeys(credential, ['name'])
        .max(8)
        .default([])
        .describe(
          'By what the consumer is known: several, so that one can be changed for another at leisure.',
        ),
    })
    .describe('Who calls, and by what they are known.'),
  status: z
    .object({
      conditions: conditionsSchema
        .default([])
        .describe('Whether the credentials count, and the plan is there: Accepted, ResolvedRefs.'),
      quotas: listByKeys(quotaUse, ['name'])
        .max(8)
        .default([])
        .describe('The quotas of the plan of which four fifths or more are used, told every five minutes.'),
    })
    .prefault({})
    .describe('What the controller says of the consumer.'),
});

/** A decoded Consumer. */
export type Consumer = Frozen<z.infer<typeof consumerSchema>>;
