import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '#dataplane/http/exchange.ts';
import { resourceId } from '#snapshot/ids.ts';
import { credentialOfKey, givenApiKeys, givenCredentials, givenKey, keysId } from '#test/given/api-key.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey, nowMs } from '#test/given/token.ts';
import { bearing, carrying, gate, told, verdictOf } from './gate.ts';

const key = givenKey(1);
const withKey = (value: string): Exchange => carrying(['X-API-Key', value]);

/** A filter that lets in by the credentials of `keys`. */
function filterOf(...given: Parameters<typeof givenCredentials>[0]) {
  const made = gate();
  made.authenticating.useCredentials([givenCredentials(given)]);
  return { ...made, made, filter: made.filter(givenAuthentication(givenApiKeys())) };
}

test('a key lets in as its consumer, at once, and backends do not get it', () => {
  const credential = credentialOfKey(key, { groups: ['partners', 'eu'], plan: 'gold' });
  const made = gate();
  made.authenticating.useCredentials([givenCredentials([credential], keysId, ['gold'])]);
  const filter = made.filter(givenAuthentication(givenApiKeys()));
  const exchange = withKey(key);
  assert.equal(filter.apply(exchange), null);
  const { limits, ...identity } = exchange.identity ?? assert.fail();
  assert.equal(limits?.kind, 'Plan shop/gold');
  assert.deepEqual(identity, {
    method: 'APIKey',
    subject: 'acme',
    consumer: 'shop/acme',
    plan: 'gold',
    groups: ['partners', 'eu'],
    scopes: [],
    claims: {},
    keyId: 'tp_00000001',
  });
  assert.equal(exchange.forwarded.fields.only('x-api-key'), null);
});

test('a consumer keeps its plan where a nearer level finds out somebody who is none', async () => {
  const made = gate();
  const credential = credentialOfKey(key, { plan: 'gold' });
  made.authenticating.useCredentials([givenCredentials([credential], keysId, ['gold'])]);
  const far = made.filter(givenAuthentication(givenApiKeys()));
  const issuer = await issuerKey('one');
  const near = made.filter(givenAuthentication(givenJwt()), givenKeySet('ids', issuer));
  const exchange = carrying(['X-API-Key', key], ['Authorization', `Bearer ${await issuer.sign()}`]);
  assert.equal(await verdictOf(far, exchange), 'pass');
  assert.equal(await verdictOf(near, exchange), 'pass');
  const { method, consumer, plan, limits } = exchange.identity ?? assert.fail();
  assert.deepEqual([method, consumer, plan, limits?.kind], ['JWT', 'shop/acme', 'gold', 'Plan shop/gold']);
});

test('what is told to the backend comes from the key alone', () => {
  const made = gate();
  const credential = credentialOfKey(key, { groups: ['a', 'b'] });
  made.authenticating.useCredentials([givenCredentials([credential])]);
  const identityToHeaders = [
    { value: 'Consumer', header: 'x-consumer' },
    { value: 'Groups', header: 'x-groups' },
    { value: 'Plan', header: 'x-plan' },
    { value: 'KeyId', header: 'x-key' },
  ] as const;
  const filter = made.filter(givenAuthentication(givenApiKeys({ identityToHeaders })));
  const exchange = carrying(
    ['X-API-Key', key],
    ['X-Consumer', 'admin'],
    ['X_Groups', 'admins'],
    ['X-Plan', 'platinum'],
  );
  assert.equal(filter.apply(exchange), null);
  const { fields } = exchange.forwarded;
  assert.deepEqual(
    ['x-consumer', 'x-groups', 'x_groups', 'x-plan', 'x-key'].map((name) => fields.only(name)),
    ['acme', 'a,b', null, null, 'tp_00000001'],
  );
});

test('hostile keys find nobody', async () => {
  const { filter } = filterOf(credentialOfKey(key), credentialOfKey(givenKey(2)));
  for (const hostile of [
    '',
    ' ',
    key.slice(0, -1),
    key.slice(0, 11),
    `${key}x`,
    `${key}\0`,
    key.toUpperCase(),
    `${key},${key}`,
    credentialOfKey(key).sha256,
    Buffer.from(credentialOfKey(key).sha256, 'base64url').toString('latin1'),
    'x'.repeat(10_240),
    '\u{1f511}'.repeat(20),
    '\ud800',
    '__proto__',
  ]) {
    const exchange = withKey(hostile);
    assert.equal(await verdictOf(filter, exchange), 'invalid', JSON.stringify(hostile.slice(0, 80)));
    assert.equal(exchange.identity, null);
  }
  assert.equal(await verdictOf(filter, carrying(['X-API-Key', key], ['X-API-Key', key])), 'invalid');
  assert.equal(await verdictOf(filter, carrying()), 'missing');
});

test('the log tells nothing of a key that is refused', async () => {
  const { filter } = filterOf(credentialOfKey(key));
  const wrong = givenKey(7);
  const verdict = await filter.apply(withKey(wrong));
  assert.ok(verdict !== null);
  assert.ok(!JSON.stringify(verdict).includes(wrong.slice(3)));
});

