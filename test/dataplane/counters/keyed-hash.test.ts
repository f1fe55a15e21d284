import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';

const of = (hash: KeyedHash, text: string): string => {
  hash.digest(text);
  return `${hash.hi} ${hash.lo}`;
};

test('a digest is the same the second time, after many others, and in another hash of the same key', () => {
  const hash = new KeyedHash(1, 2);
  const texts = ['', 'a', 'client 192.0.2.7', 'ä€\u{1f600}', '\ud800 alone', 'x'.repeat(1000)];
  const first = texts.map((text) => of(hash, text));
  assert.equal(new Set(first).size, texts.length);
  assert.deepEqual(
    texts.map((text) => of(hash, text)),
    first,
  );
  for (let at = 0; at < 10_000; at += 1) hash.digest(`other ${at}`);
  assert.deepEqual(
    texts.map((text) => of(hash, text)),
    first,
  );
  assert.deepEqual(
    texts.map((text) => of(new KeyedHash(1, 2), text)),
    first,
  );
  assert.notDeepEqual(
    texts.map((text) => of(new KeyedHash(1, 3), text)),
    first,
  );
});
