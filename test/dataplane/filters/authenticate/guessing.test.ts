import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { GuessProtection } from '#snapshot/authentication.ts';
import { givenExchange } from '#test/given/request.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import { bearing, gate, verdictOf } from './gate.ts';

const protection: GuessProtection = { failures: 3, accountFailures: 0, windowMs: 60_000, blockMs: 300_000 };

function from(address: string, exchange: Exchange, startedMs = 1000): Exchange {
  return { ...exchange, client: { ...exchange.client, address }, startedMs };
}

it('an address that brings bad credentials is refused, good ones too, until its time is over; others are not', async () => {
  const key = await issuerKey('one');
  const token = await key.sign();
  const made = gate();
  const policy = { ...givenAuthentication(givenJwt()), protection };
  const filter = made.filter(policy, givenKeySet('ids', key));
  const [guesser, other] = ['192.0.2.1', '192.0.2.2'];
  for (let at = 0; at < 10; at += 1) {
    assert.equal(await verdictOf(filter, from(guesser, givenExchange())), 'missing', 'no guess');
  }
  for (const guess of ['a', 'b', 'c']) {
    assert.equal(await verdictOf(filter, from(guesser, bearing(guess))), 'invalid');
  }
  assert.deepEqual(made.blocked, [guesser]);

  const refused = await filter.apply(from(guesser, bearing(token), 2000));
  assert.ok(refused?.kind === 'GuessingBlocked');
  assert.equal(refused.retryAfterS, 299);
  assert.equal(await verdictOf(filter, from(guesser, givenExchange(), 2000)), 'GuessingBlocked');
  assert.equal(await verdictOf(filter, from(other, bearing(token), 2000)), 'pass');
  assert.equal(await verdictOf(filter, from(guesser, bearing(token), 302_000)), 'pass');
});

it('where nothing protects, nobody is blocked', async () => {
  const made = gate();
  const filter = made.filter(givenAuthentication(givenJwt()), givenKeySet('ids', await issuerKey('one')));
  for (let at = 0; at < 100; at += 1)
    assert.equal(await verdictOf(filter, bearing(`guess ${at}`)), 'invalid');
  assert.deepEqual(made.blocked, []);
});

it('what cannot be told for now is no guess', async () => {
  const made = gate();
  const key = await issuerKey('one');
  const filter = made.filter({ ...givenAuthentication(givenJwt()), protection });
  for (let at = 0; at < 10; at += 1) {
    assert.equal(await verdictOf(filter, bearing(await key.sign())), 'KeysUnavailable');
  }
  assert.deepEqual(made.blocked, []);
});
