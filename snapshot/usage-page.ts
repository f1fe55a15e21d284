// How a data plane tells on its admin page what Consumers used, and how that is read.
import { parseJson } from './decode.ts';
import * as shape from './shape.ts';
import { usageLossShape, type UsageLoss, type UsageSum } from './usage.ts';

/** What a page tells; sums are entries of one object. */
export interface UsagePage {
  readonly sums: readonly UsageSum[];
  readonly losses: readonly UsageLoss[];
}

/** A sum as an entry: `<hour> <consumer> <plan> <route>`, for no name has a blank in it, and the units. */
export function entryOfSum({ hourMs, consumer, plan, route, units }: UsageSum): readonly [string, number] {
  return [`${hourMs} ${consumer} ${plan} ${route}`, units];
}

const losses = shape.list(usageLossShape);
const units = shape.record(/^\d{1,15} \S+ \S* \S*$/, shape.integer(0), Number.MAX_SAFE_INTEGER);

/** What stands in the text of a page. Throws a {@link shape.Mismatch} or a SnapshotError for what is none. */
export function readUsagePage(value: unknown): UsagePage {
  const page = typeof value === 'string' ? parseJson(value) : value;
  const sums = Object.entries(units(shape.peek(page, 'sums'))).map(([entry, used]): UsageSum => {
    const [hour = '', consumer = '', plan = '', route = ''] = entry.split(' ');
    return { hourMs: Number(hour), consumer, plan, route, units: used };
  });
  return { sums, losses: losses(shape.peek(page, 'losses')) };
}
