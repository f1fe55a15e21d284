import { listenerTlsDefaults } from '#snapshot/client-defaults.ts';
import { httpPortOf } from '../../given/runtime.ts';
import type { Compiled } from '#dataplane/compile/compiler.ts';
import type { TlsTerms } from '#dataplane/runtime.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { HttpsListener, ListenerTls } from '#snapshot/listener.ts';
import type { ServerNames } from '#snapshot/server-names.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenCertificate } from '#test/given/certificate.ts';
import { listenerId } from '#test/given/route.ts';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TlsCompiler } from '#dataplane/compile/tls.ts';
import { givenCompiler, httpListener } from './given-compiler.ts';

const shop = await givenCertificate('shop', ['shop.example']);
const wild = await givenCertificate('wild', ['*.shop.example']);
const deep = await givenCertificate('deep', ['a.shop.example', '*.b.shop.example']);
const other = await givenCertificate('other', ['other.example']);

function httpsListener(
  name: string,
  hostname: string,
  ...certificates: readonly Certificate[]
): HttpsListener {
  const ids = certificates.map(({ id }) => id);
  return {
    kind: 'Listener',
    createdMs: 0,
    id: listenerId(name),
    name,
    port: 443,
    hostname,
    protocol: 'HTTPS',
    filters: [],
    certificates: ids,
    tls: listenerTlsDefaults,
  };
}

// The names of the certificate that a client is shown, or null when it is refused.
function shown(compiled: Compiled, serverName: string | null): string | null {
  const port = httpPortOf(compiled.runtime, 443)?.tls;
  assert.ok(port !== null && port !== undefined);
  const choice = port.choose(serverName);
  if (choice.kind !== 'Http') return null;
  return new X509Certificate(choice.terms.certificateFor(serverName).chain).subjectAltName ?? '';
}

function termsOf(compiled: Compiled, serverName: string | null): TlsTerms | null {
  const choice = httpPortOf(compiled.runtime, 443)?.tls?.choose(serverName);
  return choice?.kind === 'Http' ? choice.terms : null;
}

describe('the certificate shown', () => {
  const listeners = [
    httpsListener('any', '', other),
    httpsListener('shop', 'shop.example', other, shop),
    httpsListener('wild', '*.shop.example', wild, deep),
  ];
  const table: readonly [serverName: string | null, names: string][] = [
    ['shop.example', 'DNS:shop.example'],
    ['x.shop.example', 'DNS:*.shop.example'],
    ['a.shop.example', 'DNS:a.shop.example, DNS:*.b.shop.example'],
    ['x.b.shop.example', 'DNS:a.shop.example, DNS:*.b.shop.example'],
    ['x.y.shop.example', 'DNS:*.shop.example'],
    ['elsewhere.example', 'DNS:other.example'],
    ['localhost', 'DNS:other.example'],
    ['shop.example.evil', 'DNS:other.example'],
    [null, 'DNS:other.example'],
  ];
  for (const [serverName, names] of table) {
    it(`for ${JSON.stringify(serverName)} is ${names}`, async (t) => {
      const compiled = givenCompiler(t).compile(...listeners, shop, wild, deep, other);
      assert.deepEqual(compiled.refused, []);
      assert.equal(shown(compiled, serverName), names);
    });
  }

  it('is one that is told for the name, but for the listeners that have one of their own', async (t) => {
    const named = (name: string, certificate: Certificate, ...hostnames: readonly string[]): ServerNames => ({
      kind: 'ServerNames',
      id: resourceId('ServerNames', name),
      listeners: [listenerId('any')],
      hostnames,
      certificate: certificate.id,
    });
    const compiled = givenCompiler(t).compile(
      httpsListener('any', '', wild),
      wild,
      shop,
      deep,
      other,
      named('a', shop, 'deep.shop.example', '*.else.example'),
      named('b', other, '*.shop.example'),
    );
    assert.equal(shown(compiled, 'deep.shop.example'), 'DNS:shop.example');
    assert.equal(shown(compiled, 'x.else.example'), 'DNS:shop.example');
    assert.equal(shown(compiled, 'x.y.else.example'), 'DNS:*.shop.example');
    assert.equal(shown(compiled, 'x.shop.example'), 'DNS:*.shop.example');
    assert.equal(shown(compiled, null), 'DNS:*.shop.example');
  });

  it('is the first that is told where the listener has none of its own', async (t) => {
    const compiled = givenCompiler(t).compile(httpsListener('any', ''), shop, {
      kind: 'ServerNames',
      id: resourceId('ServerNames', 'a'),
      listeners: [listenerId('any')],
      hostnames: ['a.example'],
      certificate: shop.id,
    });
    assert.equal(shown(compiled, 'a.example'), 'DNS:shop.example');
    assert.equal(shown(compiled, 'b.example'), 'DNS:shop.example');
  });

  it('is that of the first listener where none is for any host', async (t) => {
    const compiled = givenCompiler(t).compile(
      listeners[1] ?? httpListener(),
      listeners[2] ?? httpListener(),
      shop,
      wild,
      deep,
      other,
    );
    assert.equal(shown(compiled, null), 'DNS:other.example');
    assert.equal(shown(compiled, 'elsewhere.example'), 'DNS:other.example');
  });

  it("is never another listener's when a listener has none of its own", (t) => {
    const compiled = givenCompiler(t).compile(
      httpsListener('any', '', other),
      httpsListener('shop', 'shop.example', shop),
      other,
    );
    assert.equal(shown(compiled, 'shop.example'), null);
    assert.notEqual(shown(compiled, 'x.example'), null);
  });
});

