import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { readSharedSecret } from '#controller/translate/policies/shared-secret.ts';

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

function detailOf(encoded: string, alg: 'HS256' | 'HS384' | 'HS512' = 'HS256'): string {
  const read = readSharedSecret(encoded, alg);
  return read.kind === 'Invalid' ? read.detail : 'good';
}

test('a shared secret has at least as many octets as its algorithm, and arrives as it is', () => {
  for (const [alg, octets] of [
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const) {
    const secret = randomBytes(octets);
    const read = readSharedSecret(base64(secret), alg);
    assert.equal(read.kind === 'Secret' && read.secret.reveal(), base64(secret));
    assert.match(detailOf(base64(secret.subarray(1)), alg), /too short/);
  }
  assert.match(detailOf(''), /too short/);
  assert.match(detailOf('not base64!'), /no base64/);
});

test('what is public is no shared secret, nor is a line', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  assert.match(detailOf(base64(publicKey.export({ type: 'spki', format: 'pem' }))), /asymmetric/);
  assert.match(detailOf(base64(JSON.stringify(publicKey.export({ format: 'jwk' })))), /JWK/);
  assert.match(detailOf(base64(`${'x'.repeat(40)}\n`)), /line feed/);
  assert.equal(detailOf(base64('x'.repeat(40))), 'good');
});

test('what is wrong with a secret is told without a word of it', () => {
  const secret = 'correct horse battery';
  assert.doesNotMatch(detailOf(base64(secret)), /horse/);
  assert.doesNotMatch(JSON.stringify(readSharedSecret(base64(secret.repeat(3)), 'HS256')), /horse|Y29ycmVj/);
});
