import { givenAuthentication, givenJwt, givenKeySet, issuerKey, nowMs } from '#test/given/token.ts';
import type { JwtAuthentication } from '#snapshot/authentication.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bearing, gate, verdictOf } from './gate.ts';

const key = await issuerKey('one');
const seconds = nowMs / 1000;

async function judge(rule: Partial<JwtAuthentication>, claims: Record<string, unknown>): Promise<string> {
  const filter = gate().filter(givenAuthentication(givenJwt(rule)), givenKeySet('ids', key));
  return verdictOf(filter, bearing(await key.sign(claims)));
}

describe('a claim that is required', () => {
  const table: readonly [required: object, claims: Record<string, unknown>, verdict: string][] = [
    [{ claim: 'email', values: [] }, {}, 'invalid'],
    [{ claim: 'email', values: [] }, { email: null }, 'invalid'],
    [{ claim: 'email', values: [] }, { email: '' }, 'pass'],
    [{ claim: 'email', values: [] }, { email: false }, 'pass'],
    [{ claim: 'plan', values: ['gold', 'silver'] }, { plan: 'silver' }, 'pass'],
    [{ claim: 'plan', values: ['gold'] }, { plan: 'Gold' }, 'invalid'],
    [{ claim: 'plan', values: ['gold'] }, { plan: 'gold silver' }, 'invalid'],
    [{ claim: 'plan', values: ['gold'] }, { plan: { gold: true } }, 'invalid'],
    [{ claim: 'plan', values: ['[object Object]'] }, { plan: {} }, 'invalid'],
    [{ claim: 'plan', values: ['null'] }, { plan: [null] }, 'invalid'],
    [{ claim: 'level', values: ['3'] }, { level: 3 }, 'pass'],
    [{ claim: 'level', values: ['3'] }, { level: 3.5 }, 'invalid'],
    [{ claim: 'verified', values: ['true'] }, { verified: true }, 'pass'],
    [{ claim: 'groups', values: ['b', 'c'] }, { groups: ['a', 'b'] }, 'pass'],
    [{ claim: 'groups', values: ['b'] }, { groups: [['b']] }, 'invalid'],
    [{ claim: 'groups', values: ['b'] }, { groups: [] }, 'invalid'],
    [{ claim: 'realm.roles', values: ['b'] }, { realm: { roles: ['b'] } }, 'pass'],
    [{ claim: 'realm.roles', values: ['b'] }, { 'realm.roles': 'b' }, 'pass'],
    [{ claim: 'realm.roles', values: ['b'] }, { realm: 'b' }, 'invalid'],
    [{ claim: 'constructor', values: [] }, {}, 'invalid'],
    [{ claim: '__proto__', values: [] }, {}, 'invalid'],
  ];
  for (const [required, claims, verdict] of table) {
    it(`${JSON.stringify(required)} of ${JSON.stringify(claims)}: ${verdict}`, async () => {
      const rule = { requiredClaims: [required as { claim: string; values: string[] }] };
      assert.equal(await judge(rule, claims), verdict);
    });
  }

  it('is one of several, all of which must be there', async () => {
    const requiredClaims = [
      { claim: 'plan', values: ['gold'] },
      { claim: 'email', values: [] },
    ];
    assert.equal(await judge({ requiredClaims }, { plan: 'gold' }), 'invalid');
    assert.equal(await judge({ requiredClaims }, { plan: 'gold', email: 'a@b' }), 'pass');
  });
});

describe('the age of a token', () => {
  it('counts from iat, which must then be there, and is given the skew', async () => {
    const rule = { maxAgeMs: 60_000, clockSkewMs: 5000 };
    assert.equal(await judge(rule, {}), 'invalid');
    assert.equal(await judge(rule, { iat: null }), 'invalid');
    assert.equal(await judge(rule, { iat: seconds - 64 }), 'pass');
    assert.equal(await judge(rule, { iat: seconds - 65 }), 'invalid');
    assert.equal(await judge(rule, { iat: seconds - 1, exp: seconds - 5 }), 'invalid');
  });

  it('ends a token that is known, too', async () => {
    const made = gate();
    const rule = givenJwt({ maxAgeMs: 10_000 });
    const filter = made.filter(givenAuthentication(rule), givenKeySet('ids', key));
    const token = await key.sign({ iat: seconds });
    assert.equal(await verdictOf(filter, bearing(token)), 'pass');
    made.clock = nowMs + 9999;
    assert.equal(filter.apply(bearing(token)), null);
    made.clock = nowMs + 10_000;
    assert.equal(await verdictOf(filter, bearing(token)), 'invalid');
  });
});
