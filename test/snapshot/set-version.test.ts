import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { versionOf } from '#snapshot/encode.ts';
import { SetVersions } from '#snapshot/set-version.ts';
import { ShelvedMap, changedKeys } from '#snapshot/shelved-map.ts';

const change = fc.record({
  id: fc.constantFrom('', 'a', 'aa', 'b', 'Route/x', 'Route/x/y', '1:a', '10:a'),
  hash: fc.constantFrom(null, 'one', 'two'),
});

const entry = (hash: string | null) => (hash === null ? undefined : { hash });

test('a set has the version of its content, whatever was put and deleted on the way', () => {
  fc.assert(
    fc.property(fc.array(fc.array(change)), (steps) => {
      const versions = new SetVersions();
      const content = new Map<string, string>();
      let set = ShelvedMap.empty<string, { readonly hash: string }>();
      for (const changes of steps) {
        for (const { id, hash } of changes) {
          if (hash === null) content.delete(id);
          else content.set(id, hash);
        }
        set = set.with(changes.map(({ id, hash }) => [id, entry(hash)] as const));
        assert.equal(versions.of(set), versionOf([...content].reverse()));
      }
    }),
  );
});

test('a map with changes is what a Map would be, and the map before stays as it was', () => {
  const key = fc.constantFrom(...Array.from({ length: 600 }, (_, at) => `Route/${at}`));
  const step = fc.array(fc.tuple(key, fc.option(fc.record({ hash: fc.nat(2) }), { nil: undefined })));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const model = new Map<string, { readonly hash: number }>();
      let map = ShelvedMap.empty<string, { readonly hash: number }>();
      for (const changes of steps) {
        const before = new Map(model);
        for (const [id, value] of changes) {
          if (value === undefined) model.delete(id);
          else model.set(id, value);
        }
        const now = map.with(changes);
        assert.deepEqual(new Map(map), before);
        assert.deepEqual(new Map(now), model);
        assert.equal(now.size, model.size);
        const changed = new Set(changedKeys<string, { readonly hash: number }>(before, model));
        assert.deepEqual(new Set(changedKeys(map, now)), changed);
        map = now;
      }
    }),
  );
});

test('sets of other content have other versions', () => {
  const versions = [[], [['a', 'one']], [['a', 'two']], [['b', 'one']], [['a', 'one'], ['b', 'one']]].map(
    (entries) => versionOf(entries as unknown as [string, string][]),
  ); // prettier-ignore
  assert.equal(new Set(versions).size, versions.length);
});
