import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listenerTlsDefaults } from '#snapshot/client-defaults.ts';
import { resourceId } from '#snapshot/ids.ts';
import { givenCertificate } from '#test/given/certificate.ts';
import { attached, listenerId } from '#test/given/route.ts';
import { givenCluster, givenCompiler, httpListener } from './given-compiler.ts';
import type { Compiled } from '#dataplane/compile/compiler.ts';
import type { Relay, TlsChoice } from '#dataplane/runtime.ts';
import type { HttpsListener, Listener, TlsListener } from '#snapshot/listener.ts';
import type { StreamRoute } from '#snapshot/stream-route.ts';

const certificate = await givenCertificate('shop', ['*.shop.example']);
const [cart, stock] = ['cart', 'stock'].map(givenCluster);
assert.ok(cart !== undefined && stock !== undefined);

function listener<P extends 'TCP' | 'UDP'>(protocol: P, name: string, port = 9000) {
  return {
    kind: 'Listener' as const,
    createdMs: 0,
    id: listenerId(name),
    name,
    port,
    hostname: '',
    protocol,
  };
}

function tlsListener(name: string, hostname: string, mode: TlsListener['mode'] = 'Passthrough'): TlsListener {
  const certificates = mode === 'Terminate' ? [certificate.id] : [];
  return {
    ...listener('TCP', name, 443),
    hostname,
    protocol: 'TLS',
    mode,
    certificates,
    tls: listenerTlsDefaults,
  };
}

function httpsListener(name: string, hostname: string): HttpsListener {
  const certificates = [certificate.id];
  return {
    ...listener('TCP', name, 443),
    hostname,
    protocol: 'HTTPS',
    filters: [],
    certificates,
    tls: listenerTlsDefaults,
  };
}

/** A route of streams on listeners, each with hostnames, to `cart` alone. */
function streamRoute(
  name: string,
  on: Readonly<Record<string, readonly string[]>>,
  given: Partial<StreamRoute> = {},
): StreamRoute {
  return {
    kind: 'StreamRoute',
    id: resourceId('StreamRoute', name),
    name: `TCPRoute/shop/${name}`,
    createdMs: 0,
    attachments: Object.entries(on).map(([listener, hostnames]) => attached(listener, hostnames)),
    backends: [{ cluster: cart?.id ?? null, weight: 1 }],
    ...given,
  };
}

function relayOf({ runtime }: Compiled, port = 9000): Relay | null {
  const found = runtime.ports.get(port);
  return found?.kind === 'Relay' ? found.relay : null;
}

function choiceOf({ runtime }: Compiled, serverName: string | null): TlsChoice {
  const port = runtime.ports.get(443);
  assert.ok(port?.kind === 'Http' && port.tls !== null);
  return port.tls.choose(serverName);
}

/** A choice in a word: its kind, and the route behind it. */
function told(choice: TlsChoice): string {
  return 'relay' in choice ? `${choice.kind} ${choice.relay.route}` : choice.kind;
}

