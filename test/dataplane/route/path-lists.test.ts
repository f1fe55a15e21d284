import { PathLists } from '#dataplane/route/path-lists.ts';
import type { Candidate } from '#dataplane/route/path-table.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { it } from 'node:test';

type List = readonly Candidate<string>[];

function listOf(word: number): List {
  return [{ routed: { rule: String(word), matchedPrefix: 0 } } as unknown as Candidate<string>];
}

const none: List = [];
// Alike at their ends, at their beginnings, in all but the middle; and of many lengths.
const path = fc.oneof(
  fc.nat(300).map((at) => `/tenant-${at}/orders`),
  fc.nat(300).map((at) => `/shop/item-${at}`),
  fc.nat(40).map((at) => '/'.padEnd(at, 'long')),
);
const change = fc.tuple(path, fc.option(fc.nat(9), { nil: null }));
const changes = fc.array(change, { maxLength: 400, size: 'max' }).map((pairs) => new Map(pairs));

it('lists by path are what a plain map holds, whatever changes came and however many there are', () => {
  let most = 0;
  fc.assert(
    fc.property(fc.array(changes, { maxLength: 6 }), (all) => {
      let lists = PathLists.empty<string>();
      const versions: [PathLists<string>, Map<string, List>][] = [];
      const plain = new Map<string, List>();
      for (const some of all) {
        const made = new Map(Array.from(some, ([key, word]) => [key, word === null ? none : listOf(word)]));
        for (const [key, list] of made) {
          if (list.length > 0) plain.set(key, list);
          else plain.delete(key);
        }
        lists = lists.with(made);
        versions.push([lists, new Map(plain)]);
      }
      most = Math.max(most, plain.size);
      // Those of before as well: they never change.
      for (const [then, expected] of versions) assertHolds(then, expected);
    }),
    { numRuns: 60 },
  );
  assert.ok(most > 200, `at most ${most} paths were tried`);
});

function assertHolds(lists: PathLists<string>, expected: ReadonlyMap<string, List>): void {
  assert.equal(lists.size, expected.size);
  for (const [key, list] of expected) assert.equal(lists.get(key), list);
  for (const absent of ['', '/nowhere', '/tenant-1', '/shop/item-301'])
    assert.equal(lists.get(absent), undefined);
  const lengths = [...new Set(Array.from(expected.keys(), (key) => key.length))];
  assert.deepEqual(
    lists.lengths,
    lengths.sort((a, b) => b - a),
  );
}
