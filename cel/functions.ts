// The functions that expressions call: `size(x)` and `x.size()`. What is not in these tables cannot be called.
import { isIP } from 'node:net';
import { isInt, timestampOf } from './arithmetic.ts';
import { charactersIn, offsetOf } from './characters.ts';
import { isList } from './comparison.ts';
import type { Frame } from './evaluation.ts';
import { Duration, Mapping, Network, Optional, type Value } from './value.ts';

/**
 * A function of one to three values, of which the receiver is the first; undefined where it has no value for these,
 * null stands for an argument that was not given. It charges for what takes longer the longer its arguments are.
 */
export type CelFunction = (a: Value, frame: Frame<unknown>, b: Value, c: Value) => Value | undefined;

/** Functions by name. */
export const functions: ReadonlyMap<string, CelFunction> = new Map<string, CelFunction>([
  ['size', sizeOf],
  ['dyn', (value) => value],
  ['string', textOf],
  ['int', intOf],
  ['double', doubleOf],
  ['bool', boolOf],
  ['timestamp', timestampFrom],
  ['duration', (text) => (typeof text === 'string' ? durationFrom(text) : undefined)],
]);

/** Functions of a receiver by name. */
export const methods: ReadonlyMap<string, CelFunction> = new Map<string, CelFunction>([
  ['size', sizeOf],
  ['startsWith', ofTexts((text, part) => text.startsWith(part))],
  ['endsWith', ofTexts((text, part) => text.endsWith(part))],
  ['contains', contains],
  ['indexOf', search((text, part, from) => text.indexOf(part, from))],
  ['lastIndexOf', search((text, part, from) => text.lastIndexOf(part, from))],
  ['substring', substring],
  ['split', split],
  ['lowerAscii', spelling((text) => text.replaceAll(/[A-Z]+/gu, (letters) => letters.toLowerCase()))],
  ['upperAscii', spelling((text) => text.replaceAll(/[a-z]+/gu, (letters) => letters.toUpperCase()))],
  ['trim', trim],
  ['hasValue', (value) => (value instanceof Optional ? value.value !== undefined : undefined)],
  ['value', (value) => (value instanceof Optional ? value.value : undefined)],
  ['containsIP', containsAddress],
  ['getFullYear', ofTime((time) => time.getUTCFullYear())],
  ['getMonth', ofTime((time) => time.getUTCMonth())],
  ['getDate', ofTime((time) => time.getUTCDate())],
  ['getDayOfMonth', ofTime((time) => time.getUTCDate() - 1)],
  ['getDayOfWeek', ofTime((time) => time.getUTCDay())],
  ['getDayOfYear', ofTime(dayOfYear)],
  ['getHours', ofTime((time) => time.getUTCHours(), 3_600_000)],
  ['getMinutes', ofTime((time) => time.getUTCMinutes(), 60_000)],
  ['getSeconds', ofTime((time) => time.getUTCSeconds(), 1000)],
  ['getMilliseconds', ofTime((time) => time.getUTCMilliseconds(), 1)],
]);

/** From 0. */
function dayOfYear(time: Date): number {
  const first = new Date(0);
  first.setUTCFullYear(time.getUTCFullYear());
  return Math.floor((time.getTime() - first.getTime()) / 86_400_000);
}

function sizeOf(value: Value, frame: Frame<unknown>): Value | undefined {
  if (typeof value === 'string') return BigInt(charactersIn(value, frame));
  if (value instanceof Mapping) return BigInt(frame.chargeKeys(value).length);
  return isList(value) ? BigInt(value.length) : undefined;
}

function textOf(value: Value): Value | undefined {
  if (typeof value === 'string') return value;
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return value === null || typeof value === 'object' ? undefined : String(value);
}

function intOf(value: Value): Value | undefined {
  if (typeof value === 'bigint') return value;
  const told = typeof value === 'number' ? whole(value) : wholeIn(value);
  return told !== undefined && isInt(told) ? told : undefined;
}

function whole(value: number): bigint | undefined {
  return Number.isFinite(value) ? BigInt(Math.trunc(value)) : undefined;
}

function wholeIn(value: Value): bigint | undefined {
  return typeof value === 'string' && value.length <= 20 && /^[-+]?[0-9]+$/u.test(value)
    ? BigInt(value.startsWith('+') ? value.slice(1) : value)
    : undefined;
}

function doubleOf(value: Value): Value | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  const isSpelt = typeof value === 'string' && value.length <= 64;
  return isSpelt && /^[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/u.test(value) ? Number(value) : undefined;
}

function boolOf(value: Value): Value | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return undefined;
}

