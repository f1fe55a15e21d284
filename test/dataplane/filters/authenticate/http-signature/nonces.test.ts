import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Nonces, type UsedNonce } from '#dataplane/filters/authenticate/http-signature/nonces.ts';

const lastsMs = 300_000;
let made = 0;

/** A nonce that nobody has used. */
function one(rest: Partial<UsedNonce> = {}): UsedNonce {
  made += 1;
  const way = `${rest.namespace ?? 'shop'}/signed/way`;
  return { namespace: 'shop', way, keyid: 'ada', nonce: `${made}`, createdMs: 0, lastsMs, ...rest };
}

/** How many of these are taken until it is full. */
function fill(nonces: Nonces, next: () => UsedNonce): number {
  for (let taken = 0; taken < 100_000; taken += 1) {
    if (nonces.use(next(), 0) !== 'New') return taken;
  }
  throw new Error('it is never full');
}

describe('the room for nonces', () => {
  it('is never all of one key', () => {
    const nonces = new Nonces(3000);
    assert.equal(
      fill(nonces, () => one()),
      1000,
    );
    assert.ok(fill(nonces, () => one({ keyid: 'bob' })) > 300, 'its neighbour has some too');
    assert.ok(fill(nonces, () => one({ namespace: 'other' })) > 150);
  });

  it('is never all of one namespace, however many keys and ways in it has', () => {
    const nonces = new Nonces(3000);
    let at = 0;
    const next = () => {
      at += 1;
      return one({ namespace: 'tenant', keyid: `${at}`, way: `tenant/${at % 7}/way` });
    };
    assert.ok(fill(nonces, next) <= 1500);
    assert.ok(fill(nonces, () => one()) >= 500);
  });

  it('is used again when signatures are over, and not before', () => {
    const nonces = new Nonces(30);
    const first = one();
    assert.equal(nonces.use(first, 0), 'New');
    assert.equal(nonces.use(first, 0), 'Used');
    fill(nonces, () => one());
    assert.equal(nonces.use({ ...one(), createdMs: 299_000 }, 299_000), 'Full');
    assert.equal(nonces.use(first, 299_000), 'Used');
    const late = (createdMs: number) => ({ ...one(), createdMs });
    assert.equal(nonces.use(late(311_000), 311_000), 'New');
    let taken = 1;
    while (nonces.use(late(311_000), 311_000) === 'New') taken += 1;
    assert.equal(taken, 10, 'all of what was there has gone');
  });

  it('tells ways, keys and seconds apart', () => {
    const nonces = new Nonces(100);
    const same = { ...one(), nonce: 'same' };
    for (const used of [
      same,
      { ...same, keyid: 'bob' },
      { ...same, way: 'shop/other/way' },
      { ...same, createdMs: 1000 },
      { ...same, keyid: 'ada same', nonce: '' },
    ]) {
      assert.equal(nonces.use(used, 0), 'New');
      assert.equal(nonces.use(used, 0), 'Used');
    }
  });
});
