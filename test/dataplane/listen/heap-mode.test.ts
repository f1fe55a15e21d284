import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HeapMode } from '#dataplane/listen/heap-mode.ts';
import { createListeners } from '#dataplane/listen/listeners.ts';
import { entryPoint } from '#e2e/images/entry-point.ts';
import { eventually } from '#test/given/eventually.ts';
import { aRawClient } from '#test/given/raw-client.ts';
import { aPort, aRuntime } from '#test/given/runtime.ts';

const small = '--optimize-for-size --heap-growing-percent=30';
const quick = '--no-optimize-for-size --heap-growing-percent=100';

/** What V8 was told while a data plane had so many connections one after the other. */
function told(...counts: readonly number[]): readonly string[] {
  const flags: string[] = [];
  const mode = new HeapMode((one) => flags.push(one));
  for (const connections of counts) mode.follow(counts, connections);
  return flags;
}

describe('the heap', () => {
  test('is small while there are few connections, as it was begun, and is told so once', () => {
    assert.deepEqual(told(0, 1, 511, 300, 0), [small]);
    const begun = entryPoint('dataplane').nodeOptions.find((option) => option.startsWith('--heap-growing'));
    assert.ok(begun !== undefined && small.includes(begun));
  });

  test('is quick with many, and small again when most of them have gone', () => {
    assert.deepEqual(told(0, 512, 10_000, 511, 256), [small, quick]);
    assert.deepEqual(told(0, 512, 255, 511, 512), [small, quick, small, quick]);
    assert.deepEqual(told(600), [quick]);
  });

  test('goes by the connections of all data planes of the process', () => {
    const flags: string[] = [];
    const mode = new HeapMode((one) => flags.push(one));
    const [one, other] = [{}, {}];
    mode.follow(one, 300);
    mode.follow(other, 300);
    assert.deepEqual(flags, [small, quick]);
    mode.follow(one, 0);
    assert.equal(flags.length, 2, '300 are left: neither few nor many');
    mode.follow(other, 0);
    assert.deepEqual(flags, [small, quick, small]);
  });

  test('is told how many connections a data plane has, and when it has ended', async () => {
    const counts: number[] = [];
    const heap = new HeapMode(null);
    heap.follow = (_, connections) => void counts.push(connections);
    const listeners = createListeners({
      cell: { current: aRuntime(aPort(80, {})) },
      observer: { exchangeFinished() {} },
      limits: { sweepMs: 5 },
      address: '127.0.0.1',
      bindPort: () => 0,
      heap,
    });
    await listeners.follow();
    using _one = await aRawClient(listeners.boundPort(80) ?? 0);
    using _other = await aRawClient(listeners.boundPort(80) ?? 0);
    await eventually(() => counts.at(-1) === 2);
    listeners.close();
    assert.equal(counts.at(-1), 0);
  });
});
