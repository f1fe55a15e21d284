// How often a browser has begun to log in of late. One that loses its session at once (it keeps no more cookies, say)
// would go round and round between gateway and provider.
import * as shape from '#snapshot/shape.ts';
import { parsed } from './parsed.ts';

/** So many logins in so long are none any more. */
const loginsMax = 30;
export const tallyMs = 60_000;

/** Begun at a time; sealed in a cookie. */
export interface Tally {
  readonly sinceMs: number;
  readonly count: number;
}

const tallyShape = shape.object<Tally>({ sinceMs: shape.integer(0), count: shape.integer(0) });

/** With one more at `nowMs`; null when it is one too many. */
export function counted(text: string | null, nowMs: number): Tally | null {
  const before = text === null ? null : parsed(text, tallyShape);
  if (before === null || nowMs >= before.sinceMs + tallyMs) return { sinceMs: nowMs, count: 1 };
  return before.count >= loginsMax ? null : { ...before, count: before.count + 1 };
}
