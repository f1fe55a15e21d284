import { isList } from './comparison.ts';
import { textMax, type Frame, type Place } from './evaluation.ts';
import { Duration, type Value } from './value.ts';

/** The operators that make one value of two. */
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';

/** `a` operator `b`; fails at `place` where there is no such operator for them, or no such number. */
export function arithmetic(
  operator: ArithmeticOperator,
  place: Place,
): (a: Value, b: Value, frame: Frame<unknown>) => Value {
  return (a, b, frame) => {
    if (typeof a === 'bigint' && typeof b === 'bigint') return ofInts(operator, a, b, place);
    if (typeof a === 'number' && typeof b === 'number') return ofDoubles(operator, a, b, place);
    if (operator === '+') return sum(a, b, frame, place);
    if (operator === '-') return difference(a, b, place);
    throw place.failure(noOperator);
  };
}

const noOperator = 'these two have no such operator';

const intMax = 2n ** 63n - 1n;
const intMin = -(2n ** 63n);

/** Whether an int of CEL holds it: 64 bits. */
export function isInt(value: bigint): boolean {
  return value <= intMax && value >= intMin;
}

function ofInts(operator: ArithmeticOperator, a: bigint, b: bigint, place: Place): bigint {
  if (b === 0n && (operator === '/' || operator === '%')) throw place.failure('division by zero');
  const result = intResult(operator, a, b);
  if (!isInt(result)) throw place.failure('an int of more than 64 bits');
  return result;
}

function intResult(operator: ArithmeticOperator, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    default:
      return operator satisfies never;
  }
}

function ofDoubles(operator: ArithmeticOperator, a: number, b: number, place: Place): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      throw place.failure(noOperator);
    default:
      return operator satisfies never;
  }
}

function sum(a: Value, b: Value, frame: Frame<unknown>, place: Place): Value {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length + b.length > textMax) throw place.failure('too long a text');
    frame.chargeText(a);
    frame.chargeText(b);
    return a + b;
  }
  if (isList(a) && isList(b)) {
    frame.charge(a.length + b.length);
    return [...a, ...b];
  }
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.ms + b.ms);
  if (a instanceof Date && b instanceof Duration) return timestampAt(a.getTime() + b.ms, place);
  if (a instanceof Duration && b instanceof Date) return timestampAt(a.ms + b.getTime(), place);
  throw place.failure(noOperator);
}

function difference(a: Value, b: Value, place: Place): Value {
  if (a instanceof Date && b instanceof Date) return new Duration(a.getTime() - b.getTime());
  if (a instanceof Date && b instanceof Duration) return timestampAt(a.getTime() - b.ms, place);
  if (a instanceof Duration && b instanceof Duration) return new Duration(a.ms - b.ms);
  throw place.failure(noOperator);
}

/** The years 1 to 9999, as timestamps of CEL have them. */
function timestampAt(ms: number, place: Place): Date {
  const timestamp = timestampOf(ms);
  if (timestamp === null) throw place.failure('no such timestamp');
  return timestamp;
}

/** The timestamp so many milliseconds after 1970; null beyond the years 1 to 9999. */
export function timestampOf(ms: number): Date | null {
  return ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999 ? new Date(ms) : null;
}
