// Good tokens made bad in ways that parsers are known to differ in, and times at their edges.
import { resourceId } from '#snapshot/ids.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey, nowMs } from '#test/given/token.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { bearing, gate, verdictOf } from './gate.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { x = null, y = null } = pair.publicKey.export({ format: 'jwk' });
const keySet = {
  ...givenKeySet('ids'),
  keys: [{ kty: 'EC', kid: 'one', alg: 'ES256', n: null, e: null, crv: 'P-256', x, y }],
} as const;
const seconds = nowMs / 1000;
const header = '{"alg":"ES256","kid":"one"}';
const claims = `{"iss":"https://id.example","aud":"shop","sub":"ada","exp":${seconds + 300}}`;

/** Header and claims to the letter, well signed. */
function signed(headerText: string, claimsText: string): string {
  const text = [headerText, claimsText].map((part) => Buffer.from(part).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(text), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
}

function judge(token: string): Promise<string> {
  return verdictOf(gate().filter(givenAuthentication(), keySet), bearing(token));
}

describe('a member that is there twice', () => {
  const twice: Readonly<Record<string, string>> = {
    'the algorithm': signed('{"alg":"none","alg":"ES256","kid":"one"}', claims),
    'the key': signed('{"alg":"ES256","kid":"two","kid":"one"}', claims),
    'the subject': signed(header, claims.replace('"sub"', '"sub":"root","sub"')),
    'the end': signed(header, claims.replace('"exp"', '"exp":1,"exp"')),
    'the end, the good one first': signed(header, claims.replace('}', ',"exp":1}')),
    'the subject, escaped': signed(header, claims.replace('"sub"', '"s\\u0075b":"root","sub"')),
    'a claim of the issuer': signed(header, claims.replace('}', ',"a":{"b":1,"b":2}}')),
    'a claim in a list': signed(header, claims.replace('}', ',"a":[{"b":1,"b":2}]}')),
  };
  for (const [what, token] of Object.entries(twice)) {
    it(`is refused, for backends may read the other one: ${what}`, async () => {
      assert.equal(await judge(token), 'invalid');
    });
  }

  it('is none where another object has it', async () => {
    const token = signed(
      header,
      claims.replace('}', ',"a":{"sub":1},"b":[{"sub":1},{"sub":2}],"c":"\\"sub\\":1"}'),
    );
    assert.equal(await judge(token), 'pass');
  });
});

describe('JSON that is too much', () => {
  const deep = (depth: number): string => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

  it('is refused when it is nested deeper than any token needs', async () => {
    assert.equal(await judge(signed(header, claims.replace('}', `,"a":${deep(20)}}`))), 'pass');
    assert.equal(await judge(signed(header, claims.replace('}', `,"a":${deep(64)}}`))), 'invalid');
    assert.equal(await judge(signed(header, claims.replace('}', `,"a":${deep(2500)}}`))), 'invalid');
    assert.equal(await judge(signed(`{"alg":"ES256","kid":"one","a":${deep(64)}}`, claims)), 'invalid');
  });

  for (const exp of [
    '1e309',
    '-1e309',
    '1e400',
    '1e-400',
    'NaN',
    'Infinity',
    '0x7fffffff',
    '9'.repeat(400),
  ]) {
    it(`an end of ${exp.slice(0, 12)} lets nobody in for ever`, async () => {
      assert.equal(await judge(signed(header, claims.replace(`${seconds + 300}`, exp))), 'invalid');
    });
  }

  for (const [nbf, verdict] of [
    ['1e309', 'invalid'],
    ['-1e309', 'invalid'],
    ['-1e300', 'pass'],
    [`${seconds}.5`, 'invalid'],
    [`${seconds - 1}.5`, 'pass'],
    ['9007199254740993', 'invalid'],
  ] as const) {
    it(`a begin of ${nbf}: ${verdict}`, async () => {
      assert.equal(await judge(signed(header, claims.replace('}', `,"nbf":${nbf}}`))), verdict);
    });
  }
});

describe('one kid in two issuers', async () => {
  const partner = await issuerKey('one');
  const rules = [
    givenJwt(),
    givenJwt({ name: 'partner', issuer: 'https://partner.example', keySet: resourceId('KeySet', 'partner') }),
  ];
  const filter = gate().filter(givenAuthentication(...rules), keySet, givenKeySet('partner', partner));

  it('is each issuer’s own: nobody signs for the other', async () => {
    const theirs = { iss: 'https://partner.example' };
    assert.equal(await verdictOf(filter, bearing(await partner.sign(theirs))), 'pass');
    assert.equal(await verdictOf(filter, bearing(await partner.sign())), 'invalid');
    assert.equal(await verdictOf(filter, bearing(signed(header, claims))), 'pass');
    const forged = claims.replace('https://id.example', 'https://partner.example');
    assert.equal(await verdictOf(filter, bearing(signed(header, forged))), 'invalid');
  });
});

describe('a token has one spelling', () => {
  const good = signed(header, claims);

  it('any octet outside of its alphabet, anywhere in it, is refused', async () => {
    const foreign = fc.constantFrom(
      ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
        (character) => !/[A-Za-z0-9_.-]/.test(character),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length), foreign, fc.boolean(), async (at, character, replaces) => {
        // In front and behind blanks belong to the field, not to the token.
        fc.pre(!((at === 0 || at === good.length) && /[\t ]/.test(character)));
        const token = good.slice(0, at) + character + good.slice(replaces ? at + 1 : at);
        assert.notEqual(await judge(token), 'pass');
      }),
      { numRuns: 300 },
    );
  });

  it('no other character in place of one of its own passes', async () => {
    const own = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.constantFrom(...own.split('')), async (at, character) => {
        fc.pre(good[at] !== character);
        assert.equal(await judge(good.slice(0, at) + character + good.slice(at + 1)), 'invalid');
      }),
      { numRuns: 300 },
    );
  });

  it('but the two signatures that ECDSA has for everything are two tokens, each of which ends and is revoked alike', async () => {
    const at = good.lastIndexOf('.') + 1;
    const octets = Buffer.from(good.slice(at), 'base64url');
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const s = BigInt(`0x${octets.subarray(32).toString('hex')}`);
    const other = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex');
    const twin = good.slice(0, at) + Buffer.concat([octets.subarray(0, 32), other]).toString('base64url');
    const made = gate();
    const revocation = resourceId('TokenRevocations', 'gone');
    made.authenticating.useRevocations([
      { kind: 'TokenRevocations', id: revocation, tokens: [], subjects: ['ada'], stream: null },
    ]);
    const filter = made.filter(givenAuthentication(givenJwt({ revocation })), keySet);
    for (const token of [good, twin]) {
      assert.equal(await judge(token), 'pass');
      assert.equal(await verdictOf(filter, bearing(token)), 'invalid');
    }
  });
});