describe('a listener for octets', () => {
  it('relays to the backends of its route, by weight; what is not there takes its share and has none', (t) => {
    const route = streamRoute(
      'a',
      { tcp: [''] },
      {
        backends: [
          { cluster: cart.id, weight: 2 },
          { cluster: stock.id, weight: 1 },
          { cluster: null, weight: 1 },
        ],
      },
    );
    const compiled = givenCompiler(t).compile(listener('TCP', 'tcp'), cart, stock, route);
    const relay = relayOf(compiled);
    assert.deepEqual(
      [relay?.route, relay?.listener.name, relay?.listener.port],
      ['TCPRoute/shop/a', 'tcp', 9000],
    );
    const names = Array.from({ length: 4 }, () => relay?.pick()?.name ?? 'none');
    assert.deepEqual(names.toSorted(), ['none', 'shop/cart:80', 'shop/cart:80', 'shop/stock:80']);
    assert.deepEqual(compiled.refused, []);
  });

  it('has the older route, and without one no backend', (t) => {
    const { compile } = givenCompiler(t);
    const older = streamRoute('z', { tcp: [''] });
    const newer = streamRoute('a', { tcp: [''] }, { createdMs: 1 });
    const tcp = listener('TCP', 'tcp');
    assert.equal(relayOf(compile(tcp, newer, older))?.route, older.name);
    const none = relayOf(compile(tcp));
    assert.deepEqual([none?.route, none?.pick()], [null, null]);
  });

  it('keeps its relay while its route stays, also when the clusters change', (t) => {
    const { compile } = givenCompiler(t);
    const tcp = listener('TCP', 'tcp');
    const route = streamRoute('a', { tcp: [''] });
    const before = relayOf(compile(tcp, route));
    assert.equal(before?.pick(), null);
    const after = relayOf(compile(tcp, route, cart));
    assert.equal(after, before);
    assert.equal(after?.pick()?.name, 'shop/cart:80');
    const other = relayOf(
      compile(tcp, { ...route, backends: [{ cluster: stock.id, weight: 1 }] }, cart, stock),
    );
    assert.equal(other?.pick()?.name, 'shop/stock:80');
  });

  it('looks once at each of thousands of routes, not again for each listener', (t) => {
    let reads = 0;
    const names = Array.from({ length: 50 }, (_, at) => `l${at}`);
    const routes = names.map((name) => {
      const { attachments, ...route } = streamRoute(name, { [name]: [`${name}.example`] });
      return {
        ...route,
        get attachments() {
          reads += 1;
          return attachments;
        },
      };
    });
    const listeners = names.map((name) => tlsListener(name, `${name}.example`));
    const compiled = givenCompiler(t).compile(...listeners, ...routes);
    assert.equal(told(choiceOf(compiled, 'l7.example')), 'Passthrough TCPRoute/shop/l7');
    assert.ok(reads < 5 * routes.length, String(reads));
  });

  it('has its port alone, but for the one of UDP', (t) => {
    const udp = listener('UDP', 'udp');
    const route = streamRoute('a', { tcp: [''], udp: [''] });
    const all: Listener[] = [
      listener('TCP', 'tcp'),
      { ...listener('TCP', 'late'), createdMs: 1 },
      httpListener('web', { port: 9000 }),
      udp,
    ];
    const compiled = givenCompiler(t).compile(
      ...all,
      { ...udp, id: listenerId('second'), createdMs: 1 },
      cart,
      route,
    );
    assert.equal(relayOf(compiled)?.pick()?.name, 'shop/cart:80');
    assert.equal(compiled.runtime.datagramPorts.get(9000)?.relay.pick()?.name, 'shop/cart:80');
    assert.deepEqual(
      compiled.refused.map(({ id }) => id),
      [listenerId('late'), listenerId('second'), listenerId('web')],
    );
    const { ports, datagramPorts } = givenCompiler(t).compile(udp, route).runtime;
    assert.deepEqual([ports.size, datagramPorts.size], [0, 1]);
  });
});

describe('a listener for TLS', () => {
  const listeners = [
    httpsListener('web', ''),
    httpsListener('exact', 'mine.shop.example'),
    tlsListener('passed', '*.shop.example'),
    tlsListener('ended', '*.end.shop.example', 'Terminate'),
  ];
  const routes = [
    streamRoute('one', { passed: ['one.shop.example', 'mine.shop.example'] }),
    streamRoute('wild', { passed: ['*.wild.shop.example'], ended: ['*.end.shop.example'] }, { createdMs: 1 }),
    streamRoute('late', { passed: ['one.shop.example'] }, { createdMs: 2 }),
  ];
  for (const [serverName, expected] of [
    ['one.shop.example', 'Passthrough TCPRoute/shop/one'],
    ['a.wild.shop.example', 'Passthrough TCPRoute/shop/wild'],
    ['x.end.shop.example', 'Relay TCPRoute/shop/wild'],
    ['mine.shop.example', 'Http'],
    ['nobodys.shop.example', 'Refuse'],
    ['elsewhere.example', 'Http'],
    [null, 'Http'],
  ] as const) {
    it(`says ${expected} for ${serverName ?? 'no name'}`, (t) => {
      const compiled = givenCompiler(t).compile(...listeners, certificate, cart, ...routes);
      assert.deepEqual(compiled.refused, []);
      assert.equal(told(choiceOf(compiled, serverName)), expected);
    });
  }

  it('alone refuses what nobody serves', (t) => {
    const compiled = givenCompiler(t).compile(tlsListener('passed', '*.shop.example'), cart, ...routes);
    for (const serverName of ['elsewhere.example', null])
      assert.equal(choiceOf(compiled, serverName).kind, 'Refuse');
  });

  it('agrees on no protocol for what it relays, and stays the same terms', (t) => {
    const { compile } = givenCompiler(t);
    const choices = ['one', 'two'].map((other) =>
      choiceOf(
        compile(...listeners, certificate, cart, ...routes, givenCluster(other)),
        'x.end.shop.example',
      ),
    );
    const [first, second] = choices.map((choice) => (choice.kind === 'Relay' ? choice.terms : null));
    assert.deepEqual(first?.alpn, []);
    assert.equal(first, second);
  });

  it('that has no certificate that can be used refuses', (t) => {
    const compiled = givenCompiler(t).compile(...listeners, cart, ...routes);
    assert.equal(choiceOf(compiled, 'x.end.shop.example').kind, 'Refuse');
    assert.equal(told(choiceOf(compiled, 'one.shop.example')), 'Passthrough TCPRoute/shop/one');
  });
});
