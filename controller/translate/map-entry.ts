import type { Unit } from './memo.ts';

/**
 * What `whole` holds for the last part of a key, asked for the parts before it; `none` where it holds nothing. A unit of
 * its own, so that who asks rests while only other entries change.
 */
export function entryOf<Value>(
  name: string,
  whole: Unit<ReadonlyMap<string, Value>>,
  none: Value,
): Unit<Value> {
  return {
    name,
    compute: (read, ...key) => read.ask(whole, ...key.slice(0, -1)).get(key.at(-1) ?? '') ?? none,
  };
}
