// Floods of connections: refused by a reset when they are accepted, by the address they come from and nothing they say.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { clientRules, defaultClientRules } from '#dataplane/compile/client-rules.ts';
import { clientDefaults } from '#snapshot/client-defaults.ts';
import { givenCertificate } from '#test/given/certificate.ts';
import { givenDataPlane, type GivenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { connectionFloods, givenProtecting } from '#test/given/protection.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aRawClient, converse } from '#test/given/raw-client.ts';
import { aPort, aRule, aRuntime } from '#test/given/runtime.ts';
import { aTlsPort } from '#test/given/tls-port.ts';
import type { ClientRules, PortGuard, TlsPort } from '#dataplane/runtime.ts';
import type { Protection } from '#snapshot/protection.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.77\r\n\r\n';
const one: Partial<Protection> = { connections: connectionFloods({ openMax: 1 }) };

interface Choices {
  readonly guard: PortGuard | null;
  readonly rules?: ClientRules;
  readonly tls?: TlsPort;
}

function aPlane(backend: number, { guard, rules = defaultClientRules, tls }: Choices) {
  return givenDataPlane([backend], {
    runtime: (cluster) => {
      const rule = aRule(cluster);
      return aRuntime({ ...aPort(443, { '': () => rule }, tls ?? null), client: rules, guard });
    },
  });
}

/** How a connection ends on which `octets` are sent at once; null: it is still there after the first answer. */
async function fateOf({ port }: GivenDataPlane, octets = get): Promise<string | null> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  try {
    socket.write(octets);
    socket.resume();
    const ends = ['data', 'error', 'end'].map(async (event) => {
      const [value] = (await once(socket, event)) as readonly unknown[];
      return value instanceof Error ? String((value as NodeJS.ErrnoException).code) : event;
    });
    const fate = await Promise.race(
      ends.map((end) => end.catch((error: NodeJS.ErrnoException) => error.code ?? '')),
    );
    return fate === 'data' ? null : fate;
  } finally {
    socket.destroy();
  }
}

/** A connection that is open, and has been answered. */
async function served({ port }: GivenDataPlane, octets = get) {
  const client = await aRawClient(port);
  client.send(octets);
  await client.until((received) => received.endsWith('ok'));
  return client;
}

describe('a connection too many', () => {
  it('is reset, and the port serves on once another has ended', async () => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    using dataPlane = await aPlane(backend.port, { guard: guard(one) });
    using first = await served(dataPlane);
    assert.equal(await fateOf(dataPlane), 'ECONNRESET');
    assert.equal(dataPlane.listeners.connectionCount(), 1);
    first[Symbol.dispose]();
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
    assert.equal(await fateOf(dataPlane), null);
  });

  it('is reset before any octet of its handshake is read', async (t) => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    const tls = aTlsPort({ '': { certificates: [await givenCertificate('any', ['a.example'])] } });
    let isRead = false;
    const watched: TlsPort = {
      choose(name) {
        isRead = true;
        return tls.choose(name);
      },
    };
    const accepted: net.Socket[] = [];
    const onAccepted = (message: unknown): void => {
      accepted.push((message as { readonly socket: net.Socket }).socket);
    };
    subscribe('net.server.socket', onAccepted);
    t.after(() => unsubscribe('net.server.socket', onAccepted));
    const port = guard({
      connections: connectionFloods({ opened: { count: 1, windowMs: 60_000, burst: 1 } }),
    });
    port.admit('127.0.0.1');
    using dataPlane = await aPlane(backend.port, { guard: port, tls: watched });
    assert.equal(await fateOf(dataPlane, '\u0016\u0003\u0001'), 'ECONNRESET');
    assert.deepEqual(
      accepted.map(({ bytesRead }) => bytesRead),
      [0],
    );
    assert.equal(isRead, false);
  });

  it("is nobody else's: what X-Forwarded-For says of a client counts for nothing", async () => {
    await using backend = await aRawBackend();
    const { guard, protecting, told } = givenProtecting();
    using dataPlane = await aPlane(backend.port, { guard: guard(one) });
    using _ = await served(dataPlane, get.replace('192.0.2.77', '127.0.0.1'));
    for (const spoofed of ['192.0.2.1', '192.0.2.2', '::1'])
      assert.equal(await fateOf(dataPlane, get.replace('192.0.2.77', spoofed)), 'ECONNRESET');
    assert.equal(protecting.figures()[0]?.count, 3);
    assert.equal(told[0]?.client, '127.0.0.1');
  });

  it('is one no more when the policy is gone', async () => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    using dataPlane = await aPlane(backend.port, { guard: guard(one) });
    using _ = await served(dataPlane);
    assert.equal(await fateOf(dataPlane), 'ECONNRESET');
    const port = dataPlane.cell.current.ports.get(443);
    assert(port?.kind === 'Http');
    dataPlane.cell.current = aRuntime({ ...port, guard: null });
    await dataPlane.listeners.follow();
    assert.equal(await fateOf(dataPlane), null);
  });
});

