// Which snapshot may follow which. The replicas of a controller see the cluster through watches of their own, one
// for each kind, and any of them may lag: so snapshots are compared kind by kind, never by one number.
import * as shape from './shape.ts';
import type { Order, Position } from './snapshot.ts';

const kindsMax = 64;

/** Reads an {@link Order}. */
export const orderShape: shape.Shape<Order> = shape.object<Order>({
  lineage: shape.shortText(253),
  kinds: shape.record(
    /^[A-Za-z][A-Za-z0-9]{0,62}$/,
    shape.object<Position>({
      seen: shape.pattern(/^[0-9]{1,40}$/, 'a decimal number'),
      state: shape.pattern(/^[A-Za-z0-9_-]{0,64}$/, 'a digest'),
    }),
    kindsMax,
  ),
});

/**
 * The kinds of which `order` knows less than `than`: it has seen a lower version of them, and other objects. One
 * that has seen less but has the same objects lacks nothing, so a kind in which nothing moves never counts. A kind
 * that `order` does not tell of is none that its maker's build takes into account. Empty for unrelated lineages.
 */
export function laggingKinds(order: Order, than: Order): readonly string[] {
  if (order.lineage !== than.lineage) return [];
  return Object.entries(than.kinds)
    .filter(([kind, { seen, state }]) => {
      const own = positionOf(order, kind);
      return own !== null && own.state !== state && BigInt(own.seen) < BigInt(seen);
    })
    .map(([kind]) => kind);
}

/** Whether `order` is older than `than` in any kind: its snapshot must not take the other's place. */
export function isOlder(order: Order, than: Order): boolean {
  return laggingKinds(order, than).length > 0;
}

/**
 * What one who held `held` (null: nothing) and took a snapshot of `taken` must remember: of each kind the position
 * that has seen more. Answers `held` itself when that changes nothing. Another lineage begins anew.
 */
export function advanced(held: Order | null, taken: Order): Order {
  if (held === null || held.lineage !== taken.lineage) return taken;
  const newer = Object.entries(taken.kinds).filter(([kind, { seen, state }]) => {
    const before = positionOf(held, kind);
    if (before === null || before.seen === seen) return before?.state !== state;
    return BigInt(before.seen) < BigInt(seen);
  });
  if (newer.length === 0) return held;
  return Object.freeze({
    lineage: held.lineage,
    kinds: Object.freeze({ ...held.kinds, ...Object.fromEntries(newer) }),
  });
}

function positionOf(order: Order, kind: string): Position | null {
  return Object.hasOwn(order.kinds, kind) ? (order.kinds[kind] ?? null) : null;
}
