import { credentialIn, removeCredentials } from '#dataplane/filters/authenticate/credential.ts';
import type { CredentialPlaces, CredentialSource } from '#snapshot/authentication.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gate, verdictOf } from './gate.ts';

const header: CredentialSource = { kind: 'Header', header: 'x-api-key', scheme: '' };
const cookie: CredentialSource = { kind: 'Cookie', cookie: 'at' };
const parameter: CredentialSource = { kind: 'Query', parameter: 'key' };

describe('a credential', () => {
  it('is found in its header, cookie or query parameter, in the order of its sources', () => {
    const request = givenRequest({
      target: '/a?x=1&k%65y=q',
      fields: [
        ['X-Api-Key', 'h'],
        ['Cookie', 'a=b; at=c'],
      ],
    });
    assert.equal(credentialIn([header, cookie, parameter], request), 'h');
    assert.equal(credentialIn([cookie, header], request), 'c');
    assert.equal(credentialIn([parameter, header], request), 'q');
    assert.equal(credentialIn([{ ...header, header: 'x-other' }, cookie], request), 'c');
    assert.equal(credentialIn([{ kind: 'Query', parameter: 'none' }], request), null);
    assert.equal(credentialIn([parameter], givenRequest({ target: '/a' })), null);
  });

  it('that stands there twice is none that can be judged', () => {
    const request = givenRequest({
      target: '/a?key=1&key=1',
      fields: [
        ['X-Api-Key', 'h'],
        ['x-api-key', 'h'],
        ['Cookie', 'at=1'],
        ['Cookie', 'at=1'],
      ],
    });
    for (const source of [header, cookie, parameter])
      assert.equal(credentialIn([source], request), undefined);
  });

  it('is removed from what is forwarded, in every spelling a backend may read, and nothing else is', () => {
    const request = givenRequest({
      target: '/a?x=%20&key=1&k%65y=2&y',
      fields: [
        ['X-Api-Key', 'h'],
        ['X_Api_Key', 'h'],
        ['Cookie', 'a=b; at=c'],
        ['Accept', '*/*'],
      ],
    });
    const { forwarded } = givenExchange(request);
    removeCredentials([header, cookie, parameter], forwarded, null);
    assert.equal(forwarded.query, 'x=%20&y');
    assert.equal(forwarded.fields.has('x-api-key') || forwarded.fields.has('x_api_key'), false);
    assert.equal(forwarded.fields.get('cookie'), 'a=b');
    assert.equal(forwarded.fields.get('accept'), '*/*');
    removeCredentials(
      [
        { kind: 'Query', parameter: 'x' },
        { kind: 'Query', parameter: 'y' },
      ],
      forwarded,
      null,
    );
    assert.equal(forwarded.query, null);
  });
});

describe('a parameter of the query', () => {
  const queries = [
    'key=1',
    'a=key=1',
    'keys=1',
    'ke=1',
    '&&key=1&',
    'key',
    'key=',
    '=key',
    'k%65y=1',
    '%6bey=a%20b+c',
    'key=%zz',
    'k+ey=1',
    'key=1&k%65y=2',
    '?key=1',
    'a=1;key=2',
    'key=1=2',
    'KEY=1',
    'a%=1&key=%E4',
    '%=1',
    'key=%C3%A4',
    '',
  ];
  for (const query of queries) {
    it(`is read as by the URL standard: ${query}`, () => {
      // a sign in front, or the standard's parser would take away the first `?`
      const values = new URLSearchParams(`&${query}`).getAll('key');
      const found = credentialIn([parameter], { ...givenRequest(), query });
      assert.equal(found, values.length > 1 ? undefined : (values[0] ?? null));
    });
  }

  it('of a name that itself would be decoded is that name', () => {
    const odd: CredentialSource = { kind: 'Query', parameter: 'a+b' };
    const read = (query: string) => credentialIn([odd], { ...givenRequest(), query });
    assert.deepEqual([read('a+b=1'), read('a%2Bb=1'), read('a%20b=1')], [null, '1', null]);
  });

  it('is removed where a backend would read it, and nothing else is changed', () => {
    for (const [query, left] of [
      ['a=1;key=2&b', 'a=1&b'],
      ['key=1;a=%6b', 'a=%6b'],
      ['a=key;keys=1&&', 'a=key;keys=1&&'],
      ['key', null],
      ['', ''],
    ] as const) {
      const { forwarded } = givenExchange({ ...givenRequest(), query });
      removeCredentials([parameter], forwarded, null);
      assert.equal(forwarded.query, left, query);
    }
  });
});

