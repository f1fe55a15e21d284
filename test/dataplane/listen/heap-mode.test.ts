import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HeapMode } from '#dataplane/listen/heap-mode.ts';

const small = '--optimize-for-size --heap-growing-percent=30';
const quick = '--no-optimize-for-size --heap-growing-percent=100';

/** What V8 was told while there were so many connections one after the other. */
function told(...counts: readonly number[]): readonly string[] {
  const flags: string[] = [];
  const mode = new HeapMode((one) => flags.push(one));
  for (const connections of counts) mode.follow(connections);
  return flags;
}

describe('the heap', () => {
  test('is small while there are few connections, and is told so once', () => {
    assert.deepEqual(told(0, 1, 511, 300, 0), [small]);
  });

  test('is quick with many, and small again when most of them have gone', () => {
    assert.deepEqual(told(0, 512, 10_000, 511, 256), [small, quick]);
    assert.deepEqual(told(0, 512, 255, 511, 512), [small, quick, small, quick]);
    assert.deepEqual(told(600), [quick]);
  });

  test('stays as it is where Node was not told to give a way', () => {
    assert.doesNotThrow(() => new HeapMode(null).follow(1_000));
  });
});
