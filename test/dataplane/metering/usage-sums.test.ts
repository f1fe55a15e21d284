// What is kept of what was used: for how long, and how finely.
import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readSums, writeSums } from '#dataplane/metering/sums-file.ts';
import { UnitsBySeries } from '#dataplane/metering/unit-series.ts';
import { UsageSums } from '#dataplane/metering/usage-sums.ts';
import { hourMs } from '#snapshot/usage.ts';
import { givenFolder } from '#test/given/folder.ts';

const dayMs = 24 * hourMs;
const key = { consumer: 'shop/acme', plan: 'gold', route: 'HTTPRoute/shop/orders' };

test('hours are told for three days, then days, and after 400 of them nothing', () => {
  const nowMs = Date.UTC(2026, 10, 23, 12);
  const at = (days: number, hours = 0) => nowMs - days * dayMs - hours * hourMs;
  const sums = new UsageSums();
  for (const [units, fromMs] of [
    [1, at(2, 23)],
    [2, at(4)],
    [4, at(4, 1)],
    [8, at(400)],
    [16, at(400, 1)],
    [32, at(500)],
  ] as const)
    sums.add({ ...key, units, fromMs });
  sums.compact(nowMs);
  const midnight = (days: number) => at(days) - 12 * hourMs;
  assert.deepEqual(
    [...sums.all()].sort((one, other) => one.units - other.units),
    [
      { ...key, units: 1, hourMs: at(2, 23) },
      { ...key, units: 6, hourMs: midnight(4) },
      { ...key, units: 8, hourMs: midnight(400) },
    ],
  );
});

test('sums are on the disk before they take the place of those before', async (t) => {
  await using folder = await givenFolder();
  const file = path.join(folder.path, 'edge.sums.jsonl');
  const sums = (units: number) => [{ ...key, hourMs: 0, units }];
  const folding = { losses: [], folded: {}, merged: [] };
  await writeSums(file, folding, sums(1));
  const handle = await open(path.join(folder.path, 'any'), 'w');
  const FileHandle = Object.getPrototypeOf(handle) as { sync: (this: void) => Promise<void> };
  await handle.close();
  const { sync } = FileHandle;
  t.after(() => (FileHandle.sync = sync));
  let texts: readonly string[] = [];
  FileHandle.sync = async () => {
    texts = await Promise.all([file, `${file}.tmp`].map((one) => readFile(one, 'utf8')));
    throw new Error('EIO');
  };
  await assert.rejects(writeSums(file, folding, sums(2)), /EIO/);
  assert.match(texts[1] ?? '', /"units":2/, 'all of it is written when the disk is asked for it');
  assert.deepEqual((await readSums(file))?.sums, sums(1), 'what the disk does not have replaces nothing');
});

test('metrics have a thousand series at most, and what else is used stands in one more', () => {
  const series = new UnitsBySeries();
  for (let at = 0; at < 1200; at += 1) series.of({ ...key, consumer: `shop/${String(at)}` }).units += 1;
  const told = series.with([{ ...key, consumer: 'shop/late', units: 5 }]);
  assert.equal(told.length, 1001);
  assert.deepEqual(
    told.filter(({ units }) => units !== 1),
    [{ plan: '', consumer: 'other', units: 205 }],
  );
});
