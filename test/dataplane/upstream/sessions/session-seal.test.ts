import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SessionSeal } from '#dataplane/upstream/sessions/session-seal.ts';
import { Secret } from '#snapshot/secret.ts';

const told = { backend: 'abcdefgh', endpoint: '10.0.0.1:8080', begunS: 1_800_000_000, seenS: 1_800_000_001 };
const seal = (secret = 'key', previous: string | null = null): SessionSeal =>
  new SessionSeal(new Secret(secret), previous === null ? null : new Secret(previous));

describe('a sealed token', () => {
  it('tells in every data plane with the secret what was sealed, time and again', () => {
    const anyTold = fc.record({
      backend: fc.stringMatching(/^[A-Za-z0-9_-]{8}$/),
      endpoint: fc.oneof(
        fc.constantFrom('1.2.3.4:80', '255.255.255.255:65535', '[2001:db8::1]:443'),
        fc.constant('[1111:2222:3333:4444:5555:6666:7777:8888]:65535'),
      ),
      begunS: fc.integer({ min: 0, max: 0xffff_ffff }),
      seenS: fc.integer({ min: 0, max: 0xffff_ffff }),
    });
    const other = seal();
    fc.assert(
      fc.property(anyTold, fc.string(), (one, scope) => {
        const token = seal().seal(scope, one);
        assert.match(token, /^[A-Za-z0-9_-]{68,103}$/u);
        for (let time = 0; time < 2; time += 1) {
          assert.deepEqual(other.open(scope, token), { ...one, isOld: false });
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is as long for one address as for another, and another for all that it tells', () => {
    const tokens = ['1.1.1.1:1', '255.255.255.255:65535', '10.0.0.1:80', '10.0.0.1:81'].map((endpoint) =>
      seal().seal('rule', { ...told, endpoint }),
    );
    assert.equal(new Set(tokens.map(({ length }) => length)).size, 1);
    assert.equal(new Set(tokens).size, tokens.length);
  });

  it('leads nowhere with another secret, or for another scope, whether it was opened before or not', () => {
    const token = seal().seal('rule', told);
    assert.equal(seal('another').open('rule', token), null);
    const opener = seal();
    for (let time = 0; time < 2; time += 1) {
      assert.equal(opener.open('another rule', token), null);
      assert.notEqual(opener.open('rule', token), null);
    }
  });

  it('opens by the secret of before, and says so', () => {
    const token = seal('old').seal('rule', told);
    assert.deepEqual(seal('new', 'old').open('rule', token), { ...told, isOld: true });
    assert.equal(seal('newer', 'new').open('rule', token), null);
  });

  it('leads nowhere when a character of it was changed, left out or added, or it is spelt otherwise', () => {
    const token = seal().seal('rule', told);
    const opener = seal();
    assert.notEqual(opener.open('rule', token), null);
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'A' ? 'B' : 'A';
      assert.equal(opener.open('rule', token.slice(0, at) + other + token.slice(at + 1)), null, `at ${at}`);
      assert.equal(opener.open('rule', token.slice(0, at)), null);
    }
    for (const wrong of [`${token}A`, `${token}=`, ` ${token}`, token.repeat(2), 'x'.repeat(100_000), '']) {
      assert.equal(opener.open('rule', wrong), null);
    }
  });
});
