// The chart's schema as helm reads it, from the values and the schema of GatewayParameters.
import * as z from 'zod';
import { objectSchema } from '#crds/definition.ts';
import { valuesSchema } from './values.ts';

/** The part of JSON Schema that is used here. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly [keyword: string]: unknown;
}

/** values.schema.json: closed everywhere but where an object of Kubernetes is handed on as it is. */
export function valuesJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(valuesSchema, { target: 'draft-7' }) as JsonSchema;
  const gatewayClass = schema.properties?.['gatewayClass'];
  const parameters = gatewayClass?.properties?.['parameters'];
  const spec = objectSchema('GatewayParameters').properties?.['spec'];
  if (gatewayClass === undefined || parameters === undefined || spec === undefined) {
    throw new Error('no gatewayClass.parameters, or no GatewayParameters.spec');
  }
  const { description = '' } = parameters;
  return {
    ...schema,
    title: 'Values of the chart turnpike',
    properties: {
      ...schema.properties,
      gatewayClass: {
        ...gatewayClass,
        properties: {
          ...gatewayClass.properties,
          parameters: { ...closed(spec as JsonSchema), description, default: {} },
        },
      },
    },
  };
}

/** A CRD's schema as plain JSON Schema that knows no other fields. Rules in CEL are left to the API server. */
function closed(schema: JsonSchema): JsonSchema {
  const { properties, items, additionalProperties, default: _, ...rest } = schema;
  const plain = Object.fromEntries(Object.entries(rest).filter(([keyword]) => !keyword.startsWith('x-')));
  return {
    ...plain,
    ...(items === undefined ? {} : { items: closed(items) }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: closed(additionalProperties) }
      : {}),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, one]) => [name, closed(one)]),
          ),
          additionalProperties: schema['x-kubernetes-preserve-unknown-fields'] === true,
        }),
  };
}
