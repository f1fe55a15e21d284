import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKeys, readKeySet } from '#controller/translate/policies/key-set.ts';

const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB' };
const ec = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' };
const okp = { kty: 'OKP', crv: 'Ed25519', x: 'AA' };

const algorithms = [
  [rsa, 'RS256'],
  [{ ...rsa, alg: 'PS512' }, 'PS512'],
  [ec, 'ES256'],
  [{ ...ec, crv: 'P-384' }, 'ES384'],
  [{ ...ec, crv: 'P-521' }, 'ES512'],
  [okp, 'EdDSA'],
  [{ ...okp, alg: 'Ed25519' }, 'EdDSA'],
] as const;

for (const [key, alg] of algorithms) {
  test(`${JSON.stringify(key)} is for ${alg}`, () => {
    const read = readKeys([key]);
    assert.equal(read.kind === 'Keys' ? read.keys[0]?.alg : read.detail, alg);
  });
}

const passedOver = [
  { ...rsa, use: 'enc' },
  { ...rsa, key_ops: ['encrypt'] },
  { ...rsa, alg: 'HS256' },
  { ...rsa, alg: 'none' },
  { ...rsa, alg: 'ES256' },
  { ...ec, alg: 'RS256' },
  { ...ec, crv: 'Ed25519' },
  { ...ec, crv: 'secp256k1' },
  { ...okp, crv: 'X25519' },
  { ...okp, crv: 'P-256' },
  { kty: 'RSA', n: 'AQAB' },
  { kty: 'EC', crv: 'P-256', x: 'AA' },
  { ...rsa, n: 'not base64url!' },
  { kty: 'future' },
  'no key',
  null,
];

for (const key of passedOver) {
  test(`${JSON.stringify(key)} is passed over`, () => {
    const read = readKeys([key, okp]);
    assert.deepEqual(read.kind === 'Keys' ? read.keys.map((one) => one.kty) : read.detail, ['OKP']);
  });
}

for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) {
  test(`a key with the private member ${member} spoils the set`, () => {
    assert.equal(readKeys([okp, { ...rsa, [member]: 'x' }]).kind, 'Invalid');
  });
}

test('symmetric keys spoil the set, even beside good ones', () => {
  assert.equal(readKeys([okp, { kty: 'oct' }]).kind, 'Invalid');
});

for (const text of ['', '{', '[]', 'null', '{}', '{"keys":{}}', '{"keys":[]}']) {
  test(`${text || 'nothing'} is no JWK Set`, () => {
    assert.equal(readKeySet(text).kind, 'Invalid');
  });
}

test('what is wrong is told without telling what the text holds', () => {
  const read = readKeySet('sesame, open');
  assert.ok(read.kind === 'Invalid' && !read.detail.includes('sesame'));
});

test('a set may hold 100 keys and no more', () => {
  assert.equal(readKeys(Array.from({ length: 100 }, () => okp)).kind, 'Keys');
  assert.equal(readKeys(Array.from({ length: 101 }, () => okp)).kind, 'Invalid');
});
