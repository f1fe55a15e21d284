// What callers may do, once it is known who they are.
import * as z from 'zod';
import { network, partName } from './fields.ts';
import { atomicList, listByKeys, withRules, type Frozen } from './grammar.ts';

/** A CEL expression; whether it is one is told by the translation. */
export const expression = z.string().min(1).max(4096);

const scope = z
  .string()
  .regex(/^[!#-[\]-~]+$/, 'must be a scope: printable characters without spaces, quotes and backslashes')
  .min(1)
  .max(256);

const requiredClaim = z.object({
  claim: z
    .string()
    .min(1)
    .max(256)
    .describe('Name of the claim; dots descend into objects, such as realm_access.roles.'),
  values: atomicList(z.string().max(1024))
    .min(1)
    .max(64)
    .describe(
      'The claim must be one of these; of a claim that is a list one member must be. Numbers and booleans are compared as JSON spells them.',
    ),
});

const addresses = withRules(
  z.object({
    allow: atomicList(network)
      .min(1)
      .max(128)
      .exactOptional()
      .describe('The address must be in one of these networks, such as 10.0.0.0/8. Left out: any may be.'),
    deny: atomicList(network)
      .min(1)
      .max(128)
      .exactOptional()
      .describe('The address must be in none of these networks; deny comes before allow.'),
  }),
  [
    {
      cel: 'has(self.allow) || has(self.deny)',
      message: 'names no network: add allow, deny or both',
      holds: ({ allow, deny }) => allow !== undefined || deny !== undefined,
    },
  ],
).describe(
  'Where the call must come from: the address of the client as the Gateway found it (see clientAddress of a ClientPolicy).',
);

const entry = withRules(
  z.object({
    name: partName.describe('Name of the entry, for logs and metrics, such as writers.'),
    mode: z
      .enum(['Enforce', 'Shadow'])
      .default('Enforce')
      .describe(
        'Enforce: a request for which the entry does not hold is refused with 403. Shadow: it is only counted and logged.',
      ),
    methods: atomicList(
      z
        .string()
        .regex(/^[A-Z][A-Z-]*$/, 'must be a method in capitals, such as GET')
        .max(32),
    )
      .min(1)
      .max(16)
      .exactOptional()
      .describe('The method must be one of these.'),
    addresses: addresses.exactOptional(),
    scopes: atomicList(scope)
      .min(1)
      .max(32)
      .exactOptional()
      .describe('The caller must have all of these scopes.'),
    groups: atomicList(z.string().min(1).max(256))
      .min(1)
      .max(64)
      .exactOptional()
      .describe('The caller must be in one of these groups.'),
    claims: listByKeys(requiredClaim, ['claim'])
      .min(1)
      .max(16)
      .exactOptional()
      .describe('The claims of the caller that must have one of the values told; all of them.'),
    when: expression
      .exactOptional()
      .describe(
        "An expression (CEL) over request, source, tls, route, auth and now that must be true, such as request.method == 'GET' || 'write' in auth.scopes. One that comes to nothing, as where a claim is missing, denies.",
      ),
  }),
  [
    {
      cel: 'has(self.methods) || has(self.addresses) || has(self.scopes) || has(self.groups) || has(self.claims) || has(self.when)',
      message: 'asks for nothing: add methods, addresses, scopes, groups, claims or when',
      holds: ({ methods, addresses, scopes, groups, claims, when }) =>
        [methods, addresses, scopes, groups, claims, when].some((part) => part !== undefined),
    },
  ],
);

/** One entry of `authorize`: all of its parts must hold. */
export type AuthorizationEntry = Frozen<z.infer<typeof entry>>;

/** The schema of `authorize`. */
export const authorizeSchema = listByKeys(entry, ['name'])
  .max(16)
  .default([])
  .describe(
    'What callers may do: all entries must hold, each with all of its parts; else the answer is 403. The entries of each level (Gateway, listener, route, rule) must hold, and see who the levels up to theirs have found out.',
  );
