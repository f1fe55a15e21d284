// ListenerSet as the CRD of Gateway API 1.7 defines it: more listeners for a Gateway, in an object of their own.
import * as z from 'zod';
import { groupName, kindName, namespaceName, objectName } from './fields.ts';
import { listByKeys, withRules, type Frozen } from './grammar.ts';
import { conditionsSchema, kindSchema } from './kubernetes.ts';
import { listenerRules, listenerSchema, listenerStatuses } from './listener.ts';

const parentGateway = z.object({
  group: groupName.default('gateway.networking.k8s.io'),
  kind: kindName.default('Gateway'),
  name: objectName,
  /** Left out: that of the ListenerSet. */
  namespace: namespaceName.exactOptional(),
});

/** The schema of a ListenerSet. */
export const listenerSetSchema = kindSchema('ListenerSet', 'gateway.networking.k8s.io/v1', {
  spec: z.object({
    parentRef: parentGateway,
    listeners: withRules(listByKeys(listenerSchema, ['name']).min(1).max(64), listenerRules),
  }),
  status: z.object({ conditions: conditionsSchema.default([]), listeners: listenerStatuses }).prefault({}),
});

/** A decoded ListenerSet. */
export type ListenerSet = Frozen<z.infer<typeof listenerSetSchema>>;
