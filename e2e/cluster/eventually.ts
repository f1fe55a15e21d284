import { setTimeout as pause } from 'node:timers/promises';
import { ClusterError } from './cluster-error.ts';

export type Patience = { readonly deadlineMs?: number; readonly intervalMs?: number };

/** A check that starts a kubectl each time takes a good tenth of a second of CPU: it must not slow down what it waits for. */
const restPerLook = 2;
const restMsMax = 500;

/**
 * Looks every `intervalMs` until `check` gives something other than undefined, and resolves with that. Left out it is
 * 100, or twice as long as a look takes, at most 500. A check that throws counts as "not yet". After `deadlineMs`
 * (30,000) it rejects with a ClusterError `deadline` that says what was waited for, caused by the last thing thrown.
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  { deadlineMs = 30_000, intervalMs }: Patience = {},
): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const lookedAt = performance.now();
    let cause: unknown;
    try {
      const found = await check();
      if (found !== undefined) return found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= endsAt)
      throw new ClusterError('deadline', `Not within ${deadlineMs} ms: ${what}`, { cause });
    const tookMs = performance.now() - lookedAt;
    await pause(intervalMs ?? Math.min(Math.max(100, tookMs * restPerLook), restMsMax));
  }
}
