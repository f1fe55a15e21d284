// How what Consumers use is kept: the fields of GatewayParameters about the journals of data planes.
import * as z from 'zod';
import { quantity } from './fields.ts';
import { oneOf, withRules } from './grammar.ts';

const volumes = oneOf({
  type: 'Where the journals are. EmptyDir: at the node, as long as the pod; PersistentVolumeClaim: in a volume that all data planes of the Gateway share.',
  variants: {
    EmptyDir: {},
    PersistentVolumeClaim: {
      persistentVolumeClaim: z
        .object({
          claimName: z
            .string()
            .min(1)
            .max(253)
            .regex(
              /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
              'must be a name such as usage: lower-case letters, digits, - and .',
            )
            .describe(
              "The claim, in the Gateway's namespace; of access mode ReadWriteMany where data planes run on several nodes.",
            ),
        })
        .describe('A claim that is there.'),
    },
  },
  common: {
    sizeLimit: quantity
      .exactOptional()
      .describe('For EmptyDir: what the journals may have at most, such as 1Gi. Left out: 1Gi.'),
  },
});

const volume = withRules(volumes, [
  {
    cel: "self.type == 'EmptyDir' || !has(self.sizeLimit)",
    message: 'sizeLimit is for EmptyDir: remove it, or set type to EmptyDir',
    holds: ({ type, sizeLimit }) => type === 'EmptyDir' || sizeLimit === undefined,
  },
]);

/** The schema of `usage`. */
export const usageSchema = z.object({
  journal: z
    .object({ volume: volume.exactOptional().describe('Where the journals are. Left out: EmptyDir.') })
    .exactOptional()
    .describe('Where it is written what is used, before it is.'),
});
