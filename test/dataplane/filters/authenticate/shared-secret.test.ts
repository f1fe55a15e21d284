import { sharedAlgorithms, sharedOctetsMin, type KeySet, type SharedKeySet } from '#snapshot/key-set.ts';
import { resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey, nowMs } from '#test/given/token.ts';
import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { bearing, gate, verdictOf } from './gate.ts';

const octets = randomBytes(64);
const id = resourceId('KeySet', 'ids');

function shared(given: Partial<SharedKeySet> = {}): SharedKeySet {
  const secret = new Secret(octets.toString('base64'));
  return { kind: 'KeySet', state: 'Shared', id, refreshable: false, alg: 'HS256', secret, ...given };
}

/** A token made with `secret`; the header says `alg`, whatever it is made by. */
function tokenBy(secret: Buffer | string, alg = 'HS256', hash = 'sha256', header: object = {}): string {
  const claims = { iss: 'https://id.example', aud: 'shop', sub: 'ada', exp: nowMs / 1000 + 300 };
  const text = [{ alg, ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
}

function judge(token: string, ...sets: readonly KeySet[]): Promise<string> {
  return verdictOf(gate().filter(givenAuthentication(), ...sets), bearing(token));
}

describe('a shared secret', () => {
  for (const alg of sharedAlgorithms) {
    it(`lets tokens of its algorithm pass and of no other: ${alg}`, async () => {
      for (const other of sharedAlgorithms) {
        const token = tokenBy(octets, other, `sha${other.slice(2)}`);
        assert.equal(await judge(token, shared({ alg })), other === alg ? 'pass' : 'invalid');
      }
    });

    it(`that is too short for ${alg} lets nobody in and is told without a word of it`, async () => {
      const short = octets.subarray(0, sharedOctetsMin[alg] - 1);
      const set = shared({ alg, secret: new Secret(short.toString('base64')) });
      const { filter, refused } = gate().authenticating.filterFor(givenAuthentication(), [set]);
      const token = tokenBy(short, alg, `sha${alg.slice(2)}`);
      assert.equal(await verdictOf(filter, bearing(token)), 'invalid');
      assert.equal(refused[0]?.reason, `the shared secret is too short for ${alg}`);
    });
  }

  it('refuses what another secret or an empty one has made, and asks for no other keys', async () => {
    const made = gate();
    const filter = made.filter(givenAuthentication(), shared());
    for (const secret of ['', randomBytes(64), octets.toString('base64'), octets.subarray(0, 32)]) {
      assert.equal(await verdictOf(filter, bearing(tokenBy(secret))), 'invalid');
    }
    const named = tokenBy(octets, 'HS256', 'sha256', { kid: 'whatever' });
    assert.equal(await verdictOf(filter, bearing(named)), 'pass');
    assert.deepEqual(made.missing, []);
  });

  it('is told to nobody who looks at it', () => {
    const told = JSON.stringify(shared());
    assert.ok(told.includes('[redacted]') && !told.includes(octets.toString('base64').slice(0, 20)));
  });
});

describe('keys are not taken for those of another algorithm', async () => {
  const one = await issuerKey('one');
  const rsa = await issuerKey('rsa', 'RS256');
  const publicSet = givenKeySet('ids', one, rsa);
  const pem = [one, rsa].map(({ jwk }) => {
    const members = Object.entries(jwk).filter(([, value]) => value !== null);
    return createPublicKey({ key: Object.fromEntries(members), format: 'jwk' });
  });

  it('a token made with a public key as the secret', async () => {
    for (const key of pem) {
      for (const type of ['spki', 'pkcs1'] as const) {
        if (type === 'pkcs1' && key.asymmetricKeyType !== 'rsa') continue;
        for (const format of ['pem', 'der'] as const) {
          const secret = key.export({ type, format });
          for (const kid of ['one', 'rsa']) {
            assert.equal(await judge(tokenBy(secret, 'HS256', 'sha256', { kid }), publicSet), 'invalid');
          }
          // Nor where a shared secret stands beside the public keys, as another way in.
          const ways = givenAuthentication(
            givenJwt(),
            givenJwt({ name: 'legacy', keySet: resourceId('KeySet', 'legacy') }),
          );
          const filter = gate().filter(ways, publicSet, shared({ id: resourceId('KeySet', 'legacy') }));
          assert.equal(await verdictOf(filter, bearing(tokenBy(secret))), 'invalid');
          assert.equal(await verdictOf(filter, bearing(tokenBy(octets))), 'pass');
        }
      }
    }
  });

  it('a token signed by a private key where a secret is shared', async () => {
    assert.equal(await judge(await one.sign(), shared()), 'invalid');
    assert.equal(await judge(await rsa.sign(), shared()), 'invalid');
    assert.equal(await judge(tokenBy(octets, 'none'), shared()), 'invalid');
    assert.equal(await judge(tokenBy(octets, 'ES256'), shared()), 'invalid');
  });
});
