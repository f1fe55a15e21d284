import { Secret } from '#snapshot/secret.ts';

/**
 * `next`, frozen, with every part that says the same as its counterpart in `previous` replaced by that one; so
 * equal content is the same reference. A part that is frozen already is kept whole or replaced whole. Knows
 * arrays, plain objects, Maps and {@link Secret}.
 */
export function share<T>(previous: unknown, next: T): T {
  return shared(previous, next) as T;
}

function shared(previous: unknown, next: unknown): unknown {
  if (Object.is(previous, next) || typeof next !== 'object' || next === null) {
    return next;
  }
  if (next instanceof Map) {
    return sharedMap(previous instanceof Map ? previous : new Map(), next);
  }
  if (Object.isFrozen(next)) {
    return equal(previous, next) ? previous : next;
  }
  return Array.isArray(next)
    ? sharedArray(Array.isArray(previous) ? previous : null, next)
    : sharedObject(isPlain(previous) ? previous : null, { ...next });
}

function sharedArray(previous: readonly unknown[] | null, next: readonly unknown[]): readonly unknown[] {
  // Of a long list little is another one mostly: what is the very same in front of it and behind it costs a look.
  const before = previous ?? [];
  const shorter = Math.min(before.length, next.length);
  let first = 0;
  while (first < shorter && before[first] === next[first]) first += 1;
  let behind = 0;
  while (behind < shorter - first && before.at(-1 - behind) === next.at(-1 - behind)) behind += 1;
  const end = next.length - behind;
  const parts = next.map((part, at) => (at < first || at >= end ? part : shared(before[at], part)));
  const same = previous?.length === parts.length && parts.every((part, index) => part === previous[index]);
  return same ? previous : Object.freeze(parts);
}

function sharedMap(
  previous: ReadonlyMap<unknown, unknown>,
  next: ReadonlyMap<unknown, unknown>,
): ReadonlyMap<unknown, unknown> {
  // Nearly all parts of a large Map are shared already: it is copied only when one is not.
  let parts: Map<unknown, unknown> | null = null;
  let same = previous.size === next.size;
  for (const [key, part] of next) {
    const before = previous.get(key);
    const one = shared(before, part);
    same &&= one === before && (one !== undefined || previous.has(key));
    if (one === part && parts === null) continue;
    parts ??= new Map(next);
    parts.set(key, one);
  }
  return same ? previous : (parts ?? next);
}

type Plain = Readonly<Record<string, unknown>>;

function sharedObject(previous: Plain | null, next: Plain): Plain {
  const entries = Object.entries(next).map(([name, part]) => [name, shared(previous?.[name], part)] as const);
  const same =
    previous !== null &&
    entries.length === Object.keys(previous).length &&
    entries.every(([name, part]) => name in previous && previous[name] === part);
  return same ? previous : Object.freeze(Object.fromEntries(entries));
}

function isPlain(value: unknown): value is Plain {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Map) &&
    !(value instanceof Secret)
  );
}

/** Whether two values have equal content. */
export function equal(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) {
    return true;
  }
  // A Secret keeps its value where a comparison of fields would not see it.
  if (one instanceof Secret || other instanceof Secret) {
    return one instanceof Secret && other instanceof Secret && Object.is(one.reveal(), other.reveal());
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((part, index) => equal(part, other[index]));
  }
  if (one instanceof Map && other instanceof Map) {
    return (
      one.size === other.size &&
      [...one].every(([key, part]) => other.has(key) && equal(part, other.get(key)))
    );
  }
  if (!isPlain(one) || !isPlain(other)) {
    return false;
  }
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && equal(one[name], other[name]))
  );
}
