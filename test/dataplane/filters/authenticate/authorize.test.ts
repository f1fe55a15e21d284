// What callers may do: each part of an entry, several entries, several levels, Shadow.
import type { Exchange, Identity } from '#dataplane/http/exchange.ts';
import { nobody } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { AuthorizationEntry } from '#snapshot/authorization.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication, givenEntry, givenKeySet, issuerKey } from '#test/given/token.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bearing, gate, verdictOf } from './gate.ts';

const ann: Identity = {
  ...nobody,
  method: 'JWT',
  subject: 'ann',
  groups: ['staff'],
  scopes: ['read', 'write'],
  claims: { org: { id: 7 }, roles: ['dev', true], level: 3 },
};

function by(identity: Identity | null, changes: { method?: string; address?: string } = {}): Exchange {
  const { method = 'GET', address = '192.0.2.1' } = changes;
  const exchange = givenExchange(givenRequest({ method }), { client: { address } });
  exchange.identity = identity;
  return exchange;
}

/** What a policy without ways in, of these entries, says of the request. */
function verdict(exchange: Exchange, ...entries: readonly AuthorizationEntry[]): Failure | null {
  const authentication = { ...givenAuthentication(), alternatives: [], authorize: entries };
  const said = gate().filter(authentication).apply(exchange);
  assert.ok(said === null || 'kind' in said, 'no promise');
  return said as Failure | null;
}

const parts: readonly (readonly [
  what: string,
  given: Partial<AuthorizationEntry>,
  holds: Exchange,
  lacks: Exchange,
  detail: string,
])[] = [
  [
    'methods',
    { methods: ['GET', 'HEAD'] },
    by(ann),
    by(ann, { method: 'POST' }),
    'the method is none of those told',
  ],
  [
    'allowed addresses',
    { allow: ['192.0.2.0/24'] },
    by(null),
    by(null, { address: '198.51.100.1' }),
    'the address is in no network allowed',
  ],
  [
    'allowed addresses of IPv6',
    { allow: ['2001:db8::/32'] },
    by(null, { address: '2001:db8::1' }),
    by(null, { address: '192.0.2.1' }),
    'the address is in no network allowed',
  ],
  [
    'denied addresses',
    { deny: ['198.51.100.0/24'] },
    by(null),
    by(null, { address: '198.51.100.1' }),
    'the address is in a network denied',
  ],
  [
    'an address denied and allowed',
    { allow: ['192.0.2.0/24'], deny: ['192.0.2.9/32'] },
    by(null),
    by(null, { address: '192.0.2.9' }),
    'the address is in a network denied',
  ],
  [
    'groups',
    { groups: ['admins', 'staff'] },
    by(ann),
    by({ ...ann, groups: ['guests'] }),
    'in none of the groups told',
  ],
  ['groups of nobody', { groups: ['staff'] }, by(ann), by(null), 'in none of the groups told'],
  [
    'a claim',
    { claims: [{ claim: 'org.id', values: ['7', '8'] }] },
    by(ann),
    by({ ...ann, claims: { org: { id: 9 } } }),
    'the claim org.id has none of the values told',
  ],
  [
    'a claim that is a list',
    { claims: [{ claim: 'roles', values: ['true'] }] },
    by(ann),
    by({ ...ann, claims: { roles: ['x'] } }),
    'the claim roles has none of the values told',
  ],
  [
    'a claim that is not there',
    { claims: [{ claim: 'constructor', values: ['x'] }] },
    by({ ...ann, claims: { constructor: 'x' } }),
    by(ann),
    'the claim constructor has none of the values told',
  ],
  [
    'an expression',
    { when: 'auth.claims.level >= 3' },
    by(ann),
    by({ ...ann, claims: { level: 2 } }),
    'when does not hold',
  ],
  [
    'an expression that fails',
    { when: 'auth.claims.level >= 3' },
    by(ann),
    by({ ...ann, claims: {} }),
    'when failed: column 13: there is no such key or index',
  ],
];

