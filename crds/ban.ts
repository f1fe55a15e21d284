// Ban: addresses that an operator lets in no more, or again.
import * as z from 'zod';
import { instant, network } from './fields.ts';
import { setOf, type Frozen } from './grammar.ts';
import { conditionsSchema, kindSchema } from './kubernetes.ts';
import { turnpikeVersion } from './policy.ts';

/** The schema of a Ban. */
export const banSchema = kindSchema('Ban', turnpikeVersion, {
  spec: z
    .object({
      addresses: setOf(network)
        .min(1)
        .max(64)
        .describe(
          'Networks of clients, such as 192.0.2.0/24; one address as 192.0.2.7/32. An IPv6 client usually owns a whole /64.',
        ),
      action: z
        .enum(['Refuse', 'Lift'])
        .default('Refuse')
        .describe(
          'Refuse: they are let in no more. Lift: bans that rules of ProtectionPolicies have made of them are over, and rules make no others as long as this object is there.',
        ),
      expires: instant
        .exactOptional()
        .describe(
          'From when on the object says nothing any more, such as 2027-06-30T00:00:00Z. Left out: it holds until it is deleted.',
        ),
      reason: z.string().max(256).exactOptional().describe('Why, for people.'),
    })
    .describe('Who may not come to the Gateways of its namespace, or may again.'),
  status: z
    .object({
      conditions: conditionsSchema
        .default([])
        .describe('Whether it holds at Gateways: Accepted. Expired ones are Accepted too: see expires.'),
    })
    .prefault({})
    .describe('What the controller says of the ban.'),
});

/** A decoded Ban. */
export type Ban = Frozen<z.infer<typeof banSchema>>;
