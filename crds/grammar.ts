// The grammar all kinds share, told once: either/or by a discriminator, rules that no field alone can tell,
// lists with keys. Each building block makes the TypeScript type, the decoder's check and what the CRD says.
// Knows no kind.
import * as z from 'zod';

/**
 * A rule between fields: `cel` for the API server, `holds` its twin for the decoder. Same verdict always. Of kinds
 * whose CRDs others ship only `holds` is asked; there `cel` says where the rule stands.
 */
export interface Rule<T> {
  readonly cel: string;
  /** What is wrong and what to do about it. */
  readonly message: string;
  readonly holds: (value: T) => boolean;
  /** Where in a value that breaks it the mistake stands; left out: in the value as a whole. */
  readonly at?: (value: T) => readonly PropertyKey[];
}

/** Readonly all the way down; what the decoder hands out is frozen as deep. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** `schema` that also keeps `rules`; they are asked only when the value has the right shape, as the API server does. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const validations = [
    ...(celRulesOf(schema) ?? []),
    ...rules.map(({ cel, message }) => ({ rule: cel, message })),
  ];
  const checked = schema.check((context) => {
    if (context.issues.some((issue) => issue.code !== 'custom')) return;
    for (const rule of rules) {
      if (!holdsOf(rule, context.value, context.issues.length > 0)) {
        context.issues.push({
          ...broken(rule.message, context.value),
          path: [...(rule.at?.(context.value) ?? [])],
        });
      }
    }
  });
  return validations.length === 0 ? checked : checked.meta({ 'x-kubernetes-validations': validations });
}

/**
 * Never throws. A value that broke one rule may be of another shape than the next one's type says: what cannot be asked
 * then adds nothing to what is told already. Where nothing is told it is broken, as on an API server.
 */
function holdsOf<T>(rule: Rule<T>, value: T, isTold: boolean): boolean {
  try {
    return rule.holds(value);
  } catch {
    return isTold;
  }
}

function celRulesOf(schema: z.ZodType): readonly unknown[] | undefined {
  const rules = schema.meta()?.['x-kubernetes-validations'];
  return Array.isArray(rules) ? rules : undefined;
}

type Variants = Readonly<Record<string, z.ZodRawShape>>;

type Fields<Shape extends z.ZodRawShape> = { [Field in keyof Shape]: z.output<Shape[Field]> };

type OneOf<V extends Variants, Common extends z.ZodRawShape> = {
  [Type in keyof V & string]: { type: Type } & Fields<V[Type]> & Fields<Common>;
}[keyof V & string];

/** How a one-of is described: the types with the one field each of them has (or none), and what all have. */
export interface OneOfOptions<V extends Variants, Common extends z.ZodRawShape> {
  readonly variants: V;
  readonly common: Common;
  /** What `type` chooses, for `kubectl explain`. */
  readonly type: string;
  /** The type when none is written. */
  readonly defaultType?: keyof V & string;
}

/**
 * Either/or with the discriminator `type`: `{type: 'Header', header: {...}}`. In the CRD a flat object with one
 * rule a field (a union would not be structural); in TypeScript a union.
 */
export function oneOf<const V extends Variants, const Common extends z.ZodRawShape>(
  options: OneOfOptions<V, Common>,
): z.ZodType<OneOf<V, Common>> {
  const types = Object.keys(options.variants);
  const discriminator = z.enum(types).describe(options.type);
  const fields = types.flatMap((type) =>
    Object.entries(options.variants[type] ?? {}).map(([field, schema]) => ({ type, field, schema })),
  );
  const flat = z.object({
    type: options.defaultType === undefined ? discriminator : discriminator.default(options.defaultType),
    ...Object.fromEntries(fields.map(({ field, schema }) => [field, z.exactOptional(schema)])),
    ...options.common,
  });
  const rules = fields.map((one) => ({
    rule: `(self.type == '${one.type}') == has(self.${one.field})`,
    message: fieldOfType(one),
  }));
  const checked = flat.check((context) => {
    if (context.issues.some((issue) => issue.code !== 'custom')) return;
    for (const message of misfits(context.value, fields)) {
      context.issues.push(broken(message, context.value));
    }
  });
  // The rules just added make the flat object the union it is said to be.
  const made = rules.length === 0 ? checked : checked.meta({ 'x-kubernetes-validations': rules });
  return made as unknown as z.ZodType<OneOf<V, Common>>;
}