describe('connections of proxies', () => {
  const trusting = (clientAddress: typeof clientDefaults.clientAddress) =>
    clientRules({ ...clientDefaults, clientAddress });

  it('are those of many, and not counted, where X-Forwarded-For is believed from there', async () => {
    await using backend = await aRawBackend();
    for (const rule of [
      { kind: 'Sources', sources: ['127.0.0.0/8'] },
      { kind: 'Hops', hops: 1 },
    ] as const) {
      const { guard } = givenProtecting();
      using dataPlane = await aPlane(backend.port, { guard: guard(one), rules: trusting(rule) });
      using first = await aRawClient(dataPlane.port);
      first.send(get);
      await first.until((received) => received.endsWith('ok'));
      assert.equal(await fateOf(dataPlane), null);
    }
  });

  it('are counted where it is believed from others alone', async () => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    const rules = trusting({ kind: 'Sources', sources: ['10.0.0.0/8'] });
    using dataPlane = await aPlane(backend.port, { guard: guard(one), rules });
    using _ = await served(dataPlane);
    assert.equal(await fateOf(dataPlane), 'ECONNRESET');
  });

  it('count for whom the header of the PROXY protocol names, in whatever spelling, and a check of health for nobody', async () => {
    await using backend = await aRawBackend();
    const { guard, told } = givenProtecting();
    const rules = clientRules({
      ...clientDefaults,
      proxyProtocol: { sources: ['127.0.0.0/8'], mode: 'Required' },
    });
    using dataPlane = await aPlane(backend.port, { guard: guard(one), rules });
    const header = (family: string, address: string) => `PROXY ${family} ${address} ${address} 1 2\r\n`;
    using first = await aRawClient(dataPlane.port);
    first.send(header('TCP4', '192.0.2.1') + get);
    await first.until((received) => received.endsWith('ok'));
    assert.equal(await fateOf(dataPlane, header('TCP4', '192.0.2.1') + get), 'ECONNRESET');
    assert.equal(await fateOf(dataPlane, header('TCP6', '::ffff:192.0.2.1') + get), 'ECONNRESET');
    assert.equal(await fateOf(dataPlane, header('TCP6', '0:0:0:0:0:FFFF:C000:0201') + get), 'ECONNRESET');
    assert.equal(await fateOf(dataPlane, header('TCP4', '192.0.2.2') + get), null);
    for (const health of [get, get])
      assert.equal(await fateOf(dataPlane, `PROXY UNKNOWN\r\n${health}`), null);
    assert.deepEqual(
      told.map(({ client }) => client),
      ['192.0.2.1'],
    );
  });
});

it('connections of other ports are not touched', async () => {
  await using backend = await aRawBackend();
  const { guard } = givenProtecting();
  const strict = guard({
    connections: connectionFloods({ opened: { count: 1, windowMs: 3_600_000, burst: 1 } }),
  });
  using guarded = await aPlane(backend.port, { guard: strict });
  using other = await aPlane(backend.port, { guard: null });
  assert.equal(await fateOf(guarded), null);
  for (let n = 0; n < 3; n += 1) {
    assert.equal(await fateOf(guarded), 'ECONNRESET');
    const { answers } = await converse(other.port, get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200],
    );
  }
});
