import { jwtAlgorithms } from '#snapshot/key-set.ts';
import { resourceId } from '#snapshot/ids.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey, nowMs } from '#test/given/token.ts';
import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import net from 'node:net';
import { describe, it } from 'node:test';
import { bearing, carrying, gate, verdictOf } from './gate.ts';

const key = await issuerKey('one');
const other = await issuerKey('two');
const seconds = nowMs / 1000;

function base64(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

function claimsFor(): object {
  return { iss: 'https://id.example', aud: 'shop', exp: seconds + 300 };
}

function judge(token: string): Promise<string> {
  return verdictOf(gate().filter(givenAuthentication(), givenKeySet('ids', key)), bearing(token));
}

describe('a token', () => {
  for (const alg of jwtAlgorithms) {
    it(`signed by a trusted key passes: ${alg}`, async () => {
      const made = await issuerKey('k', alg);
      const filter = gate().filter(givenAuthentication(), givenKeySet('ids', made));
      assert.equal(await verdictOf(filter, bearing(await made.sign())), 'pass');
    });
  }

  it('under the newer name of EdDSA passes', async () => {
    const made = await issuerKey('k', 'EdDSA');
    const filter = gate().filter(givenAuthentication(), givenKeySet('ids', made));
    assert.equal(await verdictOf(filter, bearing(await made.sign({}, { alg: 'Ed25519' }))), 'pass');
  });

  it('says who sent the request', async () => {
    const exchange = bearing(await key.sign({ sub: 'ada', plan: { name: 'gold' } }));
    const filter = gate().filter(givenAuthentication(), givenKeySet('ids', key));
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.equal(exchange.identity?.method, 'JWT');
    assert.equal(exchange.identity.subject, 'ada');
    assert.deepEqual(exchange.identity.claims['plan'], { name: 'gold' });
    assert.ok(Object.isFrozen(exchange.identity.claims) && Object.isFrozen(exchange.identity.claims['plan']));
    assert.match(exchange.forwarded.fields.get('authorization') ?? '', /^Bearer /);
  });

  const claims: readonly [what: string, claims: Record<string, unknown>, verdict: string][] = [
    ['of another issuer', { iss: 'https://id.example/' }, 'invalid'],
    ['without issuer', { iss: undefined }, 'invalid'],
    ['whose issuer is a list', { iss: ['https://id.example'] }, 'invalid'],
    ['for another audience', { aud: 'shopping' }, 'invalid'],
    ['without audience', { aud: undefined }, 'invalid'],
    ['for several audiences, ours among them', { aud: ['a', 'shop'] }, 'pass'],
    ['for several audiences without ours', { aud: ['a', 'b'] }, 'invalid'],
    ['whose audience is an object', { aud: { shop: true } }, 'invalid'],
    ['without exp', { exp: undefined }, 'invalid'],
    ['that ends in a second', { exp: seconds + 1 }, 'pass'],
    ['that ends now', { exp: seconds }, 'invalid'],
    ['whose exp is text', { exp: String(seconds + 300) }, 'invalid'],
    ['whose exp is null', { exp: null }, 'invalid'],
    ['with a far end', { exp: 1e300 }, 'pass'],
    ['with a negative end', { exp: -1 }, 'invalid'],
    ['that begins now', { nbf: seconds }, 'pass'],
    ['that begins in a second', { nbf: seconds + 1 }, 'invalid'],
    ['whose nbf is text', { nbf: '0' }, 'invalid'],
    ['issued in a second', { iat: seconds + 1 }, 'invalid'],
    ['issued now', { iat: seconds }, 'pass'],
    ['without subject', { sub: undefined }, 'pass'],
    ['whose subject is a number', { sub: 1 }, 'invalid'],
    ['with claims named like members of all objects', { constructor: 1, toString: 'x' }, 'pass'],
  ];
  for (const [what, given, verdict] of claims) {
    it(`${what}: ${verdict}`, async () => assert.equal(await judge(await key.sign(given)), verdict));
  }

  it('is given the skew at both ends and not a millisecond more', async () => {
    const made = gate();
    const filter = made.filter(givenAuthentication(givenJwt({ clockSkewMs: 5000 })), givenKeySet('ids', key));
    for (const [ahead, verdict] of [
      [0, 'pass'],
      [-5000, 'pass'],
      [-5001, 'invalid'],
      [304_999, 'pass'],
      [305_000, 'invalid'],
    ] as const) {
      made.clock = nowMs + ahead;
      const token = await key.sign({ nbf: seconds, jti: String(ahead) });
      assert.equal(await verdictOf(filter, bearing(token)), verdict, `${ahead} ms`);
    }
  });

  it('passes for any audience where the rule names none', async () => {
    const filter = gate().filter(givenAuthentication(givenJwt({ audiences: [] })), givenKeySet('ids', key));
    assert.equal(await verdictOf(filter, bearing(await key.sign({ aud: undefined }))), 'pass');
  });
});

describe('a hostile token is refused', async () => {
  const good = await key.sign();
  const [header = '', payload = '', signature = ''] = good.split('.');
  const pem = createPublicKey({
    key: { kty: 'EC', crv: 'P-256', x: key.jwk.x ?? '', y: key.jwk.y ?? '' },
    format: 'jwk',
  }).export({ type: 'spki', format: 'pem' });
  const hmac = (text: string, secret: string) =>
    createHmac('sha256', secret).update(text).digest('base64url');
  // Well signed: nothing but what the header says is wrong with these.
  const withHeader = (members: object) => key.signRaw({ alg: 'ES256', kid: 'one', ...members }, claimsFor());
  const hs256 = `${base64({ alg: 'HS256', kid: 'one' })}.${payload}`;
  const lastOctet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const otherSpelling = lastOctet[lastOctet.indexOf(signature.at(-1) ?? '') ^ 1] ?? '';
  const table: Readonly<Record<string, string>> = {
    empty: '',
    'one part': header,
    'two parts': `${header}.${payload}`,
    'four parts': `${good}.x`,
    'five parts (JWE)': `${good}.x.y`,
    'empty signature': `${header}.${payload}.`,
    'alg none': `${base64({ alg: 'none' })}.${payload}.`,
    'alg none with a signature': `${base64({ alg: 'none' })}.${payload}.${signature}`,
    'alg None': `${base64({ alg: 'None', kid: 'one' })}.${payload}.${signature}`,
    'no alg': key.signRaw({ kid: 'one' }, claimsFor()),
    'HS256 with the public key as secret': `${hs256}.${hmac(hs256, pem)}`,
    'HS256 with the JWK as secret': `${hs256}.${hmac(hs256, JSON.stringify(key.jwk))}`,
    'another algorithm of the same curve family': withHeader({ alg: 'ES384' }),
    'alg as a list': withHeader({ alg: ['ES256'] }),
    'other claims': `${header}.${base64({ iss: 'https://id.example', aud: 'shop', sub: 'root', exp: 9e9 })}.${signature}`,
    'another key under the same kid': await other.sign({}, { kid: 'one' }),
    'its own key in jwk': await other.sign(
      {},
      { kid: 'one', jwk: { kty: 'EC', crv: 'P-256', x: other.jwk.x ?? '', y: other.jwk.y ?? '' } },
    ),
    crit: withHeader({ crit: ['exp'], exp: 1 }),
    'crit, empty': withHeader({ crit: [] }),
    'b64 false': withHeader({ b64: false, crit: ['b64'] }),
    'b64 without crit': withHeader({ b64: false }),
    'crit as text': withHeader({ crit: 'exp' }),
    'kid of a path': withHeader({ kid: '../../etc/passwd' }),
    'kid of 10 KiB': withHeader({ kid: 'k'.repeat(10_240) }),
    'kid of 300 characters': withHeader({ kid: 'k'.repeat(300) }),
    'kid with NUL': withHeader({ kid: 'one\0' }),
    'kid as a number': withHeader({ kid: 1 }),
    'a header that is a list': `${base64([])}.${payload}.${signature}`,
    'a header that is no JSON': `${base64('{')}.${payload}.${signature}`,
    'a header that is no UTF-8': `${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}.${payload}.${signature}`,
    'a space inside': `${header}. ${payload}.${signature}`,
    'a space behind': `${good} `,
    padding: `${header}.${payload}.${signature}=`,
    'a line feed inside': `${header}.${payload}\n.${signature}`,
    'plus and slash': `${header}.${payload}.${signature.slice(0, -2)}+/`,
    'a comma and a second token': `${good},${good}`,
    'another spelling of its last octet': good.slice(0, -1) + otherSpelling,
    'a percent': `${header}.%65.${signature}`,
    'over 8 KiB': await key.sign({ pad: 'x'.repeat(9000) }),
    'nested a thousand deep': `${header}.${base64('['.repeat(1000) + ']'.repeat(1000))}.${signature}`,
  };
  for (const [what, token] of Object.entries(table)) {
    it(what, async () => assert.equal(await judge(token), 'invalid'));
  }

  it('and the same ones are let through where nothing is wrong with them', async () => {
    assert.equal(await judge(good), 'pass');
    assert.equal(await judge(withHeader({})), 'pass');
    assert.equal(await judge(withHeader({ typ: 'at+jwt', jku: 'https://evil.example/' })), 'pass');
  });

  it('without any connection when it names where its keys are to be found', async (t) => {
    const server = net.createServer();
    let connections = 0;
    server.on('connection', (socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => server.close());
    const address = server.address();
    const uri = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/keys`;
    for (const members of [{ jku: uri }, { x5u: uri }, { jku: uri, kid: 'three' }]) {
      assert.equal(
        await judge(await other.sign({ iss: 'https://id.example' }, { kid: 'one', ...members })),
        'invalid',
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(connections, 0);
  });
});

describe('the Authorization field', () => {
  it('is looked at only when it is the only one and its scheme is Bearer', async () => {
    const filter = gate().filter(givenAuthentication(), givenKeySet('ids', key));
    const token = await key.sign();
    const table: readonly [verdict: string, ...values: string[]][] = [
      ['missing'],
      ['missing', ''],
      ['missing', 'Basic YTpi'],
      ['missing', `Bearerx ${token}`],
      ['missing', token],
      ['invalid', 'Bearer'],
      ['invalid', 'Bearer '],
      ['invalid', `Bearer\t${token}`.replace('\t', ' \t')],
      ['pass', `Bearer ${token}`],
      ['pass', `bearer ${token}`],
      ['pass', `BEARER  ${token}`],
      ['invalid', `Bearer ${token}`, `Bearer ${token}`],
      ['invalid', `Bearer ${token}`, 'Basic YTpi'],
      ['invalid', 'Basic YTpi', `Bearer ${token}`],
    ];
    for (const [verdict, ...values] of table) {
      const exchange = carrying(...values.map((value): [string, string] => ['Authorization', value]));
      assert.equal(
        await verdictOf(filter, exchange),
        verdict,
        JSON.stringify(values.map((value) => value.slice(0, 12))),
      );
    }
  });
});

describe('key sets', () => {
  it('let nobody in while their keys were never fetched, nor when they are not there, and say so', async () => {
    const id = resourceId('KeySet', 'ids');
    const unavailable = gate().filter(givenAuthentication(), {
      kind: 'KeySet',
      state: 'Unavailable',
      id,
      refreshable: true,
    });
    assert.equal(await verdictOf(unavailable, bearing(await key.sign())), 'KeysUnavailable');
    assert.equal(
      await verdictOf(gate().filter(givenAuthentication()), bearing(await key.sign())),
      'KeysUnavailable',
    );
    assert.equal(await verdictOf(unavailable, carrying()), 'missing');
    assert.equal(await verdictOf(unavailable, bearing(await key.sign({ iss: 'other' }))), 'invalid');
  });

  it('are asked to refresh for a kid they lack, and only for tokens their issuer could have signed', async () => {
    const made = gate();
    const filter = made.filter(givenAuthentication(), givenKeySet('ids', key));
    assert.equal(await verdictOf(filter, bearing(await other.sign())), 'invalid');
    assert.deepEqual(made.missing, ['KeySet/ids two']);
    for (const claims of [{ iss: 'other' }, { aud: 'other' }, { exp: seconds - 1 }]) {
      assert.equal(await verdictOf(filter, bearing(await other.sign(claims))), 'invalid');
    }
    assert.equal(await verdictOf(filter, bearing(await key.sign())), 'pass');
    const inline = { ...givenKeySet('ids', key), refreshable: false };
    assert.equal(
      await verdictOf(made.filter(givenAuthentication(), inline), bearing(await other.sign())),
      'invalid',
    );
    assert.deepEqual(made.missing, ['KeySet/ids two']);
  });

  it('try every key when neither token nor keys have a name, up to eight', async () => {
    const keys = await Promise.all(Array.from({ length: 9 }, () => issuerKey(null)));
    const filter = gate().filter(givenAuthentication(), givenKeySet('ids', ...keys));
    for (const [index, one] of keys.entries()) {
      assert.equal(await verdictOf(filter, bearing(await one.sign())), index < 8 ? 'pass' : 'invalid');
    }
  });

  it('try the keys without a name for a token that names one, and all that share a name', async () => {
    const nameless = await issuerKey(null);
    const twin = await issuerKey('one');
    const filter = gate().filter(givenAuthentication(), givenKeySet('ids', key, twin, nameless));
    assert.equal(await verdictOf(filter, bearing(await nameless.sign({}, { kid: 'one' }))), 'pass');
    assert.equal(await verdictOf(filter, bearing(await twin.sign())), 'pass');
    const unnamed = key.signRaw({ alg: 'ES256' }, claimsFor());
    assert.equal(await verdictOf(filter, bearing(unnamed)), 'pass');
  });

  it('leave out keys that do not fit their algorithm, say which, and use the others', async () => {
    const set = givenKeySet('ids', key);
    const keys = [
      { ...key.jwk, kid: 'wrong curve', alg: 'ES384' as const },
      { ...key.jwk, kid: 'wrong type', alg: 'RS256' as const },
      { ...key.jwk, kid: 'broken', x: 'AA' },
      key.jwk,
    ];
    const { filter, refused } = gate().authenticating.filterFor(givenAuthentication(), [{ ...set, keys }]);
    assert.equal(refused.length, 1);
    for (const kid of ['wrong curve', 'wrong type', 'broken'])
      assert.match(refused[0]?.reason ?? '', new RegExp(kid));
    assert.equal(await verdictOf(filter, bearing(await key.sign())), 'pass');
  });

  it('do not use RSA keys of less than 2048 bits', async () => {
    const short = await issuerKey('short', 'RS256');
    const jwk = { ...short.jwk, n: Buffer.alloc(128, 0xc5).toString('base64url') };
    const { refused } = gate().authenticating.filterFor(givenAuthentication(), [
      { ...givenKeySet('ids'), keys: [jwk] },
    ]);
    assert.equal(refused.length, 1);
  });
});

describe('alternatives', () => {
  it('let a token pass that any of them lets pass, each by its own issuer and keys', async () => {
    const partners = givenJwt({
      name: 'partners',
      issuer: 'https://partner.example',
      keySet: resourceId('KeySet', 'partners'),
    });
    const filter = gate().filter(
      givenAuthentication(givenJwt(), partners),
      givenKeySet('ids', key),
      givenKeySet('partners', other),
    );
    assert.equal(await verdictOf(filter, bearing(await key.sign())), 'pass');
    assert.equal(
      await verdictOf(filter, bearing(await other.sign({ iss: 'https://partner.example' }))),
      'pass',
    );
    assert.equal(await verdictOf(filter, bearing(await other.sign({}, { kid: 'one' }))), 'invalid');
    assert.equal(
      await verdictOf(filter, bearing(await key.sign({ iss: 'https://partner.example' }, { kid: 'two' }))),
      'invalid',
    );
  });

  it('say that keys are unavailable when only such could have let it pass', async () => {
    const partners = givenJwt({
      name: 'partners',
      issuer: 'https://partner.example',
      keySet: resourceId('KeySet', 'partners'),
    });
    const filter = gate().filter(givenAuthentication(givenJwt(), partners), givenKeySet('ids', key));
    assert.equal(
      await verdictOf(filter, bearing(await other.sign({ iss: 'https://partner.example' }))),
      'KeysUnavailable',
    );
    assert.equal(await verdictOf(filter, bearing(await key.sign())), 'pass');
  });
});
