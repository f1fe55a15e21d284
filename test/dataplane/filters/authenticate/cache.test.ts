import { TokenCache } from '#dataplane/filters/authenticate/token-cache.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey, nowMs } from '#test/given/token.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bearing, gate, told, verdictOf } from './gate.ts';

const key = await issuerKey('one');
const keySet = givenKeySet('ids', key);

describe('a token that has passed', () => {
  it('passes again at once, without a promise, with the same identity and fields', async () => {
    const rule = givenJwt({ claimsToHeaders: [{ claim: 'sub', header: 'x-user' }] });
    const filter = gate().filter(givenAuthentication(rule), keySet);
    const token = await key.sign();
    const first = bearing(token);
    assert.ok(filter.apply(first) instanceof Promise);
    assert.equal(await verdictOf(filter, bearing(token)), 'pass');
    const again = bearing(token);
    assert.equal(filter.apply(again), null);
    assert.equal(again.identity?.subject, 'ada');
    assert.equal(again.forwarded.fields.joined('x-user'), 'ada');
  });

  it('is verified anew after a minute, and never outlives its end', async () => {
    const made = gate();
    const filter = made.filter(givenAuthentication(givenJwt({ clockSkewMs: 2000 })), keySet);
    const long = await key.sign();
    const short = await key.sign({ exp: nowMs / 1000 + 10 });
    for (const token of [long, short]) assert.equal(await verdictOf(filter, bearing(token)), 'pass');
    made.clock = nowMs + 11_999;
    assert.equal(filter.apply(bearing(short)), null);
    made.clock = nowMs + 12_000;
    assert.equal(await verdictOf(filter, bearing(short)), 'invalid');
    made.clock = nowMs + 59_999;
    assert.equal(filter.apply(bearing(long)), null);
    made.clock = nowMs + 60_000;
    const verdict = filter.apply(bearing(long));
    assert.ok(verdict instanceof Promise);
    assert.equal(told(await verdict), 'pass');
  });

  it('is forgotten when the keys change, and refused when its key is gone', async () => {
    const made = gate();
    const token = await key.sign();
    const before = made.filter(givenAuthentication(), keySet);
    assert.equal(await verdictOf(before, bearing(token)), 'pass');
    const rotated = made.filter(givenAuthentication(), givenKeySet('ids', await issuerKey('one')));
    assert.equal(await verdictOf(rotated, bearing(token)), 'invalid');
    const back = made.filter(givenAuthentication(), keySet);
    assert.ok(back.apply(bearing(token)) instanceof Promise);
  });

  it('is not known to another authentication', async () => {
    const made = gate();
    const token = await key.sign();
    const one = made.filter(givenAuthentication(), keySet);
    const strict = made.filter(givenAuthentication(givenJwt({ audiences: ['bank'] })), keySet);
    assert.equal(await verdictOf(one, bearing(token)), 'pass');
    assert.equal(await verdictOf(strict, bearing(token)), 'invalid');
    assert.equal(one.apply(bearing(token)), null);
  });

  it('is known to each of several authentications that it passed', async () => {
    const made = gate();
    const token = await key.sign();
    const filters = Array.from({ length: 4 }, () => made.filter(givenAuthentication(), keySet));
    for (const filter of filters) assert.equal(await verdictOf(filter, bearing(token)), 'pass');
    for (const filter of filters) assert.equal(filter.apply(bearing(token)), null);
  });

  it('is verified once for requests that come together', async () => {
    const made = gate({ verificationsMax: 1 });
    const filter = made.filter(givenAuthentication(), keySet);
    const token = await key.sign();
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => verdictOf(filter, bearing(token))));
    assert.deepEqual(new Set(verdicts), new Set(['pass']));
  });
});

describe('tokens that are badly signed', () => {
  it('are refused at once when they come again, and verified anew after ten seconds', async () => {
    const made = gate();
    const filter = made.filter(givenAuthentication(), keySet);
    const forged = await (await issuerKey('one')).sign();
    assert.equal(await verdictOf(filter, bearing(forged)), 'invalid');
    const again = filter.apply(bearing(forged));
    assert.ok(!(again instanceof Promise));
    assert.equal(told(again), 'invalid');
    made.clock = nowMs + 10_000;
    assert.ok(filter.apply(bearing(forged)) instanceof Promise);
  });

  it('do not push out those that are good', async () => {
    const made = gate({ verifiedMax: 1, rejectedMax: 2 });
    const filter = made.filter(givenAuthentication(), keySet);
    const good = await key.sign();
    assert.equal(await verdictOf(filter, bearing(good)), 'pass');
    const forger = await issuerKey('one');
    for (let index = 0; index < 5; index += 1) {
      assert.equal(await verdictOf(filter, bearing(await forger.sign({ jti: String(index) }))), 'invalid');
    }
    assert.equal(filter.apply(bearing(good)), null);
  });
});

it('one good token in many spellings of its field does not push out the others', async () => {
  const filter = gate({ verifiedMax: 2 }).filter(givenAuthentication(), keySet);
  const [good, other] = [await key.sign(), await key.sign({ sub: 'eve' })];
  assert.equal(await verdictOf(filter, bearing(good)), 'pass');
  for (let blanks = 2; blanks < 7; blanks += 1) {
    const spelt = bearing(`${' '.repeat(blanks - 1)}${other}`);
    assert.equal(await verdictOf(filter, spelt), 'pass');
  }
  assert.equal(filter.apply(bearing(good)), null);
});

describe('verifications', () => {
  it('are answered as overload when too many run at a time, and end so', async () => {
    const made = gate({ verificationsMax: 2 });
    const filter = made.filter(givenAuthentication(), keySet);
    const tokens = await Promise.all(['a', 'b', 'c'].map((jti) => key.sign({ jti })));
    const verdicts = await Promise.all(tokens.map((token) => verdictOf(filter, bearing(token))));
    assert.deepEqual(verdicts, ['pass', 'pass', 'Overloaded']);
    assert.equal(await verdictOf(filter, bearing(tokens[2] ?? '')), 'pass');
  });
});

describe('the token cache', () => {
  it('is bounded by entries and by characters, and the least recently used go first', () => {
    const cache = new TokenCache<object, object>({ entriesMax: 3, charactersMax: 100 });
    const owner = {};
    const put = (credential: string) => cache.put(owner, credential, { value: {}, untilMs: 1 });
    for (const credential of ['a', 'b', 'c']) put(credential);
    assert.notEqual(cache.get(owner, 'a', 0), null);
    put('d');
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((one) => cache.get(owner, one, 0) !== null),
      [true, false, true, true],
    );
    put('x'.repeat(99));
    assert.equal(cache.size, 2);
    put('y'.repeat(101));
    assert.equal(cache.get(owner, 'y'.repeat(101), 0), null);
  });

  it('keeps four owners a credential', () => {
    const cache = new TokenCache<object, object>({ entriesMax: 3, charactersMax: 100 });
    const owners = Array.from({ length: 6 }, (_, index) => ({ index }));
    for (const owner of owners) cache.put(owner, 'a', { value: owner, untilMs: 1 });
    assert.deepEqual(
      owners.map((owner) => cache.get(owner, 'a', 0)),
      [null, null, ...owners.slice(2)],
    );
  });
});
