import { addressKey } from '#dataplane/filters/rate-limit/key.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

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
    assert.equal(addressKey(address), key);
  });
}
