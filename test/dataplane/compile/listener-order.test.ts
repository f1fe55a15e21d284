// Where no listener is named, the first one does: a ListenerSet's never comes before its Gateway's, nor before an older set's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byKind } from '#dataplane/compile/by-kind.ts';
import { KindLists } from '#snapshot/kind-lists.ts';
import { httpListener } from './given-compiler.ts';

test('listeners come in order of precedence, whatever their ids', () => {
  const given = [
    { ...httpListener('a/younger/http'), createdMs: 2_000 },
    { ...httpListener('b/older/http'), createdMs: 1_000 },
    { ...httpListener('c/older/http'), createdMs: 1_000 },
    httpListener('own'),
  ];
  const kinds = new KindLists();
  kinds.follow(new Map(given.map((one) => [one.id, one])));
  const { listeners } = byKind(kinds);
  assert.deepEqual(
    listeners.map(({ name }) => name),
    ['own', 'b/older/http', 'c/older/http', 'a/younger/http'],
  );
});
