import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '#admin/log.ts';
import { reportPublish } from '#controller/cluster/reports.ts';

test('what strangers cause is told so often that the log stays readable, and how much was left out', () => {
  const lines: [string, unknown][] = [];
  const tell = (event: string, fields: unknown) => void lines.push([event, fields]);
  const log: Log = { info: tell, warn: tell, error: tell };
  let nowMs = 0;
  const report = reportPublish(log, () => nowMs);
  const refused = { kind: 'Refused', status: 401, reason: 'no', address: '::1' } as const;
  for (let one = 0; one < 1_000; one += 1) report(refused);
  report({ kind: 'Failed', problem: 'x' });
  assert.equal(lines.length, 11);
  nowMs = 60_000;
  report(refused);
  assert.deepEqual(lines.slice(11), [
    ['PeerRefusedOften', { unsaid: 990 }],
    ['PeerRefused', { status: 401, reason: 'no', address: '::1' }],
  ]);
});