describe('a certificate that cannot be used', () => {
  const listener = httpsListener('shop', '', shop, other);
  const table: Readonly<Record<string, Certificate>> = {
    'no PEM': { ...shop, chain: 'nonsense' },
    'an empty chain': { ...shop, chain: '' },
    'another key': { ...shop, key: other.key },
    'no key': { ...shop, key: new Secret('nonsense') },
  };
  for (const [what, bad] of Object.entries(table)) {
    it(`(${what}) is told, without its key, and the listener goes on with the others`, async (t) => {
      const compiled = givenCompiler(t).compile(listener, bad, other);
      assert.deepEqual(
        compiled.refused.map(({ id }) => id),
        [shop.id],
      );
      assert.ok(!JSON.stringify(compiled.refused).includes('nonsense'));
      assert.equal(shown(compiled, 'shop.example'), 'DNS:other.example');
    });
  }

  it('does not take away the one that was good under its id', async (t) => {
    const { compile } = givenCompiler(t);
    compile(listener, shop, other);
    const compiled = compile(listener, { ...shop, chain: 'nonsense' }, other);
    assert.equal(compiled.refused.length, 1);
    assert.equal(shown(compiled, 'shop.example'), 'DNS:shop.example');
  });

  it('gives way to a new one, and an unchanged one is loaded only once', async (t) => {
    const { compile } = givenCompiler(t);
    const before = termsOf(compile(listener, shop, other), 'shop.example');
    assert.equal(termsOf(compile(listener, shop, other), 'shop.example'), before);
    const renewed = { ...(await givenCertificate('shop', ['shop.example', 'new.example'])) };
    assert.equal(
      shown(compile(listener, renewed, other), 'shop.example'),
      'DNS:shop.example, DNS:new.example',
    );
  });
});

