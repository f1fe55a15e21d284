// What an API server does to an object before it looks at it: fields the schema does not know are dropped, null
// means absent.
import * as z from 'zod';

/** Members and list positions, from the outside in. */
export type Path = readonly (string | number)[];

/** A member that the schema does not know, and those that it knows there. */
export interface UnknownField {
  readonly path: Path;
  readonly known: readonly string[];
  /** The object near by whose schema has a member of this name, and that has none yet; null where none or several do. */
  readonly home: Path | null;
}

/** The object without unknown fields and nulls, and where the unknown fields stood. */
export interface Pruned {
  readonly value: unknown;
  readonly unknown: readonly UnknownField[];
  /** What is nested deeper than any schema of ours, and was therefore dropped. */
  readonly tooDeep: readonly Path[];
}

const anything = z.unknown();

/** Deeper than every schema; what has no end must not end the process either. */
export const maxDepth = 100;

/** `value` as `schema` knows it. The given value is left as it is. */
export function prune(schema: z.ZodType, value: unknown): Pruned {
  const findings: Findings = { unknown: [], tooDeep: [] };
  const kept = pruned(schema, value, { step: '', depth: 0, parent: null, schema, findings });
  const unknown = findings.unknown.map((one) => ({ ...one, home: isTaken(kept, one) ? null : one.home }));
  return { value: kept, unknown, tooDeep: findings.tooDeep };
}

/** Whether there is a member of its name where it would belong: then that is not what was meant. */
function isTaken(value: unknown, { path, home }: UnknownField): boolean {
  if (home === null) return false;
  let at = value;
  for (const step of [...home, path.at(-1) ?? '']) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false;
    at = new Map<unknown, unknown>(Object.entries(at)).get(String(step));
  }
  return true;
}

interface Findings {
  readonly unknown: UnknownField[];
  readonly tooDeep: Path[];
}

/** A chain upwards: most places are never told, so their paths are not made. */
interface Place {
  readonly step: string | number;
  readonly depth: number;
  readonly parent: Place | null;
  readonly schema: z.ZodType;
  readonly findings: Findings;
}

function inside(parent: Place, step: string | number, schema: z.ZodType): Place {
  return { step, depth: parent.depth + 1, parent, schema, findings: parent.findings };
}

function pathOf(place: Place): Path {
  const path: (string | number)[] = [];
  for (let at = place; at.parent !== null; at = at.parent) path.unshift(at.step);
  return path;
}

function pruned(schema: z.ZodType, value: unknown, place: Place): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (place.depth >= maxDepth) {
    place.findings.tooDeep.push(pathOf(place));
    return undefined;
  }
  const bare = unwrapped(schema);
  if (Array.isArray(value)) {
    const item = bare instanceof z.ZodArray ? (bare.element as z.ZodType) : anything;
    return value.map((one, index) => pruned(item, one, inside(place, index, item)));
  }
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === null) continue;
    const memberSchema = schemaOfMember(bare, name);
    if (memberSchema === undefined) {
      const known = bare instanceof z.ZodObject ? Object.keys(bare.shape) : [];
      const path = pathOf(place);
      const home = homeBelow(bare, value, name, member);
      place.findings.unknown.push({
        path: [...path, name],
        known,
        home: home === null ? homeAbove(place, name, member) : [...path, ...home],
      });
    } else set(result, name, pruned(memberSchema, member, inside(place, name, memberSchema)));
  }
  return result;
}

/** Where `name` belongs that is not indented far enough: the one member that knows it, or the one that is there or that `type` names. */
function homeBelow(schema: z.ZodType, value: object, name: string, written: unknown): Path | null {
  if (!(schema instanceof z.ZodObject)) return null;
  const homes = Object.entries(schema.shape).flatMap(([member, one]): readonly Path[] => {
    const bare = unwrapped(one as z.ZodType);
    if (bare instanceof z.ZodArray)
      return knows(bare.element as z.ZodType, name, written) ? [[member, 0]] : [];
    return knows(bare, name, written) ? [[member]] : [];
  });
  if (homes.length < 2) return homes[0] ?? null;
  const type = new Map<string, unknown>(Object.entries(value)).get('type');
  const named = typeof type === 'string' ? type.toLowerCase() : null;
  const told = homes.filter(([member]) => {
    const text = String(member);
    return Object.hasOwn(value, text) || text.toLowerCase() === named;
  });
  return told.length === 1 ? (told[0] ?? null) : null;
}

/** Where `name` belongs that is indented too far; at the top of an object only what stands right below. */
function homeAbove(place: Place, name: string, value: unknown): Path | null {
  for (let at = place.parent; at !== null; at = at.parent) {
    if ((at.parent !== null || place.depth === 1) && knows(at.schema, name, value)) return pathOf(at);
  }
  return null;
}

/** Whether a member of that name is known there, and is such a thing as `value`: an object, a list or one by itself. */
function knows(schema: z.ZodType, name: string, value: unknown): boolean {
  const bare = unwrapped(schema);
  if (!(bare instanceof z.ZodObject) || !Object.hasOwn(bare.shape, name)) return false;
  const member = unwrapped(bare.shape[name] as z.ZodType);
  if (Array.isArray(value)) return !(member instanceof z.ZodObject);
  return (member instanceof z.ZodObject || member instanceof z.ZodRecord) === (typeof value === 'object');
}

/** Undefined: the schema does not know the member. What is no object by the schema is kept for it to refuse. */
function schemaOfMember(schema: z.ZodType, name: string): z.ZodType | undefined {
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (!(schema instanceof z.ZodObject)) return anything;
  if (Object.hasOwn(schema.shape, name)) return schema.shape[name] as z.ZodType;
  return schema.def.catchall === undefined ? undefined : anything;
}

/** The schema inside optional, default and transform. */
function unwrapped(schema: z.ZodType): z.ZodType {
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

/** A member named `__proto__` is a member like others. */
function set(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
    return;
  }
  target[name] = value;
}
