// The examples of RFC 9421: bases and signatures as they are published.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { problemOfDigest } from '#dataplane/filters/authenticate/http-signature/content-digest.ts';
import { messageSignatures } from '#dataplane/filters/authenticate/http-signature/message-signatures.ts';
import { signatureBase } from '#dataplane/filters/authenticate/http-signature/signature-base.ts';
import { readyKeySet, type VerificationKey } from '#dataplane/filters/authenticate/keys.ts';
import { isSignature } from '#dataplane/filters/authenticate/signature.ts';
import type { JwtAlgorithm } from '#snapshot/key-set.ts';
import { Secret } from '#snapshot/secret.ts';
import { signersId } from '#test/given/http-signature.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { jwkOf } from '#test/given/token.ts';

const digest =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';
const content = '{"hello": "world"}';

/** Appendix B.1. */
const keys: Readonly<Record<string, VerificationKey>> = {
  'test-key-rsa': publicKey(
    'RS256',
    'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrwWEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFqMGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZgkne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0PuKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQPSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB',
  ),
  'test-key-rsa-pss': publicKey(
    'PS512',
    'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB',
  ),
  'test-key-ecc-p256': publicKey(
    'ES256',
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==',
  ),
  'test-key-ed25519': publicKey('EdDSA', 'MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs='),
  'test-shared-secret': sharedSecret(
    'test-shared-secret',
    'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
  ),
};

function publicKey(alg: JwtAlgorithm, spki: string): VerificationKey {
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const keys = [jwkOf(key, null, alg)];
  const set = { kind: 'KeySet', state: 'Available', id: signersId, keys, refreshable: false } as const;
  return onlyKey(readyKeySet(set).keys);
}

function sharedSecret(name: string, secret: string): VerificationKey {
  const secrets = [{ name, secret: new Secret(secret) }];
  const set = { kind: 'KeySet', state: 'Named', id: signersId, secrets, refreshable: false } as const;
  return onlyKey(readyKeySet(set).keys);
}

function onlyKey(found: readonly VerificationKey[] | null): VerificationKey {
  const [key] = found ?? [];
  assert(key !== undefined);
  return key;
}

interface Example {
  readonly name: string;
  readonly input: string;
  readonly signature: string;
  /** But for its last line. */
  readonly base: readonly string[];
  readonly host?: string;
  readonly method?: string;
  readonly target?: string;
  readonly fields?: readonly (readonly [string, string])[];
}

const requestFields = [
  ['Host', 'example.com'],
  ['Date', 'Tue, 20 Apr 2021 02:07:55 GMT'],
  ['Content-Type', 'application/json'],
  ['Content-Digest', digest],
  ['Content-Length', '18'],
] as const;

const date = '"date": Tue, 20 Apr 2021 02:07:55 GMT';
const type = '"content-type": application/json';
const clientCertificate =
  ':MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:';

const examples: readonly Example[] = [
  {
    name: 'B.2.1, which covers nothing',
    input: '();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    signature:
      'd2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==',
    base: [],
  },
  {
    name: 'B.2.2, which covers some',
    input:
      '("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    signature:
      'LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==',
    base: ['"@authority": example.com', `"content-digest": ${digest}`, '"@query-param";name="Pet": dog'],
  },
  {
    name: 'B.2.3, which covers all',
    input:
      '("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==',
    base: [
      date,
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
      type,
      `"content-digest": ${digest}`,
      '"content-length": 18',
    ],
  },
  {
    name: 'B.2.5, by a shared secret',
    input: '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    signature: 'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=',
    base: [date, '"@authority": example.com', type],
  },
  {
    name: 'B.2.6, by Ed25519',
    input:
      '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    signature: 'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    base: [
      date,
      '"@method": POST',
      '"@path": /foo',
      '"@authority": example.com',
      type,
      '"content-length": 18',
    ],
  },
  {
    name: 'section 3.1',
    input:
      '("@method" "@authority" "@path" "content-digest" "content-length" "content-type");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'HIbjHC5rS0BYaa9v4QfD4193TORw7u9edguPh0AW3dMq9WImrlFrCGUDih47vAxi4L2YRZ3XMJc1uOKk/J0ZmZ+wcta4nKIgBkKq0rM9hs3CQyxXGxHLMCy8uqK488o+9jrptQ+xFPHK7a9sRL1IXNaagCNN3ZxJsYapFj+JXbmaI5rtAdSfSvzPuBCh+ARHBmWuNo1UzVVdHXrl8ePL4cccqlazIJdC4QEjrF+Sn4IxBQzTZsL9y9TP5FsZYzHvDqbInkTNigBcE9cKOYNFCn4D/WM7F6TNuZO9EgtzepLWcjTymlHzK7aXq6Am6sfOrpIC49yXjj3ae6HRalVc/g==',
    base: [
      '"@method": POST',
      '"@authority": example.com',
      '"@path": /foo',
      `"content-digest": ${digest}`,
      '"content-length": 18',
      type,
    ],
  },
  {
    name: "section 4.3, a proxy's",
    host: 'origin.host.internal.example',
    fields: [
      ['Content-Digest', digest],
      ['Content-Type', 'application/json'],
      ['Content-Length', '18'],
      ['Forwarded', 'for=192.0.2.123;host=example.com;proto=https'],
    ],
    input:
      '("@method" "@authority" "@path" "content-digest" "content-type" "content-length" "forwarded");created=1618884480;keyid="test-key-rsa";alg="rsa-v1_5-sha256";expires=1618884540',
    signature:
      'S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iHgxtRPz+MjniOaYmdkDcnL9cCpXJleXsOckpURl49GwiyUpZ10KHgOEe11sx3G2gxI8S0jnxQB+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0RAGhB8tmpv7sFnIm9y+7X5kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD3LH2TwevU+/PBPv0B6NMNk93wUs/vfJvye+YuI87HU38lZHowtznbLVdp770I6VHR6WfgS9ddzirrswsE1w5o0LV/g==',
    base: [
      '"@method": POST',
      '"@authority": origin.host.internal.example',
      '"@path": /foo',
      `"content-digest": ${digest}`,
      type,
      '"content-length": 18',
      '"forwarded": for=192.0.2.123;host=example.com;proto=https',
    ],
  },
  {
    name: 'B.3, over a certificate',
    host: 'service.internal.example',
    fields: [['Client-Cert', clientCertificate]],
    input:
      '("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"',
    signature: 'xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==',
    base: [
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@method": POST',
      '"@authority": service.internal.example',
      `"client-cert": ${clientCertificate}`,
    ],
  },
];

