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

/** Takes what reading costs off the budget of an evaluation; throws when it is used up. */
export interface Meter {
  charge(units: number): void;
}

/**
 * A map by text. Only what was put into it is in it: no member of any prototype. What takes longer the more is in it
 * is charged for, but for the listing of keys.
 */
export abstract class Mapping {
  abstract get(key: string, meter: Meter): Value | undefined;
  abstract keys(meter: Meter): readonly string[];
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

  get(key: string, meter: Meter): Value | undefined {
    if (!Object.hasOwn(this.#object, key)) return undefined;
    const json = this.#object[key];
    return typeof json === 'object' ? this.#madeOf(key, json, meter) : fromJson(json, meter);
  }

  keys(): readonly string[] {
    return Object.keys(this.#object);
  }

  #madeOf(key: string, json: unknown, meter: Meter): Value {
    this.#made ??= new Map();
    let value = this.#made.get(key);
    if (value === undefined) {
      value = fromJson(json, meter);
      this.#made.set(key, value);
    }
    return value;
  }
}

/** A value of JSON: numbers that are integers, as far as they are exact, become ints. */
function fromJson(json: unknown, meter: Meter): Value {
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (isList(json)) return listFromJson(json, meter);
  return isObject(json) ? new JsonMapping(json) : null;
}

function isList(json: unknown): json is readonly unknown[] {
  return Array.isArray(json);
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null;
}

function listFromJson(list: readonly unknown[], meter: Meter): readonly Value[] {
  meter.charge(list.length);
  return isTexts(list) ? list : list.map((member) => fromJson(member, meter));
}

function isTexts(list: readonly unknown[]): list is readonly string[] {
  return list.every((member) => typeof member === 'string');
}
