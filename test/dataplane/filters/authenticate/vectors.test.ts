// Published tokens replayed as bearer tokens: RFC 7515 appendix A, RFC 7520 section 4. They are well signed, so what is
// refused here is refused for what it says.
import { resourceId } from '#snapshot/ids.ts';
import type { JsonWebKey, KeySet } from '#snapshot/key-set.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenAuthentication, givenJwt } from '#test/given/token.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bearing, gate, verdictOf } from './gate.ts';

const id = resourceId('KeySet', 'ids');
const none = { kid: null, n: null, e: null, crv: null, x: null, y: null };

const rsa: JsonWebKey = {
  ...none,
  kty: 'RSA',
  alg: 'RS256',
  n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',
  e: 'AQAB',
};

const p256: JsonWebKey = {
  ...none,
  kty: 'EC',
  alg: 'ES256',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
};

const p521: JsonWebKey = {
  ...none,
  kty: 'EC',
  alg: 'ES512',
  crv: 'P-521',
  x: 'AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4XUQcWceqwQGk',
  y: 'ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2',
};

const keys: KeySet = {
  kind: 'KeySet',
  state: 'Available',
  id,
  keys: [rsa, p256, p521],
  refreshable: false,
};

const secret: KeySet = {
  kind: 'KeySet',
  state: 'Shared',
  id,
  refreshable: false,
  alg: 'HS256',
  secret: new Secret(
    Buffer.from(
      'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
      'base64url',
    ).toString('base64'),
  ),
};

const joe = 'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
const a1 = `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${joe}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`;
const a2 = `eyJhbGciOiJSUzI1NiJ9.${joe}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw`;
const a3 = `eyJhbGciOiJFUzI1NiJ9.${joe}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q`;
const a4 =
  'eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn';
const a5 = `eyJhbGciOiJub25lIn0.${joe}.`;

/** Before these tokens end. */
const thenMs = 1_300_819_379_000;

async function judge(token: string, keySet: KeySet, clockMs = thenMs): Promise<string> {
  const made = gate();
  made.clock = clockMs;
  const rule = givenJwt({ issuer: 'joe', audiences: [] });
  return verdictOf(made.filter(givenAuthentication(rule), keySet), bearing(token));
}

describe('RFC 7515 appendix A', () => {
  it('A.1, by HS256, passes by its secret alone', async () => {
    assert.equal(await judge(a1, secret), 'pass');
    assert.equal(await judge(a1, keys), 'invalid');
  });

  it('A.2 and A.3, by RS256 and ES256, pass by their public keys alone', async () => {
    for (const token of [a2, a3]) {
      assert.equal(await judge(token, keys), 'pass');
      assert.equal(await judge(token, secret), 'invalid');
      assert.equal(await judge(token, { ...keys, keys: [p521] }), 'invalid');
    }
  });

  it('none of them passes once it is over', async () => {
    for (const token of [a2, a3]) assert.equal(await judge(token, keys, thenMs + 1000), 'invalid');
    assert.equal(await judge(a1, secret, thenMs + 1000), 'invalid');
  });

  it('A.4, by ES512, says nothing of who calls', async () => {
    assert.equal(await judge(a4, keys), 'invalid');
  });

  it('A.5, unsecured, never passes, nor does it with the signature of another', async () => {
    for (const token of [a5, a5.slice(0, -1), a5 + (a3.split('.')[2] ?? '')]) {
      assert.equal(await judge(token, keys), 'invalid');
      assert.equal(await judge(token, secret), 'invalid');
    }
  });

  it('A.6 and A.7, in JSON, are no bearer tokens', async () => {
    const [header = '', payload = '', signature = ''] = a3.split('.');
    const flat = { payload, protected: header, signature };
    const general = { payload, signatures: [{ protected: header, signature }] };
    for (const form of [flat, general]) assert.equal(await judge(JSON.stringify(form), keys), 'invalid');
  });

  it('each of them is bound to its header, its claims and its signature', async () => {
    for (const [index, token] of [a2, a3].entries()) {
      const parts = token.split('.');
      const others = (index === 0 ? a3 : a2).split('.');
      for (const at of [0, 2]) {
        const mixed = parts.map((part, place) => (place === at ? (others[place] ?? '') : part)).join('.');
        assert.equal(await judge(mixed, keys), 'invalid');
      }
    }
  });
});

describe('RFC 7520 section 4', () => {
  const frodo =
    'SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4';
  const hobbit = Buffer.from('{"alg":"HS256","kid":"018c0ae5-4d9b-471b-bfd6-eef314bc7037"}').toString(
    'base64url',
  );
  const mac = 's0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0';
  const shared: KeySet = {
    ...secret,
    secret: new Secret(
      Buffer.from('hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg', 'base64url').toString('base64'),
    ),
  };

  it('a line of a book is no token, however well it is signed', async () => {
    assert.equal(await judge(`${hobbit}.${frodo}.${mac}`, shared), 'invalid');
  });

  it('4.5, detached: content that is not there is not taken from elsewhere', async () => {
    assert.equal(await judge(`${hobbit}..${mac}`, shared), 'invalid');
  });
});
