import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownKinds, presentations } from '#crds/definition.ts';
import { statusKinds } from '#crds/status-kinds.ts';

test('each kind of ours that has a status is one whose status is written', () => {
  const told = ownKinds.filter((kind) => presentations[kind].status !== 'None');
  assert.ok(told.length >= 8);
  assert.deepEqual(
    told.filter((kind) => !statusKinds.has(kind)),
    [],
  );
});