function timestampFrom(value: Value): Value | undefined {
  if (typeof value === 'string' && value.length <= 40 && rfc3339.test(value) && isDay(value.slice(0, 10))) {
    return timestampOf(Date.parse(value)) ?? undefined;
  }
  return typeof value === 'bigint' ? (timestampOf(Number(value) * 1000) ?? undefined) : undefined;
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[-+]\d\d:\d\d)$/u;

/** The engine makes 2 March of 30 February. */
function isDay(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
}

const unitsMs: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000_001,
};

function durationFrom(text: string): Duration | undefined {
  if (text.length > 64 || !/^[-+]?(?:[0-9]{1,12}(?:\.[0-9]{1,12})?(?:h|ms|m|s|us|µs|ns))+$/u.test(text)) {
    return undefined;
  }
  let ms = 0;
  for (const [, count = '', unit = ''] of text.matchAll(/([0-9.]+)([a-zµ]+)/gu)) {
    ms += Number(count) * (unitsMs[unit] ?? 0);
  }
  return new Duration(text.startsWith('-') ? -ms : ms);
}

/** Letters that take turns are replaced one by one. */
function spelling(apply: (text: string) => string): CelFunction {
  return (text, frame) => {
    if (typeof text !== 'string') return undefined;
    frame.charge(text.length >> 2);
    return apply(text);
  };
}

function trim(text: Value, frame: Frame<unknown>): Value | undefined {
  if (typeof text !== 'string') return undefined;
  frame.chargeText(text);
  return text.trim();
}

function ofTexts(apply: (text: string, part: string) => Value): CelFunction {
  return (text, frame, part) => {
    if (typeof text !== 'string' || typeof part !== 'string') return undefined;
    frame.chargeText(text);
    return apply(text, part);
  };
}

function contains(text: Value, frame: Frame<unknown>, part: Value): Value | undefined {
  if (typeof text !== 'string' || typeof part !== 'string') return undefined;
  chargeSearch(text, part, frame);
  return text.includes(part);
}

/** `from`: where to begin, as the engine counts; what is found is told as CEL counts. */
function search(find: (text: string, part: string, from: number | undefined) => number): CelFunction {
  return (text, frame, part, from) => {
    if (typeof text !== 'string' || typeof part !== 'string') return undefined;
    chargeSearch(text, part, frame);
    const begin = typeof from === 'bigint' ? offsetOf(text, from, frame) : undefined;
    if (begin === undefined && from !== null) return undefined;
    const found = find(text, part, begin);
    return BigInt(found < 0 ? found : charactersIn(text.slice(0, found), frame));
  };
}

/** At worst the engine compares the whole part at each place of the text: about 1000 characters a unit. */
function chargeSearch(text: string, part: string, frame: Frame<unknown>): void {
  frame.chargeText(text);
  frame.charge(Math.trunc((text.length * part.length) / 1024));
}

function substring(text: Value, frame: Frame<unknown>, from: Value, to: Value): Value | undefined {
  if (typeof text !== 'string' || typeof from !== 'bigint') return undefined;
  const begin = offsetOf(text, from, frame);
  if (begin === undefined || to === null) return begin === undefined ? undefined : text.slice(begin);
  const end = typeof to === 'bigint' ? offsetOf(text, to, frame) : undefined;
  return end === undefined || end < begin ? undefined : text.slice(begin, end);
}

/** Each part is charged for, since it is a text of its own. */
function split(text: Value, frame: Frame<unknown>, separator: Value, most: Value): Value | undefined {
  if (typeof text !== 'string' || typeof separator !== 'string') return undefined;
  chargeSearch(text, separator, frame);
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  frame.charge(parts.length);
  if (typeof most !== 'bigint' || most < 0n || BigInt(parts.length) <= most) return parts;
  if (most === 0n) return [];
  const kept = Number(most) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)];
}

function containsAddress(network: Value, frame: Frame<unknown>, address: Value): Value | undefined {
  if (!(network instanceof Network) || typeof address !== 'string') return undefined;
  frame.charge(addressCost);
  if (isIP(address) === 0) return undefined;
  try {
    return network.list.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
  } catch {
    return undefined;
  }
}

/** What reading an address, or finding that it has a zone, costs. */
const addressCost = 10;

/** Of a timestamp in UTC; where `unitMs` is told, also how many of them a duration has. */
function ofTime(part: (time: Date) => number, unitMs?: number): CelFunction {
  return (value) => {
    if (value instanceof Date) return BigInt(part(value));
    if (value instanceof Duration && unitMs !== undefined) return BigInt(Math.trunc(value.ms / unitMs));
    return undefined;
  };
}
