import type { Order } from './snapshot.ts';

/** Whether `order` is older than `than`: of the same lineage, with a lower mark. Unrelated lineages are not older. */
export function isOlder(order: Order, than: Order): boolean {
  return order.lineage === than.lineage && BigInt(order.mark) < BigInt(than.mark);
}
