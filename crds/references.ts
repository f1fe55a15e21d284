// References from our kinds to the Secrets, ConfigMaps and backends they need.
import * as z from 'zod';
import { groupName, kindName, namespaceName, objectName, port } from './fields.ts';
import { withRules } from './grammar.ts';
import { serviceNeedsPort } from './http-filter.ts';

const dataKey = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[-._a-zA-Z0-9]+$/, "must be a key of the object's data: letters, digits, '-', '_' and '.'");

/** `{name, key}` of a Secret in the same namespace. */
export function secretKeyReference(what: string) {
  return z
    .object({
      name: objectName.describe('Name of the Secret, in the same namespace.'),
      key: dataKey.describe(`Key in the Secret's data that holds ${what}.`),
    })
    .describe(`The Secret that holds ${what}.`);
}

/** `{name, key}` of a ConfigMap in the same namespace. */
export function configMapKeyReference(what: string) {
  return z
    .object({
      name: objectName.describe('Name of the ConfigMap, in the same namespace.'),
      key: dataKey.describe(`Key in the ConfigMap's data that holds ${what}.`),
    })
    .describe(`The ConfigMap that holds ${what}.`);
}

/** `{kind, name, key}` of the certificates of authorities, in the same namespace. */
export const authorityReference = z.object({
  kind: z
    .enum(['ConfigMap', 'Secret'])
    .default('ConfigMap')
    .describe('What holds them: ConfigMap or Secret.'),
  name: objectName.describe('Its name, in the same namespace.'),
  key: dataKey.default('ca.crt').describe('Key in its data that holds the certificates as PEM.'),
});

/** A Service with its port; another namespace needs a ReferenceGrant there. */
export const backendRefSchema = withRules(
  z.object({
    group: groupName.default('').describe('API group of the backend; empty for a Service.'),
    kind: kindName.default('Service').describe('Kind of the backend: Service.'),
    name: objectName.describe('Name of the Service.'),
    namespace: namespaceName
      .exactOptional()
      .describe(
        'Namespace of the Service; left out: that of this object. Another one needs a ReferenceGrant there.',
      ),
    port: port.exactOptional().describe('Port of the Service, such as 8080.'),
  }),
  [serviceNeedsPort],
);
