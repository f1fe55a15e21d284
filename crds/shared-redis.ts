// The Redis that data planes share: where it is, how it is made up, how it is spoken to.
import * as z from 'zod';
import { objectName, preciseHostname } from './fields.ts';
import { withRules, type Frozen } from './grammar.ts';
import { authorityReference, secretKeyReference } from './references.ts';

const sentinel = z
  .object({
    masterName: z
      .string()
      .min(1)
      .max(256)
      .describe('The name under which the Sentinels watch the master, such as mymaster.'),
    username: z
      .string()
      .min(1)
      .max(256)
      .exactOptional()
      .describe('As whom the Sentinels are asked. Left out: as the default user.'),
    passwordRef: secretKeyReference("the Sentinels' own password").exactOptional(),
  })
  .describe('How the Sentinels are asked. User and password of the URL are for the servers that they name.');

const tls = z
  .object({
    hostname: preciseHostname
      .exactOptional()
      .describe(
        'The name that the certificate of every node must have. Left out: the name or address that the node is known by.',
      ),
    caRef: authorityReference
      .exactOptional()
      .describe(
        'The certificates of the authorities that nodes must have theirs from. Left out: those of the system.',
      ),
    clientCertificateRef: z
      .object({ name: objectName.describe('Name of the Secret, in the same namespace.') })
      .exactOptional()
      .describe('The Secret of type kubernetes.io/tls whose certificate nodes are shown. Left out: none is.'),
  })
  .describe('All nodes speak TLS, Sentinels too. Left out: as the URL says (rediss://).');

/** The schema of a Redis that data planes share. */
export const sharedRedisSchema = withRules(
  z.object({
    mode: z
      .enum(['Standalone', 'Sentinel', 'Cluster'])
      .default('Standalone')
      .describe(
        'What the nodes of the URL are: Standalone (the one server), Sentinel (Sentinels, which know the server), or Cluster (some nodes of a Redis Cluster).',
      ),
    secretRef: secretKeyReference(
      'the URL, redis:// or rediss://, with user and password; of Sentinels and nodes of a Cluster with several hosts, separated by commas',
    ),
    sentinel: sentinel.exactOptional(),
    tls: tls.exactOptional(),
  }),
  [
    {
      cel: "(self.mode == 'Sentinel') == has(self.sentinel)",
      message:
        'mode Sentinel needs the field sentinel, and no other mode may have it: add sentinel with a masterName, remove it, or change mode',
      holds: ({ mode, sentinel: told }) => (mode === 'Sentinel') === (told !== undefined),
    },
  ],
);

/** A Redis that data planes share. */
export type SharedRedisSpec = Frozen<z.infer<typeof sharedRedisSchema>>;
