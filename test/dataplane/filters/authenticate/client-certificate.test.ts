import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { readRevocationText } from '#controller/translate/policies/ways/revocation.ts';
import type { ClientCertificate, Exchange } from '#dataplane/http/exchange.ts';
import { ConnectionCertificate } from '#dataplane/listen/client-certificate.ts';
import type { ClientCertificateAuthentication, Revocation } from '#snapshot/client-certificate.ts';
import { givenAuthority, type AlternativeName } from '#test/given/client-certificate.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication, givenJwt } from '#test/given/token.ts';
import { bearing, gate, told, verdictOf } from './gate.ts';

const ours = await givenAuthority('ours');
const theirs = await givenAuthority('theirs');
const names: readonly AlternativeName[] = [
  { type: 'dns', value: 'Cart.partners.example.com' },
  { type: 'url', value: 'spiffe://example.org/ns/shop/sa/cart' },
  { type: 'email', value: 'cart@example.com' },
];
const cart = await ours.issue('cart', { names });

function certificateOf({ cert }: { readonly cert: string }): ClientCertificate {
  return new ConnectionCertificate(new X509Certificate(cert));
}

function given(rule: Partial<ClientCertificateAuthentication> = {}): ClientCertificateAuthentication {
  return {
    kind: 'ClientCertificate',
    name: 'partners',
    subjectFrom: ['SpiffeID', 'URI', 'DNS', 'Email', 'CommonName'],
    allow: [],
    revocation: null,
    certificateHeader: null,
    ...rule,
  };
}

function showing(certificate: ClientCertificate | null, header?: readonly [string, string]): Exchange {
  const request = givenRequest({ fields: header === undefined ? [] : [header] });
  return givenExchange(request, { client: { secure: true, certificate } });
}

function filterOf(rule: Partial<ClientCertificateAuthentication> = {}) {
  const made = gate();
  made.clock = Date.now();
  return { made, filter: made.filter(givenAuthentication(given(rule))) };
}

function revocationOf(text: string): Revocation {
  const read = readRevocationText(text, []);
  assert.ok(read.kind === 'Read', JSON.stringify(read));
  return read.revocation;
}

function serialOf({ cert }: { readonly cert: string }): string {
  return new X509Certificate(cert).serialNumber;
}

