import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ruleOfNetworks } from '#controller/keys/trusted-networks.ts';
import { createAddressRule } from '#snapshot/address-rule.ts';

const refused = [
  '127.0.0.1',
  '0.0.0.0',
  '10.1.2.3',
  '100.64.0.1',
  '169.254.169.254',
  '172.31.0.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::ffff:127.0.0.1',
  '::ffff:1.1.1.1',
  '::7f00:1',
  '::ffff:0:7f00:1',
  '100:0:0:1::1',
  '168.63.129.16',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:0:7f00:1::',
  'fc00::1',
  'fd12::1',
  'fe80::1',
  'fe80::1%lo',
  'ff02::1',
  'keys.example',
  '',
];

test('addresses that are not public are refused', () => {
  const rule = createAddressRule([]);
  assert.deepEqual(
    refused.filter((address) => rule.permits(address)),
    [],
  );
});

test('public addresses are permitted, though not trusted with plain HTTP', () => {
  const rule = createAddressRule([]);
  for (const address of ['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450::1']) {
    assert.equal(rule.permits(address), true, address);
    assert.equal(rule.trusts(address), false, address);
  }
});

test('networks that the operator names are permitted and trusted, and nothing beside them', () => {
  const rule = createAddressRule(['127.0.0.0/8', 'fd00:1::/32', '10.0.0.7']);
  for (const address of ['127.0.0.1', 'fd00:1::5', '10.0.0.7']) {
    assert.equal(rule.permits(address) && rule.trusts(address), true, address);
  }
  for (const address of ['10.0.0.8', 'fd00:2::5', '::ffff:127.0.0.1']) {
    assert.equal(rule.permits(address), false, address);
  }
});

test('what is no network is an error at the start', () => {
  for (const text of ['loopback', '10.0.0.0/33', '10.0.0.0/x', '', '10.0.0.1/8', 'fd00::1/64']) {
    assert.throws(() => ruleOfNetworks([text]), TypeError);
  }
});