describe('a scheme that ends in another way than by a space', () => {
  const bearer: CredentialSource = { kind: 'Header', header: 'authorization', scheme: 'bearer' };
  const read = (value: string) =>
    credentialIn([bearer], givenRequest({ fields: [['Authorization', value]] }));

  it('is read, as a credential that is none', () => {
    for (const value of ['Bearer\tx', 'bearer,x', 'BEARER:x', 'Bearer"x"', 'Bearer'])
      assert.equal(read(value), value.slice('bearer'.length));
    assert.equal(read('Bearer  x'), 'x');
  });

  it('is another one where it only goes on', () => {
    for (const value of ['Bearers x', 'Bearer-2 x', 'Basic Bearer x']) assert.equal(read(value), null);
  });
});

describe('a token that must not go on', async () => {
  const key = await issuerKey('one');
  const rule = givenJwt({ credential: { sources: [parameter, cookie], forwarded: false } });
  const filter = gate().filter(givenAuthentication(rule), givenKeySet('ids', key));

  it('lets its request in and is not seen by the backend', async () => {
    const token = await key.sign();
    const exchange = givenExchange(
      givenRequest({ target: `/a?b=1&key=${token}`, fields: [['Cookie', 'at=x']] }),
    );
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.equal(exchange.forwarded.query, 'b=1');
    assert.equal(exchange.forwarded.fields.has('cookie'), false);
  });

  it('is taken out of cookies and queries even where its header goes on', async () => {
    const bearer: CredentialSource = { kind: 'Header', header: 'authorization', scheme: 'bearer' };
    const kept = givenJwt({ credential: { sources: [bearer, parameter, cookie], forwarded: true } });
    const keeping = gate().filter(givenAuthentication(kept), givenKeySet('ids', key));
    const token = await key.sign();
    const exchange = givenExchange(
      givenRequest({
        target: '/a?key=x',
        fields: [
          ['Authorization', `Bearer ${token}`],
          ['Cookie', 'at=x; b=1'],
        ],
      }),
    );
    assert.equal(await verdictOf(keeping, exchange), 'pass');
    assert.equal(exchange.forwarded.query, null);
    assert.equal(exchange.forwarded.fields.get('cookie'), 'b=1');
    assert.equal(exchange.forwarded.fields.get('authorization'), `Bearer ${token}`);
  });

  it('is not looked for where the policy does not say so', async () => {
    const exchange = givenExchange(
      givenRequest({ fields: [['Authorization', `Bearer ${await key.sign()}`]] }),
    );
    assert.equal(await verdictOf(filter, exchange), 'missing');
  });
});

describe('an optional authentication', async () => {
  const key = await issuerKey('one');
  const claimsToHeaders = [{ claim: 'sub', header: 'x-user' }];
  const authentication = { ...givenAuthentication(givenJwt({ claimsToHeaders })), optional: true };
  const filter = gate().filter(authentication, givenKeySet('ids', key));

  it('lets a request without a credential pass as nobody, whatever it says it is', async () => {
    const exchange = givenExchange(givenRequest({ fields: [['X-User', 'root']] }));
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.equal(exchange.identity, null);
    assert.equal(exchange.forwarded.fields.has('x-user'), false);
  });

  it('sends on nothing that a backend may read as a credential where it has read none', async () => {
    const credential: CredentialPlaces = {
      sources: [{ kind: 'Header', header: 'authorization', scheme: 'bearer' }, parameter, cookie],
      forwarded: true,
    };
    const optional = { ...givenAuthentication(givenJwt({ credential })), optional: true };
    const exchange = givenExchange(
      givenRequest({
        fields: [
          ['Authorization', 'Token x'],
          ['Cookie', 'a=b, at=x'],
        ],
      }),
    );
    assert.equal(await verdictOf(gate().filter(optional, givenKeySet('ids', key)), exchange), 'pass');
    assert.equal(exchange.identity, null);
    assert.equal(exchange.forwarded.fields.has('authorization'), false);
    assert.equal(exchange.forwarded.fields.get('cookie'), 'a=b');
    const refused = givenExchange(givenRequest({ fields: [['Authorization', 'Bearer\tx']] }));
    assert.equal(await verdictOf(gate().filter(optional, givenKeySet('ids', key)), refused), 'invalid');
  });

  it('refuses one whose credential is no good', async () => {
    const exchange = givenExchange(givenRequest({ fields: [['Authorization', 'Bearer x']] }));
    assert.equal(await verdictOf(filter, exchange), 'invalid');
  });

  it('keeps what a farther policy established', async () => {
    const request = givenRequest({ fields: [['X-Api-Key', 'h']] });
    const exchange = givenExchange(request);
    const before = Object.freeze({ ...exchange.identity, method: 'JWT' as const });
    exchange.identity = before as NonNullable<typeof exchange.identity>;
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.equal(exchange.identity, before);
  });
});
