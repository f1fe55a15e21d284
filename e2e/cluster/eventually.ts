import { setTimeout as pause } from 'node:timers/promises';
import { ClusterError } from './cluster-error.ts';

export type Patience = { readonly deadlineMs?: number; readonly intervalMs?: number };

/**
 * Looks every `intervalMs` (100) until `check` gives something other than undefined, and resolves with that.
 * A check that throws counts as "not yet". After `deadlineMs` (30,000) it rejects with a ClusterError `deadline` that says
 * what was waited for, caused by the last thing thrown.
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  { deadlineMs = 30_000, intervalMs = 100 }: Patience = {},
): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      const found = await check();
      if (found !== undefined) return found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= endsAt)
      throw new ClusterError('deadline', `Not within ${deadlineMs} ms: ${what}`, { cause });
    await pause(intervalMs);
  }
}