describe('a listener that cannot shake hands as it should', () => {
  const authorities = other.chain;
  const table: Readonly<Record<string, Partial<ListenerTls>>> = {
    'suites that nobody knows': { cipherSuites: ['NONESUCH'] },
    'no authorities': { clientCertificates: { mode: 'Required', authorities: '' } },
    'authorities that are none': { clientCertificates: { mode: 'Optional', authorities: 'nonsense' } },
    'one authority that is none': {
      clientCertificates: {
        mode: 'Required',
        authorities: `${authorities}\n-----BEGIN CERTIFICATE-----\nAA\n`,
      },
    },
  };
  for (const [what, tls] of Object.entries(table)) {
    it(`(${what}) is told, serves nobody, and harms no other`, (t) => {
      const bad = httpsListener('bad', 'bad.example', shop);
      const compiled = givenCompiler(t).compile(
        { ...bad, tls: { ...bad.tls, ...tls } },
        httpsListener('shop', 'shop.example', shop),
        shop,
      );
      assert.deepEqual(
        compiled.refused.map(({ id }) => id),
        [bad.id],
      );
      assert.equal(shown(compiled, 'bad.example'), null);
      assert.equal(shown(compiled, 'shop.example'), 'DNS:shop.example');
    });
  }
});

it('a certificate is found by one look-up, as checking them one by one would find it', () => {
  const names = ['a.example', '*.a.example', '*.b.a.example', '*.example', 'x.a.example', 'localhost'];
  const hosts = [
    'a.example',
    'x.a.example',
    'y.a.example',
    'z.b.a.example',
    'example',
    'localhost',
    'a.a.a.example',
  ];
  const loaded = names.map((name) => ({ certificate: { chain: name, key: new Secret('') }, names: [name] }));
  const listener = httpsListener('any', '');
  fc.assert(
    fc.property(
      fc.shuffledSubarray(loaded, { minLength: 1 }),
      fc.constantFrom(...hosts),
      (certificates, host) => {
        const choice = new TlsCompiler().port([{ relays: [], listener, certificates }], []).choose(host);
        assert.ok(choice.kind === 'Http');
        const fits = (name: string): boolean => name === `*.${host.split('.').slice(1).join('.')}`;
        const expected =
          certificates.find((each) => each.names[0] === host) ??
          certificates.find((each) => fits(each.names[0] ?? '')) ??
          certificates[0];
        assert.equal(choice.terms.certificateFor(host), expected?.certificate);
      },
    ),
  );
});

it('a port with an HTTPS listener serves nothing in the clear', (t) => {
  const plain = httpListener('plain', { port: 443, hostname: 'plain.example' });
  const compiled = givenCompiler(t).compile(plain, httpsListener('shop', 'shop.example', shop), shop);
  assert.deepEqual(
    compiled.refused.map(({ id }) => id),
    [plain.id],
  );
  assert.equal(httpPortOf(compiled.runtime, 443)?.router.listenerFor('plain.example'), null);
});

describe('session tickets', () => {
  const secret = (text: string) =>
    ({ kind: 'TicketSecret', id: resourceId('TicketSecret', 'tickets'), secret: new Secret(text) }) as const;
  const listener = httpsListener('shop', 'shop.example', shop);
  const keysOf = (compiled: Compiled) =>
    termsOf(compiled, 'shop.example')?.ticketKeys.reveal().toString('hex');

  it('are sealed alike by all data planes that share a secret, and otherwise when it changes', (t) => {
    const [one, two] = [givenCompiler(t), givenCompiler(t)];
    const first = keysOf(one.compile(listener, shop, secret('of a day')));
    assert.equal(keysOf(two.compile(listener, shop, secret('of a day'))), first);
    assert.notEqual(keysOf(two.compile(listener, shop, secret('of another day'))), first);
  });

  it('are sealed by each data plane for itself without one, and by each listener for itself', (t) => {
    const [one, two] = [givenCompiler(t), givenCompiler(t)];
    assert.notEqual(keysOf(one.compile(listener, shop)), keysOf(two.compile(listener, shop)));
    const both = one.compile(
      listener,
      httpsListener('other', 'other.example', other),
      shop,
      other,
      secret('x'),
    );
    assert.notDeepEqual(
      termsOf(both, 'shop.example')?.ticketKeys.reveal(),
      termsOf(both, 'other.example')?.ticketKeys.reveal(),
    );
  });
});