/** The one field of a type. */
interface TypeField {
  readonly type: string;
  readonly field: string;
}

function fieldOfType({ type, field }: TypeField): string {
  return `type ${type} needs the field ${field} and no other type may have it: add ${field}, remove it, or change type`;
}

/** That one field is missing and another one is there is one mistake, and told once. */
function misfits(value: Readonly<Record<string, unknown>>, fields: readonly TypeField[]): readonly string[] {
  const type = String(value['type']);
  const foreign = fields.filter((one) => one.type !== type && Object.hasOwn(value, one.field));
  const missing = fields.filter((one) => one.type === type && !Object.hasOwn(value, one.field));
  if (foreign.length === 0) return missing.map(fieldOfType);
  const own = fields.find((one) => one.type === type)?.field;
  return foreign.map((one) => {
    const instead =
      own === undefined || missing.length === 0 ? `remove ${one.field}` : `write ${own} in its place`;
    return `the field ${one.field} is for type ${one.type}, and type is ${type}: set type to ${one.type}, or ${instead}`;
  });
}

/** Rules of a CRD that others ship: each of these values of `tag` and its field go together. */
export function goTogether<T extends object>(
  tag: keyof T & string,
  fields: Readonly<Record<string, keyof T & string>>,
): readonly Rule<T>[] {
  return Object.entries(fields).map(([value, field]) => ({
    cel: `(two rules of the CRD: ${tag} ${value} and ${field} go together)`,
    message: `${tag} ${value} and the field ${field} go together: add ${field}, remove it, or change ${tag}`,
    holds: (told) => (told[tag] === value) === (told[field] !== undefined),
  }));
}

/** A list that server-side apply merges by `keys`; two items with equal keys are refused. */
export function listByKeys<S extends z.ZodType<object>>(
  item: S,
  keys: readonly [string, ...string[]],
): z.ZodArray<S> {
  return z
    .array(item)
    .check((context) => {
      const seen = new Set<string>();
      context.value.forEach((value, index) => {
        const key = JSON.stringify(keys.map((name) => (value as Readonly<Record<string, unknown>>)[name]));
        if (seen.has(key)) context.issues.push(duplicate(value, index, keys.join(', ')));
        seen.add(key);
      });
    })
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
}

/** A list of different values; server-side apply merges it value by value. */
export function setOf<S extends z.ZodType<string | number>>(item: S): z.ZodArray<S> {
  return z
    .array(item)
    .check((context) => {
      const seen = new Set<unknown>();
      context.value.forEach((value, index) => {
        if (seen.has(value)) context.issues.push(duplicate(value, index, 'value'));
        seen.add(value);
      });
    })
    .meta({ 'x-kubernetes-list-type': 'set' });
}

/** A list that has one owner and is replaced whole. */
export function atomicList<S extends z.ZodType>(item: S): z.ZodArray<S> {
  return z.array(item).meta({ 'x-kubernetes-list-type': 'atomic' });
}

function broken(message: string, input: unknown): z.core.$ZodRawIssue {
  // Continue: the rules of the levels above are asked too, so that one look shows all problems.
  return { code: 'custom', continue: true, message, input };
}

function duplicate(input: unknown, index: number, what: string): z.core.$ZodRawIssue {
  return {
    ...broken(
      `has the same ${what} as an item before it: remove one of them or give it another ${what}`,
      input,
    ),
    path: [index],
  };
}

/** Maps are bounded by the number of their names. */
export function atMost(count: number): (context: z.core.ParsePayload<Record<string, string>>) => void {
  return ({ value, issues }) => {
    if (Object.keys(value).length > count) {
      issues.push({ code: 'custom', message: `must have at most ${count} names`, input: value });
    }
  };
}