describe('an entry holds when its part does', () => {
  for (const [what, given, holds, lacks, detail] of parts) {
    test(what, () => {
      assert.equal(verdict(holds, givenEntry(given)), null);
      assert.deepEqual(verdict(lacks, givenEntry(given)), {
        kind: 'Forbidden',
        challenge: null,
        detail: `shop/auth: writers: ${detail}`,
      });
    });
  }

  test('scopes, all of them, and the client is told which', () => {
    const asked = givenEntry({ scopes: ['read', 'write'] });
    assert.equal(verdict(by(ann), asked), null);
    assert.deepEqual(verdict(by({ ...ann, scopes: ['read'] }), asked), {
      kind: 'Forbidden',
      challenge: 'Bearer realm="example.com", error="insufficient_scope", scope="read write"',
      detail: 'shop/auth: writers: a scope is missing',
    });
  });
});

test('all parts of an entry must hold, and all entries', () => {
  const both = givenEntry({ methods: ['GET'], groups: ['staff'] });
  const other = givenEntry({ name: 'others', when: "auth.subject == 'ann'" });
  assert.equal(verdict(by(ann), both, other), null);
  assert.equal(verdict(by(ann, { method: 'PUT' }), both, other)?.kind, 'Forbidden');
  assert.equal(verdict(by({ ...ann, groups: [] }), both, other)?.kind, 'Forbidden');
  assert.match(
    JSON.stringify(verdict(by({ ...ann, subject: 'bob' }), both, other)),
    /others: when does not hold/,
  );
});

test('an expression or a network that this build cannot use denies every request', () => {
  assert.equal(verdict(by(ann), givenEntry({ when: "newer.variable == 'x' || true" }))?.kind, 'Forbidden');
  assert.equal(verdict(by(ann), givenEntry({ deny: ['nonsense'] }))?.kind, 'Forbidden');
});

test('an authentication of nothing lets nobody in', () => {
  const filter = gate().filter({ ...givenAuthentication(), alternatives: [] });
  assert.equal((filter.apply(by(ann)) as Failure | null)?.kind, 'Unauthenticated');
});

test('Shadow refuses nothing, counts, and tells the log', () => {
  const at = gate();
  const shadow = givenEntry({ name: 'soon', mode: 'Shadow', groups: ['admins'] });
  const made = at.filter({
    ...givenAuthentication(),
    alternatives: [],
    authorize: [shadow, givenEntry({ methods: ['GET'] })],
  });
  const exchange = by(ann);
  assert.equal(made.apply(exchange), null);
  assert.equal(exchange.shadowed, 'shop/auth: soon: in none of the groups told');
  assert.equal((made.apply(by(ann, { method: 'PUT' })) as Failure | null)?.kind, 'Forbidden');
  assert.deepEqual(at.authenticating.refusals(), [
    { policy: 'shop/auth', entry: 'soon', mode: 'Shadow', refused: 2 },
    { policy: 'shop/auth', entry: 'writers', mode: 'Enforce', refused: 1 },
  ]);
  const holding = by({ ...ann, groups: ['admins'] });
  assert.equal(made.apply(holding), null);
  assert.equal(holding.shadowed, null);
});

test('what is asked is asked of whom a token has admitted, and of nobody where that is optional', async () => {
  const key = await issuerKey('one', 'ES256');
  const authorize = [givenEntry({ when: "auth.subject == 'ada' || auth.method == ''" })];
  const filter = gate().filter(
    { ...givenAuthentication(), optional: true, authorize },
    givenKeySet('ids', key),
  );
  assert.equal(await verdictOf(filter, bearing(await key.sign())), 'pass');
  assert.equal(await verdictOf(filter, bearing(await key.sign({ sub: 'eve' }))), 'Forbidden');
  assert.equal(await verdictOf(filter, givenExchange()), 'pass');
  assert.equal(await verdictOf(filter, bearing('nonsense')), 'invalid');
});

test('a level without ways in sees who the level before has found out', async () => {
  const key = await issuerKey('one', 'ES256');
  const at = gate();
  const first = at.filter(givenAuthentication(), givenKeySet('ids', key));
  const second = at.filter({
    ...givenAuthentication(),
    alternatives: [],
    authorize: [givenEntry({ when: "auth.subject == 'ada'" })],
  });
  const exchange = bearing(await key.sign());
  assert.equal(await verdictOf(first, exchange), 'pass');
  assert.equal(await verdictOf(second, exchange), 'pass');
  assert.equal(exchange.identity?.subject, 'ada');
  assert.equal(await verdictOf(second, givenExchange()), 'Forbidden');
});
