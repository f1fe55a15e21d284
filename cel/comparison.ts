import type { Frame } from './evaluation.ts';
import { Duration, Mapping, Optional, type Value } from './value.ts';

/** Whether two values are equal: int and double by number, lists and maps by their members; of two kinds never. */
export function areEqual(a: Value, b: Value, frame: Frame<unknown>): boolean {
  if (a === b) {
    if (typeof a === 'string') frame.chargeText(a);
    return true;
  }
  if (typeof a === 'string') {
    if (typeof b === 'string' && a.length === b.length) frame.chargeText(a);
    return false;
  }
  if (typeof a === 'bigint') return typeof b === 'number' && isSameNumber(a, b);
  if (typeof a === 'number') return typeof b === 'bigint' && isSameNumber(b, a);
  return areEqualObjects(a, b, frame);
}

function isSameNumber(int: bigint, double: number): boolean {
  return Number.isInteger(double) && BigInt(double) === int;
}

function areEqualObjects(a: Value, b: Value, frame: Frame<unknown>): boolean {
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Duration) return b instanceof Duration && a.ms === b.ms;
  if (a instanceof Mapping) return b instanceof Mapping && areEqualMaps(a, b, frame);
  if (a instanceof Optional) return b instanceof Optional && areEqualOptionals(a, b, frame);
  if (isList(a)) return isList(b) && areEqualLists(a, b, frame);
  return false;
}

function areEqualOptionals(a: Optional, b: Optional, frame: Frame<unknown>): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return areEqual(a.value, b.value, frame);
}

function areEqualLists(a: readonly Value[], b: readonly Value[], frame: Frame<unknown>): boolean {
  if (a.length !== b.length) return false;
  frame.charge(a.length);
  return a.every((member, at) => areEqual(member, b[at] ?? null, frame));
}

function areEqualMaps(a: Mapping, b: Mapping, frame: Frame<unknown>): boolean {
  const keys = frame.chargeKeys(a);
  if (keys.length !== frame.chargeKeys(b).length) return false;
  return keys.every((key) => {
    const other = b.get(key, frame);
    return other !== undefined && areEqual(a.get(key, frame) ?? null, other, frame);
  });
}

/** Less than 0, 0 or more as `a` is less than `b`, equal or more; NaN where neither, undefined where they have no order. */
export function orderOf(a: Value, b: Value, frame: Frame<unknown>): number | undefined {
  if (typeof a === 'string') {
    if (typeof b !== 'string') return undefined;
    frame.chargeText(a);
    return a < b ? -1 : Number(a > b);
  }
  if (isNumber(a)) return isNumber(b) ? orderOfNumbers(a, b) : undefined;
  if (a instanceof Date) return b instanceof Date ? a.getTime() - b.getTime() : undefined;
  if (a instanceof Duration) return b instanceof Duration ? a.ms - b.ms : undefined;
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : undefined;
  return undefined;
}

function orderOfNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : 0;
}

/** Whether `value` is a list. */
export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether `value` is an int or a double. */
export function isNumber(value: Value): value is number | bigint {
  return typeof value === 'bigint' || typeof value === 'number';
}