describe('the way in by a client certificate', () => {
  it('lets in whom the listener knows, and says who it is', async () => {
    const { filter } = filterOf();
    const exchange = showing(certificateOf(cart));
    assert.equal(await verdictOf(filter, exchange), 'pass');
    const { identity } = exchange;
    const x509 = new X509Certificate(cart.cert);
    assert.equal(identity?.method, 'ClientCertificate');
    assert.equal(identity.subject, 'spiffe://example.org/ns/shop/sa/cart');
    assert.deepEqual(identity.claims, {
      subject: 'CN=cart',
      issuer: 'CN=ours',
      serial: x509.serialNumber.toLowerCase().replace(/^0+/, ''),
      fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: x509.validToDate.toISOString(),
      sans: {
        dns: ['Cart.partners.example.com'],
        uri: ['spiffe://example.org/ns/shop/sa/cart'],
        email: ['cart@example.com'],
      },
    });
  });

  it('refuses whoever has none, whatever the headers say', async () => {
    const { filter } = filterOf({ certificateHeader: { header: 'x-client-cert', format: 'PEM' } });
    for (const name of ['X-Client-Cert', 'x_client.cert', 'x-forwarded-client-cert', 'ssl-client-cert']) {
      const exchange = showing(null, [name, encodeURIComponent(cart.cert)]);
      assert.equal(await verdictOf(filter, exchange), 'missing');
      assert.equal(exchange.forwarded.fields.get('x-client-cert'), undefined);
      assert.equal(exchange.forwarded.fields.get('x_client.cert'), undefined);
    }
  });

  for (const [kind, subject] of [
    ['SpiffeID', 'spiffe://example.org/ns/shop/sa/cart'],
    ['URI', 'spiffe://example.org/ns/shop/sa/cart'],
    ['DNS', 'cart.partners.example.com'],
    ['Email', 'cart@example.com'],
    ['CommonName', 'cart'],
  ] as const) {
    it(`has the subject from ${kind}`, async () => {
      const { filter } = filterOf({ subjectFrom: [kind] });
      const exchange = showing(certificateOf(cart));
      assert.equal(await verdictOf(filter, exchange), 'pass');
      assert.equal(exchange.identity?.subject, subject);
    });
  }

  const others: Readonly<Record<string, readonly AlternativeName[]>> = {
    'two URIs': [
      { type: 'url', value: 'spiffe://example.org/a' },
      { type: 'url', value: 'spiffe://example.org/b' },
    ],
    'a port': [{ type: 'url', value: 'spiffe://example.org:443/a' }],
    'a relative segment': [{ type: 'url', value: 'spiffe://example.org/a/../b' }],
    'an upper-case domain': [{ type: 'url', value: 'spiffe://Example.org/a' }],
    'another scheme': [{ type: 'url', value: 'https://example.org/a' }],
  };
  for (const [what, names] of Object.entries(others)) {
    it(`takes no URI for a SPIFFE id with ${what}`, async () => {
      const certificate = await ours.issue('odd', { names });
      const { filter } = filterOf({ subjectFrom: ['SpiffeID'] });
      assert.equal(await verdictOf(filter, showing(certificateOf(certificate))), 'invalid');
      const allowed = filterOf({ allow: [{ of: 'TrustDomain', match: 'Exact', value: 'example.org' }] });
      assert.equal(await verdictOf(allowed.filter, showing(certificateOf(certificate))), 'invalid');
    });
  }

  for (const [of, match, value, verdict] of [
    ['DNS', 'Exact', 'CART.partners.example.com', 'pass'],
    ['DNS', 'Exact', 'partners.example.com', 'invalid'],
    ['DNS', 'Suffix', '.partners.example.com', 'pass'],
    ['DNS', 'Suffix', '.artners.example.com', 'invalid'],
    ['Email', 'Suffix', '@example.com', 'pass'],
    ['Email', 'Exact', 'art@example.com', 'invalid'],
    ['URI', 'Prefix', 'spiffe://example.org/ns/shop/', 'pass'],
    ['URI', 'Prefix', 'spiffe://example.org/ns/sho/', 'invalid'],
    ['URI', 'Exact', 'SPIFFE://example.org/ns/shop/sa/cart', 'invalid'],
    ['TrustDomain', 'Exact', 'example.org', 'pass'],
    ['TrustDomain', 'Exact', 'example.or', 'invalid'],
    ['DNS', 'Exact', 'cart', 'invalid'],
  ] as const) {
    it(`answers ${verdict} where ${of} must be ${value} (${match})`, async () => {
      const { filter } = filterOf({ allow: [{ of, match, value }] });
      assert.equal(await verdictOf(filter, showing(certificateOf(cart))), verdict);
    });
  }

  it('counts no certificate as a guess: an authority vouches for each', async () => {
    const made = gate();
    made.clock = Date.now();
    const rule = given({ allow: [{ of: 'DNS', match: 'Exact', value: 'other.example' }] });
    const protection = { failures: 3, accountFailures: 0, windowMs: 60_000, blockMs: 60_000 };
    const filter = made.filter({ ...givenAuthentication(rule), protection });
    for (let at = 0; at < 10; at += 1) {
      assert.equal(await verdictOf(filter, showing(certificateOf(cart))), 'invalid');
    }
    assert.deepEqual(made.blocked, []);
  });

  it('leaves out names with a NUL inside', async () => {
    const certificate = await ours.issue('nul', {
      names: [{ type: 'dns', value: 'shop.example.com\0.evil.example' }],
    });
    const { filter } = filterOf({ subjectFrom: ['DNS'] });
    assert.equal(await verdictOf(filter, showing(certificateOf(certificate))), 'invalid');
  });

  it('refuses a certificate that ends while its connection goes on', async () => {
    const { made, filter } = filterOf();
    const exchange = showing(certificateOf(cart));
    assert.equal(await verdictOf(filter, exchange), 'pass');
    made.clock = new X509Certificate(cart.cert).validToDate.getTime();
    assert.equal(await verdictOf(filter, exchange), 'invalid');
  });

  it('refuses who is on a list of serial numbers, however they are spelt', async () => {
    const serial = serialOf(cart);
    const spelt = [
      serial,
      serial.toLowerCase(),
      `00${serial}`,
      `0x${serial}`,
      serial.match(/../g)?.join(':') ?? '',
    ];
    for (const one of spelt) {
      const { filter } = filterOf({ revocation: revocationOf(`# gone\n01\n ${one} # cart\n`) });
      assert.equal(await verdictOf(filter, showing(certificateOf(cart))), 'invalid', one);
    }
    const { filter } = filterOf({ revocation: revocationOf('01\n') });
    assert.equal(await verdictOf(filter, showing(certificateOf(cart))), 'pass');
  });

  it("refuses who is on the issuer's revocation list, and nobody else", async () => {
    const lists = [await ours.revoke([serialOf(cart), '01']), await theirs.revoke([])].join('\n');
    const { filter } = filterOf({ revocation: revocationOf(lists) });
    assert.equal(await verdictOf(filter, showing(certificateOf(cart))), 'invalid');
    assert.equal(await verdictOf(filter, showing(certificateOf(await ours.issue('other')))), 'pass');
    // a serial number means nothing but with its issuer
    const swapped = [await theirs.revoke([serialOf(cart)]), await ours.revoke([])].join('\n');
    const other = filterOf({ revocation: revocationOf(swapped) });
    assert.equal(await verdictOf(other.filter, showing(certificateOf(cart))), 'pass');
  });

  it('closes for who has an issuer without a list, and from the end of a list on', async () => {
    const foreign = filterOf({ revocation: revocationOf(await theirs.revoke([])) });
    assert.equal(await verdictOf(foreign.filter, showing(certificateOf(cart))), 'KeysUnavailable');
    const over = filterOf({ revocation: revocationOf(await ours.revoke([], { hasEnded: true })) });
    assert.equal(await verdictOf(over.filter, showing(certificateOf(cart))), 'KeysUnavailable');
    const { made, filter } = filterOf({ revocation: revocationOf(await ours.revoke([])) });
    const exchange = showing(certificateOf(await ours.issue('long')));
    assert.equal(await verdictOf(filter, exchange), 'pass');
    made.clock += 3_600_000;
    assert.notEqual(await verdictOf(filter, exchange), 'pass');
  });

  it('tells the backend the certificate in place of what the client said', async () => {
    const header = 'x-forwarded-client-cert';
    const pem = filterOf({ certificateHeader: { header, format: 'PEM' } });
    const exchange = showing(certificateOf(cart), ['X-Forwarded-Client-Cert', 'Hash=forged']);
    assert.equal(await verdictOf(pem.filter, exchange), 'pass');
    const decoded = new X509Certificate(decodeURIComponent(exchange.forwarded.fields.only(header) ?? ''));
    assert.equal(decoded.fingerprint256, new X509Certificate(cart.cert).fingerprint256);
    const envoys = filterOf({ certificateHeader: { header, format: 'XFCC' } });
    const other = showing(certificateOf(cart), [header, 'Hash=forged']);
    assert.equal(await verdictOf(envoys.filter, other), 'pass');
    assert.equal(
      other.forwarded.fields.only(header),
      `Hash=${other.identity?.keyId ?? ''};Subject="CN=cart";URI=spiffe://example.org/ns/shop/sa/cart;DNS=Cart.partners.example.com`,
    );
  });

  it('is one of several ways in', async () => {
    const made = gate();
    made.clock = Date.now();
    const both = givenAuthentication(givenJwt(), given());
    const filter = made.filter(both);
    assert.equal(await verdictOf(filter, showing(certificateOf(cart))), 'pass');
    assert.equal(await verdictOf(filter, bearing('none')), 'invalid');
    const verdict = await filter.apply(showing(null));
    assert.equal(told(verdict), 'missing');
    assert.ok(verdict?.kind === 'Unauthenticated');
    assert.deepEqual(verdict.challenges, [
      'Bearer realm="example.com"',
      'ClientCertificate realm="example.com"',
    ]);
  });
});

const emptyList = await ours.revoke([]);

describe('a list of what is taken back', () => {
  const cases: Readonly<Record<string, string>> = {
    'a line that is no number': '01\nthe cart\n',
    'a certificate': cart.cert,
    'a list that is cut': '-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n',
    'a list beside a certificate': `${emptyList}\n${cart.cert}`,
    'a list without an end': '-----BEGIN X509 CRL-----\nMIIB\n',
  };
  for (const [what, text] of Object.entries(cases)) {
    it(`cannot be ${what}`, () => {
      assert.equal(readRevocationText(text, []).kind, 'Invalid');
    });
  }
});