function read({ input, signature, fields = requestFields, host, method = 'POST', target }: Example) {
  const request = givenRequest({
    method,
    host: host ?? 'example.com',
    target: target ?? '/foo?param=Value&Pet=dog',
    fields: [...fields, ['Signature-Input', `sig=${input}`], ['Signature', `sig=:${signature}:`]],
  });
  const found = messageSignatures(request.fields);
  assert(found?.kind === 'Signatures', found?.kind === 'Malformed' ? found.detail : 'none');
  const [one] = found.signatures;
  assert(one !== undefined);
  return { one, base: signatureBase(givenExchange(request, { client: { secure: true } }), one) };
}

describe('the examples of RFC 9421', () => {
  for (const example of examples) {
    it(`have their base and their signature: ${example.name}`, async () => {
      const { one, base } = read(example);
      const text = [...example.base, `"@signature-params": ${example.input}`].join('\n');
      assert.deepEqual(base, { kind: 'Base', text });
      const key = keys[one.parameters.keyid ?? ''];
      assert(key !== undefined);
      assert.equal(await isSignature(key, text, one.signature), true);
      assert.equal(await isSignature(key, `${text} `, one.signature), false);
      const changed = Buffer.from(one.signature);
      changed[0] = (changed[0] ?? 0) ^ 1;
      assert.equal(await isSignature(key, text, changed), false);
      for (const [name, other] of Object.entries(keys)) {
        if (name !== one.parameters.keyid) {
          assert.equal(await isSignature(other, text, one.signature), false, name);
        }
      }
    });
  }

  it('B.2.4 is of an answer, which no request has', () => {
    const input = '("@status" "content-type");created=1618884473;keyid="test-key-ecc-p256"';
    assert.equal(read({ name: '', input, signature: 'AAAA', base: [] }).base.kind, 'None');
  });

  /** Section 2, and its subsections: fields and components one by one. */
  const lines: readonly (readonly [identifier: string, line: string | null, given?: Partial<Example>])[] = [
    [
      '"@target-uri"',
      'https://www.example.com/path?param=value',
      { host: 'www.example.com:443', target: '/path?param=value' },
    ],
    ['"@authority"', 'www.example.com', { host: 'WWW.Example.com' }],
    ['"@authority"', 'www.example.com:80', { host: 'www.example.com:80' }],
    ['"@scheme"', 'https'],
    ['"@query"', '?', { target: '/path' }],
    ['"@query"', '?', { target: '/path?' }],
    ['"@query"', '?param=value&foo=bar&baz=bat%2Dman', { target: '/path?param=value&foo=bar&baz=bat%2Dman' }],
    ['"@query-param";name="baz"', 'batman', { target: '/path?param=value&foo=bar&baz=batman&qux=' }],
    ['"@query-param";name="qux"', '', { target: '/path?param=value&foo=bar&baz=batman&qux=' }],
    ['"@query-param";name="var"', 'this%20is%20a%20big%0Amultiline%20value', { target: parameters() }],
    ['"@query-param";name="bar"', 'with%20plus%20whitespace', { target: parameters() }],
    ['"@query-param";name="fa%C3%A7ade%22%3A%20"', 'something', { target: parameters() }],
    ['"@query-param";name="Pet"', null, { target: '/?Pet=dog&Pet=cat' }],
    ['"@query-param";name="Pet"', null, { target: '/?Pet=dog&P%65t=cat' }],
    ['"@query-param";name="pet"', null, { target: '/?Pet=dog' }],
    ['"@query-param";name="?a"', null, { target: '/??a=b' }],
    ['"@query-param";name="%3Fa"', 'b', { target: '/??a=b' }],
    ['"@query-param"', null, { target: '/?Pet=dog' }],
    ['"@query-param";name="Pet";bs', null, { target: '/?Pet=dog' }],
    ['"@request-target"', null],
    ['"@status"', null],
    ['"@method";req', null],
    ['"@signature-params"', null],
    ['"@unknown"', null],
    [
      '"cache-control"',
      'max-age=60, must-revalidate',
      {
        fields: [
          ['Cache-Control', 'max-age=60'],
          ['Cache-Control', '   must-revalidate'],
        ],
      },
    ],
    ['"x-empty-header"', '', { fields: [['X-Empty-Header', '']] }],
    [
      '"x-ows-header"',
      'Leading and trailing whitespace.',
      { fields: [['X-OWS-Header', '  Leading and trailing whitespace.   ']] },
    ],
    ['"x-missing"', null],
    ['"x-obs-text"', null, { fields: [['X-Obs-Text', 'caf\u00e9']] }],
    ['"x-obs-text";bs', ':Y2Fm6Q==:', { fields: [['X-Obs-Text', 'caf\u00e9']] }],
    [
      '"example-header";bs',
      ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:',
      {
        fields: [
          ['Example-Header', 'value, with, lots'],
          ['Example-Header', 'of, commas'],
        ],
      },
    ],
    [
      '"example-header";bs',
      ':dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:',
      { fields: [['Example-Header', 'value, with, lots, of, commas']] },
    ],
    ['"example-header";bs=?0', null, { fields: [['Example-Header', 'a']] }],
    ['"example-dict";key="a"', '1', { fields: dictionary() }],
    ['"example-dict";key="d"', '?1', { fields: dictionary() }],
    ['"example-dict";key="b"', '2;x=1;y=2', { fields: dictionary() }],
    ['"example-dict";key="c"', '(a b c)', { fields: dictionary() }],
    ['"example-dict";key="z"', null, { fields: dictionary() }],
    ['"example-dict";key=a', null, { fields: dictionary() }],
    ['"example-dict";sf', null, { fields: dictionary() }],
    ['"example-dict";tr', null, { fields: dictionary() }],
    ['"example-dict";req', null, { fields: dictionary() }],
    ['"example-dict";key="a";bs', null, { fields: dictionary() }],
  ];
  for (const [identifier, value, given = {}] of lines) {
    it(`${value === null ? 'have no' : 'have the'} component ${identifier} of ${JSON.stringify(given)}`, () => {
      const { base } = read({
        name: '',
        input: `(${identifier});created=1`,
        signature: 'AAAA',
        base: [],
        ...given,
      });
      const text = `${identifier}: ${value}\n"@signature-params": (${identifier});created=1`;
      if (value === null) assert.equal(base.kind, 'None');
      else assert.deepEqual(base, { kind: 'Base', text });
    });
  }

  it('have a digest of their content', () => {
    assert.equal(problemOfDigest(digest, Buffer.from(content)), null);
    const sha256 = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:';
    assert.equal(problemOfDigest(sha256, Buffer.from(content)), null);
    assert.equal(problemOfDigest(`${sha256}, ${digest}`, Buffer.from(content)), null);
    assert.equal(problemOfDigest(`md5=:AAAA:, ${sha256}`, Buffer.from(content)), null);
    for (const wrong of [
      '',
      'md5=:AAAA:',
      `${sha256}, ${digest.replace('WZD', 'WZE')}`,
      `${sha256}, ${sha256}`,
      sha256.replace('X48', 'X49'),
      'sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE',
      'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPF=:',
      'sha-256=::',
      'sha-256',
    ]) {
      assert.notEqual(problemOfDigest(wrong, Buffer.from(content)), null, wrong);
    }
    assert.notEqual(problemOfDigest(digest, Buffer.from(`${content} `)), null);
  });
});

function parameters(): string {
  return '/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something';
}

function dictionary(): readonly (readonly [string, string])[] {
  return [['Example-Dict', 'a=1, b=2;x=1;y=2, c=(a b c), d']];
}
