import { setTimeout } from 'node:timers/promises';

/** Resolves once `holds` answers true or does not throw; rejects with its last word after `deadlineMs`. */
export async function eventually(holds: () => unknown, deadlineMs = 5_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    try {
      if ((await holds()) !== false) return;
      if (performance.now() > end) throw new Error(`it did not come true within ${deadlineMs} ms`);
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await setTimeout(2);
  }
}
