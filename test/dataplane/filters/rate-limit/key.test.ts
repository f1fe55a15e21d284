import { addressGroup, addressNetwork } from '#dataplane/http/address.ts';
import { nobody } from '#dataplane/http/exchange.ts';
import { addressReader, keyOf, sharedKey } from '#dataplane/filters/rate-limit/key.ts';
import type { OnUnknownKey } from '#snapshot/rate-limit.ts';
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

for (const [address, ipv4Prefix, ipv6Prefix, key] of [
  ['192.0.2.201', 24, 64, '192.0.2'],
  ['192.0.2.201', 25, 64, '192.0.2.128'],
  ['192.0.2.201', 31, 64, '192.0.2.200'],
  ['255.255.255.255', 1, 64, '128'],
  ['2001:db8:1:2f3f::9', 24, 56, '2001:db8:1:2f00'],
  ['2001:db8:1:2::9', 32, 48, '2001:db8:1'],
  ['2001:db8::9', 32, 128, '2001:db8:0:0:0:0:0:9'],
  ['64:ff9b::192.0.2.1', 32, 112, '64:ff9b:0:0:0:0:c000'],
  ['ffff::', 32, 1, '8000'],
] as const) {
  const prefixes = { ipv4Prefix, ipv6Prefix };
  test(`${address} is counted as ${key} by /${address.includes(':') ? ipv6Prefix : ipv4Prefix}`, () => {
    assert.equal(addressNetwork(address, prefixes), key);
    const readKey = addressReader(prefixes);
    const exchange = givenExchange(givenRequest(), { client: { address } });
    assert.deepEqual([readKey(exchange), readKey(exchange)], [key, key]);
  });
}

test('more addresses than are remembered are told apart all the same', () => {
  const readKey = addressReader({ ipv4Prefix: 32, ipv6Prefix: 64 });
  const keys = new Set<string>();
  for (let turn = 0; turn < 2; turn += 1) {
    for (let at = 0; at < 5000; at += 1) {
      keys.add(
        readKey(givenExchange(givenRequest(), { client: { address: `2001:db8:0:${at.toString(16)}::1` } })),
      );
    }
  }
  assert.equal(keys.size, 5000);
});

test('a cookie that is there more than once is everybody’s, or nobody’s', () => {
  const by = (cookie: string, onUnknown: OnUnknownKey = 'Skip') =>
    keyOf(
      { kind: 'Cookie', cookie: 'device', onUnknown },
      givenExchange(givenRequest({ fields: [['Cookie', cookie]] })),
    );
  assert.equal(by('a=b; device=d1; c=d'), 'd1');
  assert.equal(by('devices=d1'), null);
  assert.equal(by('device='), null);
  assert.equal(by('device=d1; device=d2'), sharedKey);
  assert.equal(by('device=d1; device=d2', 'Refuse'), null);
});

test('a consumer, a route and a method are what the request is known to have', () => {
  const exchange = {
    ...givenExchange(givenRequest({ method: 'PUT' })),
    rule: { route: 'HTTPRoute/shop/cart', name: '0' },
  };
  const consumer = () => keyOf({ kind: 'Consumer', onUnknown: 'Share' }, exchange);
  assert.equal(keyOf({ kind: 'Route' }, exchange), 'HTTPRoute/shop/cart');
  assert.equal(keyOf({ kind: 'Method' }, exchange), 'PUT');
  assert.equal(consumer(), null);
  exchange.identity = { ...nobody, method: 'JWT', subject: 'ann' };
  assert.equal(consumer(), null);
  exchange.identity = { ...nobody, method: 'APIKey', subject: 'ann', consumer: 'shop/ann' };
  assert.equal(consumer(), 'shop/ann');
});

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
