// What expressions work with. Integers are bigint, so that they stay exact; numbers of JSON that are integers count
// among them.
import type { BlockList } from 'node:net';

/** A value of an expression: CEL's string, int, double, bool, null, timestamp, duration, optional, list and map. */
export type Value =
  | string
  | bigint
  | number
  | boolean
  | null
  | Date
  | Duration
  | Optional
  | Network
  | Mapping
  | readonly Value[];

/** A span of time. */
export class Duration {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}

/** What may be there: `value` is undefined where it is not. */
export class Optional {
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** What is not there. */
export const none = new Optional(undefined);

/** A network, as `cidr()` gives it. */
export class Network {
  readonly list: BlockList;

  constructor(list: BlockList) {
    this.list = list;
  }
}

/** A map by text. Only what was put into it is in it: no member of any prototype. */
export abstract class Mapping {
  abstract get(key: string): Value | undefined;
  abstract keys(): readonly string[];
}

/** A map that an expression spells out. */
export class SpeltMapping extends Mapping {
  readonly #entries: ReadonlyMap<string, Value>;

  constructor(entries: ReadonlyMap<string, Value>) {
    super();
    this.#entries = entries;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  keys(): readonly string[] {
    return [...this.#entries.keys()];
  }
}

/** An object of JSON; what is in it is made into values when it is asked for, lists and objects once. */
export class JsonMapping extends Mapping {
  readonly #object: Readonly<Record<string, unknown>>;
  #made: Map<string, Value> | null = null;

  constructor(object: Readonly<Record<string, unknown>>) {
    super();
    this.#object = object;
  }

  get(key: string): Value | undefined {
    if (!Object.hasOwn(this.#object, key)) return undefined;
    const json = this.#object[key];
    return typeof json === 'object' && json !== null ? this.#kept(key, json) : fromJson(json);
  }

  keys(): readonly string[] {
    return Object.keys(this.#object);
  }

  #kept(key: string, json: object): Value {
    this.#made ??= new Map();
    const value = this.#made.get(key) ?? fromJson(json);
    this.#made.set(key, value);
    return value;
  }
}

/** A value of JSON: numbers that are integers, as far as they are exact, become ints. */
export function fromJson(json: unknown): Value {
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (typeof json !== 'object' || json === null) return null;
  return isList(json) ? listFromJson(json) : new JsonMapping(json as Readonly<Record<string, unknown>>);
}

function isList(json: object): json is readonly unknown[] {
  return Array.isArray(json);
}

function listFromJson(list: readonly unknown[]): readonly Value[] {
  return isTexts(list) ? list : list.map(fromJson);
}

function isTexts(list: readonly unknown[]): list is readonly string[] {
  return list.every((member) => typeof member === 'string');
}
