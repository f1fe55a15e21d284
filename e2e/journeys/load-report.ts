// What journeys demand of a load.
import assert from 'node:assert/strict';
import type { LoadReport } from '../turnpike/load-count.ts';

/** Every request had its answer, and each answer was 200. */
export function assertAllServed(report: LoadReport): void {
  assert.deepEqual(report.failures, {}, JSON.stringify(report.mishaps, null, 1));
  assert.deepEqual(Object.keys(report.statuses), ['200'], JSON.stringify(report.mishaps, null, 1));
}

/** In one line for `test.diagnostic`. */
export function told({ sent, statuses, failures, latencyMs, gapMs, closedUnannounced }: LoadReport): string {
  return JSON.stringify({ sent, statuses, failures, latencyMs, gapMs, closedUnannounced });
}
