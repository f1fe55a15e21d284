// From a typed schema to the structural OpenAPI schema of a CRD: what the API server takes, and nothing else.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
import * as z from 'zod';
import { isRecord } from './record.ts';

/** A node of a structural schema; members in the order they are written. */
export interface StructuralSchema {
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly items?: StructuralSchema;
  readonly additionalProperties?: StructuralSchema;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
}

type Json = Readonly<Record<string, unknown>>;

/** The structural schema of what `schema` takes. */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  return node(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', unrepresentable: 'any' }));
}

const copied = [
  'description',
  'type',
  'format',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'required',
] as const;

const extensions = [
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
] as const;

const known = new Set<string>([
  ...copied,
  ...extensions,
  'properties',
  'items',
  'additionalProperties',
  '$schema',
]);

function node(json: Json): StructuralSchema {
  for (const keyword of Object.keys(json)) {
    if (!known.has(keyword))
      throw new TypeError(`the keyword ${keyword} has no place in a structural schema`);
  }
  const result: Record<string, unknown> = {};
  const take = (keyword: string): void => {
    if (Object.hasOwn(json, keyword)) result[keyword] = json[keyword];
  };
  copied.forEach(take);
  if (json['type'] === 'integer') Object.assign(result, integer(json));
  // What is left out and what is empty mean the same: nothing to write into people's objects.
  if (isEmpty(result['default'])) delete result['default'];
  if (isRecord(json['properties'])) result['properties'] = mapped(json['properties']);
  if (isRecord(json['items'])) result['items'] = node(json['items']);
  extensions.forEach(take);
  return { ...result, ...membersBeyond(json) };
}

function mapped(properties: Json): Readonly<Record<string, StructuralSchema>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [name, node(isRecord(property) ? property : {})]),
  );
}

/** `additionalProperties` beside `properties` is not structural: what is open keeps unknown fields instead. */
function membersBeyond(json: Json): StructuralSchema {
  const beyond = json['additionalProperties'];
  if (!isRecord(beyond)) return {};
  if (Object.keys(beyond).length === 0) return { 'x-kubernetes-preserve-unknown-fields': true };
  return { additionalProperties: node(beyond) };
}

const int32 = 2_147_483_647;

/** JavaScript's own bounds say nothing to a user: the format does. */
function integer(json: Json): Json {
  const minimum = Number(json['minimum'] ?? Number.MIN_SAFE_INTEGER);
  const maximum = Number(json['maximum'] ?? Number.MAX_SAFE_INTEGER);
  const fits = minimum >= -int32 - 1 && maximum <= int32;
  return {
    format: fits ? 'int32' : 'int64',
    minimum: minimum <= -int32 - 1 ? undefined : minimum,
    maximum: maximum >= int32 ? undefined : maximum,
  };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
