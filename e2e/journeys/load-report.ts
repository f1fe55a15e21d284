// What journeys ask in a load, and demand of it.
import assert from 'node:assert/strict';
import type { Ask } from '../turnpike/client.ts';
import type { LoadReport } from '../turnpike/load-count.ts';

const bodyBytes = 1024;
const reads = 4;

/** Four GETs, then a POST with a body of 1 KB, and so on. */
export const readsAndWrites: readonly Ask[] = [
  ...Array.from({ length: reads }, (): Ask => ({ path: '/' })),
  { path: '/', method: 'POST', body: 'x'.repeat(bodyBytes) },
];

/** As many POSTs were answered as {@link readsAndWrites} has, and backends had the whole body of each. */
export function assertWritten({ sent, received }: LoadReport): void {
  const { 0: read = 0, [bodyBytes]: written = 0, ...cut } = received;
  assert.deepEqual(cut, {});
  const share = written / (read + written);
  assert.ok(
    Math.abs(share - 1 / (reads + 1)) < 0.01,
    `${written} POSTs and ${read} GETs of ${sent} requests`,
  );
}

/** Every request had its answer, and each answer was 200. */
export function assertAllServed(report: LoadReport): void {
  assert.deepEqual(report.failures, {}, JSON.stringify(report.mishaps, null, 1));
  assert.deepEqual(Object.keys(report.statuses), ['200'], JSON.stringify(report.mishaps, null, 1));
}

/** In one line for `test.diagnostic`. */
export function told(report: LoadReport): string {
  const { sent, heldBack, received, statuses, failures, latencyMs, gapMs, closedUnannounced } = report;
  return JSON.stringify({
    sent,
    heldBack,
    received,
    statuses,
    failures,
    latencyMs,
    gapMs,
    closedUnannounced,
  });
}
