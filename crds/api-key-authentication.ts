// Which API keys let in, and what of their owners the backend is told.
import * as z from 'zod';
import { credentialHandling, credentialSources } from './credential-source.ts';
import { labelValue, namespaceName, qualifiedKey } from './fields.ts';
import { listByKeys, setOf, withRules, type Frozen } from './grammar.ts';
import { identityHeader } from './identity-header.ts';

const matchLabels = z.record(qualifiedKey, labelValue);

const consumerSelector = z.object({
  matchLabels: matchLabels
    .default({})
    .describe('Labels that a Consumer must have, all of them. Empty: all Consumers of the namespaces.'),
  namespaces: setOf(namespaceName)
    .min(1)
    .max(16)
    .exactOptional()
    .describe(
      "Namespaces whose Consumers count. Those of another namespace than the policy's do where a ReferenceGrant there allows it, from AuthPolicies of the policy's namespace to Consumers. Left out: the policy's namespace.",
    ),
});

const secretSelector = withRules(
  z.object({
    matchLabels: matchLabels.describe('Labels that a Secret must have, all of them; at least one.'),
  }),
  [
    {
      cel: 'self.matchLabels.size() > 0',
      message: 'would select all Secrets, also those that hold no API keys: name a label',
      holds: (selector) => Object.keys(selector.matchLabels).length > 0,
    },
  ],
);

const identityToHeader = z.object({
  value: z
    .enum(['Consumer', 'Groups', 'Plan', 'KeyId'])
    .describe(
      "What is told: Consumer (the consumer's name, as NAMESPACE/NAME where it is one of another namespace than the policy's), Groups (joined by commas), Plan, or KeyId (the prefix of the key). What is empty is not sent.",
    ),
  header: identityHeader.describe('The request header that tells it to the backend, such as x-consumer.'),
});

const identityToHeaders = withRules(listByKeys(identityToHeader, ['header']).max(8), [
  {
    cel: 'self.all(a, self.exists_one(b, a.header.lowerAscii() == b.header.lowerAscii()))',
    message: 'two entries name the same header (upper and lower case are one): remove one',
    holds: (list) => new Set(list.map(({ header }) => header.toLowerCase())).size === list.length,
  },
]);

/** The schema of a way in by API key. */
export const apiKeySchema = withRules(
  z.object({
    sources: credentialSources([{ type: 'Header', header: { name: 'x-api-key' } }]).describe(
      'Where the key is looked for, in this order; the first place that has one counts. Left out: the header x-api-key.',
    ),
    credential: credentialHandling('Remove'),
    consumerSelector: consumerSelector.exactOptional().describe('Consumers whose keys count.'),
    secretSelector: secretSelector
      .exactOptional()
      .describe(
        "Secrets of the policy's namespace that hold keys of many consumers, one a line, as turnpike key create writes them. What is not their own line of hash and consumer is a plain key, whose consumer is the entry's name: taken, and warned of.",
      ),
    identityToHeaders: identityToHeaders
      .default([])
      .describe(
        'What of the identity is told to the backend as request headers. Headers of these names that the client sent are removed first.',
      ),
  }),
  [
    {
      cel: 'has(self.consumerSelector) || has(self.secretSelector)',
      message:
        'says of nobody that their keys count: add consumerSelector ({} for all Consumers of this namespace) or secretSelector',
      holds: (way) => way.consumerSelector !== undefined || way.secretSelector !== undefined,
    },
  ],
).describe('A key that stands for a consumer: of an object of kind Consumer, or of a line in a Secret.');

/** Which API keys let in. */
export type ApiKeyAuthentication = Frozen<z.infer<typeof apiKeySchema>>;
