import { fieldValueOf } from '#dataplane/filters/authenticate/identity-fields.ts';
import { removeFields } from '#dataplane/http/aliases.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import { givenRequest } from '#test/given/request.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bearing, carrying, gate, verdictOf } from './gate.ts';

const key = await issuerKey('one');
const keySet = givenKeySet('ids', key);

describe('a claim as a field value', () => {
  const table: readonly [claim: unknown, value: string | null][] = [
    ['ada', 'ada'],
    ['', ''],
    ['a b', 'a b'],
    ['Łukasz', 'Å\u0081ukasz'],
    ['à', 'Ã\u00a0'],
    ['a\r\nx-admin: 1', null],
    ['a\nb', null],
    ['a\0', null],
    ['a\u007f', null],
    [' admin', null],
    ['admin\t', null],
    [12, '12'],
    [1e21, '1e+21'],
    [true, 'true'],
    [false, 'false'],
    [null, null],
    [undefined, null],
    [['a', 'b'], 'a,b'],
    [['a', 1, true], 'a,1,true'],
    [[], ''],
    [['a,b'], null],
    [['a', ' b'], null],
    [['a', null], null],
    [{ a: 1 }, Buffer.from('{"a":1}').toString('base64url')],
    [[{ a: 1 }], Buffer.from('[{"a":1}]').toString('base64url')],
    [[['a']], Buffer.from('[["a"]]').toString('base64url')],
  ];
  for (const [claim, value] of table) {
    it(`${JSON.stringify(claim)} is ${JSON.stringify(value)}`, () =>
      assert.equal(fieldValueOf(claim), value));
  }
});

describe('identity fields', () => {
  const mapping = [
    { claim: 'sub', header: 'x-user' },
    { claim: 'realm.roles', header: 'x-roles' },
    { claim: 'https://shop.example/plan', header: 'x-plan' },
    { claim: 'absent', header: 'x-absent' },
    { claim: 'constructor', header: 'x-constructor' },
    { claim: '__proto__', header: 'x-proto' },
    { claim: 'sub.length', header: 'x-length' },
  ];
  const authentication = givenAuthentication(givenJwt({ claimsToHeaders: mapping }));

  it('are written from claims by name, by dots, and by names with dots in them', async () => {
    const exchange = bearing(
      await key.sign({ realm: { roles: ['a', 'b'] }, 'https://shop.example/plan': 'gold' }),
    );
    assert.equal(await verdictOf(gate().filter(authentication, keySet), exchange), 'pass');
    const { fields } = exchange.forwarded;
    const values = mapping.map(({ header }) => fields.joined(header));
    assert.deepEqual(values, ['ada', 'a,b', 'gold', undefined, undefined, undefined, undefined]);
  });

  it("never are the client's own, in whatever spelling, also when the claim is absent or the request is refused", async () => {
    const filter = gate().filter(authentication, keySet);
    const spoofed: [string, string][] = [
      ['X-User', 'root'],
      ['x-user', 'root'],
      ['X_User', 'root'],
      ['x.user', 'root'],
      ['X-Absent', 'root'],
      ['x-userx', 'kept'],
    ];
    const token = await key.sign();
    for (let round = 0; round < 2; round += 1) {
      const exchange = carrying(...spoofed, ['Authorization', `Bearer ${token}`], ['x_absent', 'root']);
      assert.equal(await verdictOf(filter, exchange), 'pass');
      const names = exchange.forwarded.fields.flat.filter((_, index) => index % 2 === 0);
      assert.deepEqual(names, ['x-userx', 'authorization', 'x-user']);
      assert.equal(exchange.forwarded.fields.joined('x-user'), 'ada');
    }
    const refused = carrying(...spoofed);
    assert.equal(await verdictOf(filter, refused), 'missing');
    assert.equal(refused.forwarded.fields.size, 1);
  });

  it('of an alternative that did not pass are removed too, and only those of the one that passed are written', async () => {
    const partners = givenJwt({
      issuer: 'https://partner.example',
      claimsToHeaders: [{ claim: 'sub', header: 'x-partner' }],
    });
    const filter = gate().filter(
      givenAuthentication(givenJwt({ claimsToHeaders: mapping }), partners),
      keySet,
    );
    const token = await key.sign({ iss: 'https://partner.example', sub: 'acme' });
    const exchange = carrying(
      ['x-user', 'root'],
      ['x-partner', 'root'],
      ['authorization', `Bearer ${token}`],
    );
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.equal(exchange.forwarded.fields.joined('x-user'), undefined);
    assert.equal(exchange.forwarded.fields.joined('x-partner'), 'acme');
  });

  it('are told once where two claims are mapped to one name: the first that is there', async () => {
    const rule = givenJwt({
      claimsToHeaders: [
        { claim: 'absent', header: 'x-user' },
        { claim: 'sub', header: 'x-user' },
        { claim: 'iss', header: 'x-user' },
      ],
    });
    const exchange = bearing(await key.sign());
    assert.equal(await verdictOf(gate().filter(givenAuthentication(rule), keySet), exchange), 'pass');
    assert.equal(exchange.forwarded.fields.joined('x-user'), 'ada');
  });

  it('are removed wherever they stand', () => {
    const { fields } = givenRequest({
      fields: [
        ['a', '1'],
        ['b', '1'],
        ['a', '2'],
        ['c', '1'],
        ['a', '3'],
      ],
    });
    removeFields(fields, ['a', 'c']);
    assert.deepEqual(fields.flat, ['b', 'b: 1\r\n']);
  });
});
