import { addressGroup } from '#dataplane/http/address.ts';
import { nobody } from '#dataplane/http/exchange.ts';
import { keyOf, sharedKey } from '#dataplane/filters/rate-limit/key.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenExchange, givenRequest } from '../../../given/request.ts';

const cases: readonly (readonly [address: string, key: string])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:DB8:0001:0002::', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8:1::9', '2001:db8:1:0'],
  ['2001::1:2:3:4:5:6', '2001:0:1:2'],
  ['::1:2:3:4:5:6:7', '0:1:2:3'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
  ['::1:2:3:4:5:192.0.2.1', '0:1:2:3'],
];

for (const [address, key] of cases) {
  test(`${address} is counted as ${key}`, () => {
    assert.equal(addressGroup(address), key);
  });
}

// Which of the lines a backend goes by is not known: one more of them must not make another client.
test('a field that is there more than once is everybody’s, or nobody’s', () => {
  const twice = givenExchange(
    givenRequest({
      fields: [
        ['X-Api-Key', 'good'],
        ['x-api-key', 'any'],
      ],
    }),
  );
  for (const onUnknown of ['Skip', 'Share'] as const)
    assert.equal(keyOf({ kind: 'Header', header: 'x-api-key', onUnknown }, twice), sharedKey);
  assert.equal(keyOf({ kind: 'Header', header: 'x-api-key', onUnknown: 'Refuse' }, twice), null);
  const empty = givenExchange(givenRequest({ fields: [['X-Api-Key', '']] }));
  assert.equal(keyOf({ kind: 'Header', header: 'x-api-key', onUnknown: 'Skip' }, empty), null);
});

test('a claim is found as authentication finds it: by its whole name, else by dots through objects', () => {
  const claims = { sub: 'ann', 'a.b': 'whole', a: { b: 'inner', c: 7 }, roles: ['admin'], empty: '' };
  const exchange = givenExchange();
  exchange.identity = { ...nobody, method: 'JWT', subject: 'ann', claims };
  const keyBy = (claim: string) => keyOf({ kind: 'Claim', claim, onUnknown: 'Share' }, exchange);
  assert.deepEqual(['sub', 'a.b', 'a.c'].map(keyBy), ['ann', 'whole', '7']);
  assert.deepEqual(['roles', 'roles.0', 'a', 'a.d', 'toString', 'empty'].map(keyBy), Array(6).fill(null));
});
