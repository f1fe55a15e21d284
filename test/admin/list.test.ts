import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseList } from '#admin/list.ts';

test('a list is names between commas, with or without spaces', () => {
  assert.deepEqual(parseList('shop'), ['shop']);
  assert.deepEqual(parseList('shop, bank ,10.0.0.0/8'), ['shop', 'bank', '10.0.0.0/8']);
});

for (const text of ['', ' ', ',', 'shop,', ',shop', 'shop,,bank', 'shop, ,bank']) {
  test(`"${text}" is no list, as a name in it is empty`, () => {
    assert.equal(parseList(text), null);
  });
}
