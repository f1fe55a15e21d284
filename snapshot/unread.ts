// What a newer build tells and this one does not read. Where a resource asks something of requests, passing over a
// member would ask less than is meant; so such shapes are wrapped here, once, and no field needs to remember it.
import { Unread, peek, type Shape } from './shape.ts';

/** As `shape`, but throws {@link Unread} for any member, however deep, that it does not read. */
export function whole<T extends object>(shape: Shape<T>): Shape<T> {
  return closedBy(shape, '', (_, path) => {
    throw new Unread(path, 'is not known to this build');
  });
}

/** As `shape`, but of what has members that it does not read, those in the member `free` aside, what `close` makes of it. */
export function closedBy<T extends object>(
  shape: Shape<T>,
  free: string,
  close: (read: T, path: string) => T,
): Shape<T> {
  return (value) => {
    const read = shape(value);
    const path = unreadIn(value, read, free);
    return path === null ? read : close(read, path);
  };
}

/** Where the first member of `told` is that `read`, which was made of it, lacks; null when it has them all. */
function unreadIn(told: unknown, read: unknown, free = ''): string | null {
  // What says itself that it is not known has been closed for that.
  if (!isObject(told) || !isObject(read) || peek(read, 'kind') === 'Unknown') return null;
  const isList = Array.isArray(told);
  for (const [name, member] of Object.entries(told)) {
    if (name === free) continue;
    const step = isList ? `[${name}]` : name;
    if (!Object.hasOwn(read, name)) return step;
    const below = unreadIn(member, peek(read, name));
    if (below !== null) return below.startsWith('[') ? step + below : `${step}.${below}`;
  }
  return null;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
