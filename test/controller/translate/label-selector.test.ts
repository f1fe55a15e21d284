import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selects } from '#controller/translate/label-selector.ts';

const labels = { team: 'a', tier: 'gold' };

const table = [
  ['In', 'tier', ['gold', 'silver'], true],
  ['In', 'tier', ['silver'], false],
  ['In', 'none', ['gold'], false],
  ['NotIn', 'tier', ['gold'], false],
  ['NotIn', 'tier', ['silver'], true],
  ['NotIn', 'none', ['gold'], true],
  ['Exists', 'tier', [], true],
  ['Exists', 'constructor', [], false],
  ['DoesNotExist', 'none', [], true],
  ['DoesNotExist', 'tier', [], false],
  ['Sideways', 'tier', ['gold'], false],
] as const;

for (const [operator, key, values, selected] of table) {
  test(`${key} ${operator} [${values.join(', ')}] ${selected ? 'selects' : 'does not select'}`, () => {
    assert.equal(
      selects({ matchLabels: {}, matchExpressions: [{ key, operator, values }] }, labels),
      selected,
    );
  });
}

test('all parts of a selector must hold, and an empty one selects all', () => {
  assert.equal(selects({ matchLabels: {}, matchExpressions: [] }, labels), true);
  assert.equal(selects({ matchLabels: { team: 'a', tier: 'gold' }, matchExpressions: [] }, labels), true);
  assert.equal(selects({ matchLabels: { team: 'a', tier: 'x' }, matchExpressions: [] }, labels), false);
});
