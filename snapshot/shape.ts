// Small decoders from which the decoders of the contract are put together. Each takes `unknown` and returns frozen
// data of its type, or throws a Mismatch that tells where; fields that a shape does not know are ignored.
import type { ResourceId, ResourceKind } from './ids.ts';
import { Secret } from './secret.ts';

/** Reads a value of type T from what JSON.parse gave; throws {@link Mismatch}. */
export type Shape<T> = (value: unknown) => T;

/** Where and why a value is not of its shape. Never holds the value itself: it may be secret. */
export class Mismatch extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.name = 'Mismatch';
    this.path = path;
  }
}

/** A member that asks something is not known: neither what was read nor what was there before may stand for it. */
export class Unread extends Mismatch {}

/** A string. */
export const text: Shape<string> = (value) => {
  if (typeof value !== 'string') throw wrong('a string', value);
  return value;
};

/** A string of at least one and at most `max` characters. */
export function shortText(max: number): Shape<string> {
  return (value) => {
    const read = text(value);
    if (read.length === 0 || read.length > max) throw new Mismatch('', `must have 1 to ${max} characters`);
    return read;
  };
}

/** A string that matches `pattern`; `what` says in words what it should be. */
export function pattern<T extends string = string>(pattern: RegExp, what: string): Shape<T> {
  return (value) => {
    const read = text(value);
    if (!pattern.test(read)) throw new Mismatch('', `must be ${what}`);
    return read as T;
  };
}

/** A safe integer between `min` and `max`, both included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw wrong('an integer', value);
    if (value < min || value > max) throw new Mismatch('', `must be between ${min} and ${max}`);
    return value;
  };
}

/** true or false. */
export const flag: Shape<boolean> = (value) => {
  if (typeof value !== 'boolean') throw wrong('true or false', value);
  return value;
};

/** One of the given values. */
export function oneOf<const T extends string | number>(...values: readonly T[]): Shape<T> {
  return (value) => {
    const found = values.find((allowed) => allowed === value);
    if (found === undefined) throw new Mismatch('', `must be one of ${values.join(', ')}`);
    return found;
  };
}

/** null, or what `shape` reads. The field must be there. */
export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value) => (value === null ? null : shape(value));
}

/** What `shape` reads, or `missing` when the field is not there: one of an older build. */
export function optional<T>(shape: Shape<T>, missing: T): Shape<T> {
  return (value) => (value === undefined ? missing : shape(value));
}

/** How each field of T is read. */
export type Fields<T extends object> = { readonly [K in keyof T]-?: Shape<T[K]> };

/** `fields`, of which those that are not there are as in `missing`: what an older build did not tell. */
export function defaulted<T extends object>(fields: Fields<T>, missing: T): Fields<T> {
  const names = Object.keys(fields) as (keyof T)[];
  const entries = names.map((name) => [name, optional(fields[name], missing[name])]);
  // Every field of T has been made of its own shape.
  return Object.fromEntries(entries) as Fields<T>;
}

const nothing: readonly never[] = Object.freeze([]);

/** A list of what `item` reads, with at least `min` and at most `max` items; frozen. */
export function list<T>(item: Shape<T>, min = 0, max = Number.MAX_SAFE_INTEGER): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw wrong('a list', value);
    if (value.length < min || value.length > max) {
      throw new Mismatch('', `must have ${min} to ${max} items`);
    }
    if (value.length === 0) return nothing;
    let index = 0;
    try {
      // A list that grows has room for 17: thousands of routes have a dozen lists of one each.
      return Object.freeze(
        value.map((one: unknown, at) => {
          index = at;
          return item(one);
        }),
      );
    } catch (error) {
      throw within(`[${index}]`, error);
    }
  };
}

/** An object with all of the given fields; others are ignored. Frozen. */
export function object<T extends object>(fields: Fields<T>): Shape<T> {
  const shapes: readonly (readonly [string, Shape<unknown>])[] = Object.entries(fields);
  return (value) => {
    const record = recordOf(value);
    const read: Record<string, unknown> = {};
    let name = '';
    try {
      for (const [key, shape] of shapes) {
        name = key;
        read[key] = shape(fieldOf(record, key));
      }
    } catch (error) {
      throw within(name, error);
    }
    // Every field of T was read by its own shape.
    return Object.freeze(read) as T;
  };
}

/** An object with at most `max` fields whose names match `names`, each of them what `value` reads. Frozen. */
export function record<T>(names: RegExp, value: Shape<T>, max: number): Shape<Readonly<Record<string, T>>> {
  return (from) => {
    const fields = Object.entries(recordOf(from));
    if (fields.length > max) throw new Mismatch('', `must have at most ${max} fields`);
    const read: Record<string, T> = {};
    for (const [name, field] of fields) {
      // Matching names before they are used keeps `__proto__` out.
      if (!names.test(name)) throw new Mismatch('', 'has a field of a bad name');
      try {
        read[name] = value(field);
      } catch (error) {
        throw within(name, error);
      }
    }
    return Object.freeze(read);
  };
}

/** The member of a union that the field `discriminator` names; of another name what `other` makes of it, if that is given. */
export function variant<T extends object>(
  discriminator: string,
  members: Readonly<Record<string, Shape<T>>>,
  other?: (name: string) => T,
): Shape<T> {
  return (value) => {
    const name = fieldOf(recordOf(value), discriminator);
    const member = typeof name === 'string' && Object.hasOwn(members, name) ? members[name] : undefined;
    if (member !== undefined) return member(value);
    if (typeof name === 'string' && other !== undefined) return Object.freeze(other(name));
    throw new Mismatch(discriminator, `must be one of ${Object.keys(members).join(', ')}`);
  };
}

/** What `shape` reads, hidden from logs and dumps. */
export function secret<T>(shape: Shape<T>): Shape<Secret<T>> {
  return (value) => new Secret(shape(value));
}

/** The id of a resource of `kind`. */
export function idOf(kind: ResourceKind): Shape<ResourceId> {
  const prefix = `${kind}/`;
  return (value) => {
    const read = text(value);
    if (!read.startsWith(prefix) || read.length === prefix.length) {
      throw new Mismatch('', `must be the id of a ${kind}`);
    }
    return read as ResourceId;
  };
}

/** A field of an object of unknown shape; undefined when the value is no object or lacks it. */
export function peek(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? fieldOf(value, key) : undefined;
}

function recordOf(value: unknown): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('an object', value);
  return value;
}

function fieldOf(record: object, key: string): unknown {
  return Object.hasOwn(record, key) ? (record as Readonly<Record<string, unknown>>)[key] : undefined;
}

function wrong(wanted: string, value: unknown): Mismatch {
  return new Mismatch('', value === undefined ? 'is missing' : `must be ${wanted}`);
}

function within(step: string, error: unknown): unknown {
  if (!(error instanceof Mismatch)) return error;
  const joint = error.path === '' || error.path.startsWith('[') ? '' : '.';
  const Same = error instanceof Unread ? Unread : Mismatch;
  return new Same(`${step}${joint}${error.path}`, error.message);
}
