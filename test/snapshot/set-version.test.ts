import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { versionOf } from '#snapshot/encode.ts';
import { SetVersion } from '#snapshot/set-version.ts';

const change = fc.record({
  id: fc.constantFrom('', 'a', 'aa', 'b', 'Route/x', 'Route/x/y', '1:a', '10:a'),
  hash: fc.constantFrom(null, 'one', 'two'),
});

test('a set has the version of its content, whatever was put and deleted on the way', () => {
  fc.assert(
    fc.property(fc.array(change), fc.array(change), (before, changes) => {
      const content = new Map<string, string>();
      for (const { id, hash } of before) if (hash !== null) content.set(id, hash);
      const set = new SetVersion(content);
      for (const { id, hash } of changes) {
        if (hash === null) {
          content.delete(id);
          set.delete(id);
        } else {
          content.set(id, hash);
          set.put(id, hash);
        }
      }
      assert.equal(set.version, versionOf([...content].reverse()));
    }),
  );
});

test('sets of other content have other versions', () => {
  const versions = [[], [['a', 'one']], [['a', 'two']], [['b', 'one']], [['a', 'one'], ['b', 'one']]].map(
    (entries) => new SetVersion(entries as unknown as [string, string][]).version,
  ); // prettier-ignore
  assert.equal(new Set(versions).size, versions.length);
});
