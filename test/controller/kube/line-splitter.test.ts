import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KubeError } from '#controller/kube/kube-error.ts';
import { LineSplitter } from '#controller/kube/line-splitter.ts';

test('lines come out whole wherever the stream was cut, in the middle of a character too', () => {
  const line = fc.string({ minLength: 1, unit: 'grapheme' }).map((text) => JSON.stringify(text));
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 9 }), (lines, size) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const splitter = new LineSplitter(1_000_000);
      const out: string[] = [];
      for (let at = 0; at < bytes.length; at += size)
        out.push(...splitter.push(bytes.subarray(at, at + size)));
      assert.deepEqual(out, lines);
    }),
  );
});

test('a line without end is not collected for ever', () => {
  const splitter = new LineSplitter(100);
  assert.deepEqual([...splitter.push(Buffer.alloc(100, 'a'))], []);
  assert.throws(
    () => [...splitter.push(Buffer.from('a'))],
    (error) => error instanceof KubeError && error.failure === 'TooLarge',
  );
});
