import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Exchange, RequestFilter } from '#dataplane/http/exchange.ts';
import type { GuessProtection } from '#snapshot/authentication.ts';
import type { BasicAuthentication } from '#snapshot/basic.ts';
import { Secret } from '#snapshot/secret.ts';
import { credentialOfKey, givenApiKeys, givenCredentials, givenKey } from '#test/given/api-key.ts';
import { givenExchange } from '#test/given/request.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey, nowMs } from '#test/given/token.ts';
import { bearing, carrying, gate, verdictOf, type Gate } from './gate.ts';

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

it('the answer to a bad credential comes late where there were many, those to good ones do not', async () => {
  const key = await issuerKey('one');
  const made = gate();
  const waits: (() => void)[] = [];
  made.wait = () => new Promise((over) => waits.push(over));
  const policy = { ...givenAuthentication(givenJwt()), protection: { ...protection, failures: 4 } };
  const filter = made.filter(policy, givenKeySet('ids', key));
  for (const guess of ['a', 'b']) assert.equal(await verdictOf(filter, bearing(guess)), 'invalid');
  assert.equal(waits.length, 0);
  const answers: string[] = [];
  const late = verdictOf(filter, bearing('c')).then((verdict) => answers.push(verdict));
  assert.equal(await verdictOf(filter, bearing(await key.sign())), 'pass');
  assert.deepEqual([waits.length, answers.length], [1, 0]);
  waits[0]?.();
  await late;
  assert.deepEqual(answers, ['invalid']);
});

it('of many guesses at once no more are judged than one after the other', async () => {
  const made = gate();
  const filter = made.filter({ ...givenAuthentication(givenBasic('x-first')), protection });
  const guesses = ['a', 'b', 'c', 'd', 'e', 'myPassword'];
  const verdicts = await Promise.all(
    guesses.map((password) => verdictOf(filter, carrying(['X-First', basic(`ada:${password}`)]))),
  );
  const judged = verdicts.filter((verdict) => verdict !== 'GuessingBlocked');
  assert.deepEqual(judged, ['invalid', 'invalid', 'invalid']);
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

it('a bad credential counts also while another way in, that looks elsewhere, is out', async () => {
  const made = gate();
  made.authenticating.useCredentials([givenCredentials([credentialOfKey(givenKey(1))])]);
  const token = await (await issuerKey('one')).sign();
  // without keys for tokens
  const filter = made.filter({ ...givenAuthentication(givenJwt(), givenApiKeys()), protection });
  const both = (key: string) => carrying(['Authorization', `Bearer ${token}`], ['X-API-Key', key]);
  assert.equal(await verdictOf(filter, both(givenKey(1))), 'pass');
  for (const at of [2, 3, 4]) assert.equal(await verdictOf(filter, both(givenKey(at))), 'KeysUnavailable');
  assert.equal(await verdictOf(filter, both(givenKey(1))), 'GuessingBlocked');
});

it('what a way in that is out might have let in is no guess', async () => {
  const made = gate();
  made.authenticating.useCredentials([givenCredentials([credentialOfKey(givenKey(1))])]);
  const { sources, forwarded } = givenJwt().credential;
  const keys = givenApiKeys({ credential: { sources, forwarded } });
  const filter = made.filter({ ...givenAuthentication(keys, givenJwt()), protection });
  const token = await (await issuerKey('one')).sign();
  for (let at = 0; at < 10; at += 1) assert.equal(await verdictOf(filter, bearing(token)), 'KeysUnavailable');
  assert.deepEqual(made.blocked, []);
});

it('of several bad credentials each is counted for its account, and for the address once', async () => {
  const made = gate();
  const ways = ['x-first', 'x-second'].map((header) => givenBasic(header));
  const accounts = { failures: 4, accountFailures: 3, windowMs: 60_000, blockMs: 300_000 };
  const filter = made.filter({ ...givenAuthentication(...ways), protection: accounts });
  const guess = (first: string, second: string) =>
    carrying(['X-First', basic(first)], ['X-Second', basic(second)]);
  for (const at of [1, 2]) {
    assert.equal(await verdictOf(filter, from(`192.0.2.${at}`, guess('ada:x', 'bob:x'))), 'invalid');
  }
  assert.deepEqual(made.blocked, []);
  await verdictOf(filter, from('192.0.2.3', guess('ada:y', 'eve:y')));
  await verdictOf(filter, from('192.0.2.4', carrying(['X-First', basic('bob:y')])));
  assert.deepEqual(made.blocked, ['192.0.2.3', '192.0.2.4']);
  for (const at of [1, 2, 3]) await verdictOf(filter, from('192.0.2.5', guess(`u${at}:x`, `v${at}:x`)));
  assert.equal(made.blocked.length, 2);
  await verdictOf(filter, from('192.0.2.5', guess('u4:x', 'v4:x')));
  assert.equal(made.blocked.length, 3);
});

/** Ten requests of one address are not blocked. */
async function assertNoGuess(made: Gate, filter: RequestFilter, exchange: () => Exchange): Promise<void> {
  for (let at = 0; at < 10; at += 1) assert.equal(await verdictOf(filter, exchange()), 'invalid');
  assert.deepEqual(made.blocked, []);
}

describe('no guess is', async () => {
  const key = await issuerKey('one');
  const past = nowMs / 1000 - 1000;
  const tokens = {
    'a token whose time is over': await key.sign({ exp: past }),
    'a token whose time is to come': await key.sign({ nbf: nowMs / 1000 + 1000 }),
    'a token for others': await key.sign({ aud: 'others' }),
    'a token of a key that is not known yet': await (await issuerKey('two')).sign(),
    'a forged token whose time is over: it tries nothing': await (await issuerKey('one')).sign({ exp: past }),
  };
  for (const [what, token] of Object.entries(tokens)) {
    it(what, async () => {
      const made = gate();
      const filter = made.filter({ ...givenAuthentication(givenJwt()), protection }, givenKeySet('ids', key));
      await assertNoGuess(made, filter, () => bearing(token));
    });
  }

  it('a key that has expired', async () => {
    const made = gate();
    made.authenticating.useCredentials([
      givenCredentials([credentialOfKey(givenKey(1), { expiresS: past })]),
    ]);
    const filter = made.filter({ ...givenAuthentication(givenApiKeys()), protection });
    await assertNoGuess(made, filter, () => carrying(['X-API-Key', givenKey(1)]));
  });
});

describe('a guess is', async () => {
  const key = await issuerKey('one');
  const tokens = {
    'a token signed by somebody else': await (await issuerKey('one')).sign(),
    'a token without an algorithm': `${Buffer.from('{"alg":"none","kid":"one"}').toString('base64url')}.${(await key.sign()).split('.')[1] ?? ''}.AA`,
    'what is no token': 'x',
  };
  for (const [what, token] of Object.entries(tokens)) {
    it(what, async () => {
      const made = gate();
      const filter = made.filter({ ...givenAuthentication(givenJwt()), protection }, givenKeySet('ids', key));
      for (let at = 0; at < 3; at += 1) assert.equal(await verdictOf(filter, bearing(token)), 'invalid');
      assert.equal(made.blocked.length, 1);
    });
  }
});

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

function givenBasic(header: string): BasicAuthentication {
  return {
    kind: 'Basic',
    name: header,
    credential: { sources: [{ kind: 'Header', header, scheme: 'basic' }], forwarded: false },
    realm: 'shop',
    users: [{ name: 'ada', hash: new Secret('{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=') }],
    userHeader: null,
  };
}
