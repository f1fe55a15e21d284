// What an API server does to an object before it looks at it: fields the schema does not know are dropped, null
// means absent.
import * as z from 'zod';

type Path = readonly (string | number)[];

/** The object without unknown fields and nulls, and where the unknown fields stood. */
export interface Pruned {
  readonly value: unknown;
  readonly unknown: readonly Path[];
}

/** `value` as `schema` knows it. The given value is left as it is. */
export function prune(schema: z.ZodType, value: unknown): Pruned {
  const unknown: Path[] = [];
  return { value: pruned(schema, value, { path: [], unknown }), unknown };
}

interface Place {
  readonly path: Path;
  readonly unknown: Path[];
}

function pruned(schema: z.ZodType, value: unknown, place: Place): unknown {
  const bare = unwrapped(schema);
  if (Array.isArray(value)) {
    const item = bare instanceof z.ZodArray ? (bare.element as z.ZodType) : z.unknown();
    return value.map((one, index) => pruned(item, one, { ...place, path: [...place.path, index] }));
  }
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === null) continue;
    const path = [...place.path, name];
    const memberSchema = schemaOfMember(bare, name);
    if (memberSchema === undefined) place.unknown.push(path);
    else define(result, name, pruned(memberSchema, member, { ...place, path }));
  }
  return result;
}

/** Undefined: the schema does not know the member. What is no object by the schema is kept for it to refuse. */
function schemaOfMember(schema: z.ZodType, name: string): z.ZodType | undefined {
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (!(schema instanceof z.ZodObject)) return z.unknown();
  if (Object.hasOwn(schema.shape, name)) return schema.shape[name] as z.ZodType;
  return schema.def.catchall === undefined ? undefined : z.unknown();
}

/** The schema inside optional, default and transform. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrapped(schema.unwrap() as z.ZodType);
  }
  return schema instanceof z.ZodPipe ? unwrapped(schema.in as z.ZodType) : schema;
}

/** True for what YAML and JSON call an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member named `__proto__` is a member like others. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