describe('a signature of another length', () => {
  for (const alg of ['ES256', 'ES512', 'RS256', 'PS384', 'EdDSA'] as const) {
    it(`is none: ${alg}`, async () => {
      const issuer = await issuerKey('one', alg);
      const filter = gate().filter(givenAuthentication(), givenKeySet('ids', issuer));
      const token = await issuer.sign();
      const at = token.lastIndexOf('.') + 1;
      const octets = Buffer.from(token.slice(at), 'base64url');
      const others = [
        octets.subarray(1),
        octets.subarray(0, -1),
        Buffer.concat([octets, Buffer.alloc(1)]),
        Buffer.concat([octets, octets]),
        Buffer.alloc(1),
        Buffer.alloc(octets.length),
        Buffer.alloc(octets.length, 0xff),
      ];
      for (const other of others) {
        const bad = token.slice(0, at) + other.toString('base64url');
        assert.equal(await verdictOf(filter, bearing(bad)), 'invalid', `${other.length} octets`);
      }
      assert.equal(await verdictOf(filter, bearing(token)), 'pass');
    });
  }
});

it('times are kept to the millisecond, whatever they are', async () => {
  const second = fc.integer({ min: seconds - 100_000, max: seconds + 100_000 });
  const maybe = fc.option(second, { nil: undefined });
  const given = fc.record({
    exp: maybe,
    nbf: maybe,
    iat: maybe,
    skewMs: fc.integer({ min: 0, max: 300_000 }),
    maxAgeMs: fc.option(fc.integer({ min: 1, max: 100_000_000 }), { nil: null }),
    offsetMs: fc.integer({ min: -100_000_000, max: 100_000_000 }),
  });
  await fc.assert(
    fc.asyncProperty(given, async ({ exp, nbf, iat, skewMs, maxAgeMs, offsetMs }) => {
      const made = gate();
      made.clock = nowMs + offsetMs;
      const now = made.clock;
      const rule = givenJwt({ clockSkewMs: skewMs, maxAgeMs });
      const filter = made.filter(givenAuthentication(rule), keySet);
      const told = { iss: 'https://id.example', aud: 'shop', exp, nbf, iat };
      const good =
        exp !== undefined &&
        now < exp * 1000 + skewMs &&
        (nbf === undefined || now >= nbf * 1000 - skewMs) &&
        (iat === undefined || now >= iat * 1000 - skewMs) &&
        (maxAgeMs === null || (iat !== undefined && now < iat * 1000 + maxAgeMs + skewMs));
      assert.equal(
        await verdictOf(filter, bearing(signed(header, JSON.stringify(told)))),
        good ? 'pass' : 'invalid',
      );
    }),
    { numRuns: 500 },
  );
});