test('two keys of a consumer live beside each other, and each ends when it expires', () => {
  const { filter, made } = filterOf(
    credentialOfKey(key, { expiresS: nowMs / 1000 + 10 }),
    credentialOfKey(givenKey(2)),
  );
  const answers = () => [key, givenKey(2)].map((one) => told(filter.apply(withKey(one)) as never));
  assert.deepEqual(answers(), ['pass', 'pass']);
  made.clock = nowMs + 9_999;
  assert.deepEqual(answers(), ['pass', 'pass']);
  made.clock = nowMs + 10_000;
  assert.deepEqual(answers(), ['invalid', 'pass']);
});

test('a key that is gone lets nobody in any more, by filters that were made before neither', () => {
  const { filter, made } = filterOf(credentialOfKey(key), credentialOfKey(givenKey(2)));
  const answers = () => [1, 2, 3].map((one) => told(filter.apply(withKey(givenKey(one))) as never));
  assert.deepEqual(answers(), ['pass', 'pass', 'invalid']);
  made.authenticating.useCredentials([
    givenCredentials([credentialOfKey(givenKey(2)), credentialOfKey(givenKey(3))]),
  ]);
  assert.deepEqual(answers(), ['invalid', 'pass', 'pass']);
  made.authenticating.useCredentials([givenCredentials([])]);
  assert.deepEqual(answers(), ['invalid', 'invalid', 'invalid']);
});

test('while keys are not there yet nobody is let in, and nobody is told that a key is bad', async () => {
  const made = gate();
  const filter = made.filter(givenAuthentication(givenApiKeys()));
  assert.equal(await verdictOf(filter, withKey(key)), 'KeysUnavailable');
  made.authenticating.useCredentials([givenCredentials([credentialOfKey(key)])]);
  assert.equal(await verdictOf(filter, withKey(key)), 'pass');
  made.authenticating.useCredentials([]);
  assert.equal(await verdictOf(filter, withKey(key)), 'KeysUnavailable');
});

test('keys of other sets are unknown, and a key in two is that of the first', () => {
  const made = gate();
  const other = resourceId('CredentialSet', 'Secret', 'shop', 'others');
  made.authenticating.useCredentials([
    givenCredentials([credentialOfKey(key), credentialOfKey(key, { consumer: 'late' })]),
    givenCredentials([credentialOfKey(key, { consumer: 'other' }), credentialOfKey(givenKey(2))], other),
  ]);
  const consumers = (...keys: ReturnType<typeof givenApiKeys>['keys']) => {
    const filter = made.filter(givenAuthentication(givenApiKeys({ keys })));
    return [key, givenKey(2)].map((one) => {
      const exchange = withKey(one);
      filter.apply(exchange);
      return exchange.identity?.consumer ?? null;
    });
  };
  const { id } = givenCredentials([]);
  assert.deepEqual(consumers(id), ['shop/acme', null]);
  assert.deepEqual(consumers(other), ['shop/other', 'shop/acme']);
  assert.deepEqual(consumers(id, other), ['shop/acme', 'shop/acme']);
  assert.deepEqual(consumers(other, id), ['shop/other', 'shop/acme']);
});

test('every key of many is found, and no other', () => {
  const count = 5_000;
  const credentials = Array.from({ length: count }, (_, at) =>
    credentialOfKey(givenKey(at), { consumer: `c${at}` }),
  );
  const { filter } = filterOf(...credentials);
  for (let at = 0; at < count; at += 1) {
    const exchange = withKey(givenKey(at));
    assert.equal(filter.apply(exchange), null);
    assert.equal(exchange.identity?.subject, `c${at}`);
    assert.notEqual(filter.apply(withKey(givenKey(count + at))), null);
  }
});

test('a key and a token are alternatives of one policy', async () => {
  const issuer = await issuerKey('one', 'ES256');
  const made = gate();
  made.authenticating.useCredentials([givenCredentials([credentialOfKey(key)])]);
  const filter = made.filter(givenAuthentication(givenJwt(), givenApiKeys()), givenKeySet('ids', issuer));
  assert.equal(await verdictOf(filter, withKey(key)), 'pass');
  assert.equal(await verdictOf(filter, bearing(await issuer.sign())), 'pass');
  const verdict = await filter.apply(carrying());
  assert.deepEqual(verdict?.kind === 'Unauthenticated' ? verdict.challenges : [], [
    'Bearer realm="example.com"',
    'ApiKey realm="example.com"',
  ]);
});

test('a key behind a scheme is asked for by that scheme', async () => {
  const made = gate();
  made.authenticating.useCredentials([givenCredentials([credentialOfKey(key)])]);
  const sources = [{ kind: 'Header', header: 'authorization', scheme: 'bearer' }] as const;
  const way = givenApiKeys({ credential: { sources, forwarded: true } });
  const filter = made.filter(givenAuthentication(way));
  const exchange = bearing(key);
  assert.equal(await verdictOf(filter, exchange), 'pass');
  assert.equal(exchange.forwarded.fields.only('authorization'), `Bearer ${key}`);
  const verdict = await filter.apply(bearing(givenKey(9)));
  assert.deepEqual(verdict?.kind === 'Unauthenticated' ? verdict.challenges : [], [
    'Bearer realm="example.com", error="invalid_token"',
  ]);
});
