import { resourceId } from '#snapshot/ids.ts';
import type { TokenRevocations } from '#snapshot/token-revocations.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { bearing, gate, verdictOf } from './gate.ts';

const key = await issuerKey('one');
const id = resourceId('TokenRevocations', 'ConfigMap', 'shop', 'gone', 'list');
const authentication = givenAuthentication(givenJwt({ revocation: id }));

function listed(tokens: readonly string[], subjects: readonly string[] = []): TokenRevocations {
  return { kind: 'TokenRevocations', id, tokens, subjects, stream: null };
}

it('a token that is revoked is refused, also when it passed before, and its neighbours go on', async () => {
  const made = gate();
  made.authenticating.useRevocations([listed([])]);
  const filter = made.filter(authentication, givenKeySet('ids', key));
  const [one, two] = [await key.sign({ jti: 'one' }), await key.sign({ jti: 'two' })];
  for (const token of [one, two]) assert.equal(await verdictOf(filter, bearing(token)), 'pass');
  made.authenticating.useRevocations([listed(['one'])]);
  assert.equal(await verdictOf(filter, bearing(one)), 'invalid');
  assert.equal(filter.apply(bearing(two)), null, 'known as before');
  made.authenticating.useRevocations([listed([])]);
  assert.equal(filter.apply(bearing(one)), null);
});

it('all tokens of a subject that is revoked are refused, and of no other', async () => {
  const made = gate();
  made.authenticating.useRevocations([listed(['ada'], ['eve', ''])]);
  const filter = made.filter(authentication, givenKeySet('ids', key));
  assert.equal(await verdictOf(filter, bearing(await key.sign({ sub: 'eve' }))), 'invalid');
  assert.equal(await verdictOf(filter, bearing(await key.sign({ sub: 'ada' }))), 'pass');
  assert.equal(await verdictOf(filter, bearing(await key.sign({ sub: undefined }))), 'pass');
  assert.equal(await verdictOf(filter, bearing(await key.sign({ sub: 'x', jti: ['ada'] }))), 'pass');
});

it('a token revoked while it is verified does not pass', async () => {
  const made = gate();
  made.authenticating.useRevocations([listed([])]);
  const filter = made.filter(authentication, givenKeySet('ids', key));
  const verdict = verdictOf(filter, bearing(await key.sign({ jti: 'one' })));
  made.authenticating.useRevocations([listed(['one'])]);
  assert.equal(await verdict, 'invalid');
});

it('nobody is let in while the list was never told, and one that is gone is kept to', async () => {
  const made = gate();
  const filter = made.filter(authentication, givenKeySet('ids', key));
  const token = await key.sign({ jti: 'one' });
  assert.equal(await verdictOf(filter, bearing(token)), 'KeysUnavailable');
  made.authenticating.useRevocations([listed(['one'])]);
  assert.equal(await verdictOf(filter, bearing(token)), 'invalid');
  made.authenticating.useRevocations([]);
  assert.equal(await verdictOf(filter, bearing(token)), 'invalid');
  assert.equal(await verdictOf(filter, bearing(await key.sign({ jti: 'two' }))), 'pass');
});

it('an alternative is not asked for a token that another one has verified', async () => {
  const made = gate();
  made.authenticating.useRevocations([listed(['one'])]);
  const lax = givenJwt({ name: 'lax', audiences: [] });
  const filter = made.filter(givenAuthentication(givenJwt({ revocation: id }), lax), givenKeySet('ids', key));
  assert.equal(await verdictOf(filter, bearing(await key.sign({ jti: 'one' }))), 'invalid');
});
