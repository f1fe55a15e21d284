// Who a connection's client is by the PROXY protocol: what named sources say, and nobody else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientRules } from '#dataplane/compile/client-rules.ts';
import { clientDefaults } from '#snapshot/client-defaults.ts';
import { givenCertificate } from '#test/given/certificate.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aRawClient, converse } from '#test/given/raw-client.ts';
import { aPort, aRule, aRuntime } from '#test/given/runtime.ts';
import { aTlsClient, ask } from '#test/given/tls-client.ts';
import { aTlsPort } from '#test/given/tls-port.ts';
import type { TlsPort } from '#dataplane/runtime.ts';
import type { ClientLimits, ProxyProtocol } from '#snapshot/client-settings.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const text = 'PROXY TCP4 192.0.2.1 198.51.100.7 1234 443\r\n';
const binary = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000201c633640704d201bb', 'hex').toString(
  'latin1',
);
const local = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex').toString('latin1');

const believed: ProxyProtocol = { sources: ['127.0.0.0/8'], mode: 'Required' };

interface Choices {
  readonly tls?: TlsPort;
  readonly limits?: Partial<ClientLimits>;
  readonly sweepMs?: number;
}

async function aPlane(backend: number, proxyProtocol: ProxyProtocol, choices: Choices = {}) {
  const { tls = null, limits = {}, sweepMs = 500 } = choices;
  return givenDataPlane([backend], {
    limits: { sweepMs },
    runtime: (cluster) => {
      const rule = aRule(cluster);
      const rules = { ...clientDefaults, proxyProtocol, limits: { ...clientDefaults.limits, ...limits } };
      return aRuntime({ ...aPort(443, { '': () => rule }, tls), client: clientRules(rules) });
    },
  });
}

describe('a header of a source that is named', () => {
  const headers: Readonly<Record<string, readonly [header: string, address: string]>> = {
    'version 1': [text, '192.0.2.1'],
    'version 2': [binary, '192.0.2.1'],
    'version 1, UNKNOWN': ['PROXY UNKNOWN\r\n', '127.0.0.1'],
    'version 2, LOCAL': [local, '127.0.0.1'],
  };
  for (const [what, [header, address]] of Object.entries(headers)) {
    it(`(${what}) says who the client is, with the request behind it in one piece, or octet by octet`, async () => {
      await using backend = await aRawBackend();
      using dataPlane = await aPlane(backend.port, believed);
      for (const octets of [header + get, (header + get).split('')]) {
        const { answers } = await converse(dataPlane.port, octets);
        assert.deepEqual(
          answers.map(({ status }) => status),
          [200],
        );
      }
      const clients = dataPlane.records.map(({ client }) => [client.address, client.peer]);
      assert.deepEqual(clients, [
        [address, '127.0.0.1'],
        [address, '127.0.0.1'],
      ]);
      for (const { head } of backend.seen)
        assert.match(head, new RegExp(`^X-Forwarded-For: ${address}$`, 'mu'));
    });
  }

  it('stands before the handshake, in one piece with the ClientHello or not', async () => {
    const certificates = [await givenCertificate('a', ['a.test'])];
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, believed, { tls: aTlsPort({ '': { certificates } }) });
    for (const header of [text, binary]) {
      using raw = await aRawClient(dataPlane.port);
      raw.socket.removeAllListeners('data');
      // corked: the header and the ClientHello are one write
      raw.socket.cork();
      raw.send(header);
      process.nextTick(() => process.nextTick(() => raw.socket.uncork()));
      const socket = await aTlsClient(0, { socket: raw.socket, servername: 'a.test' });
      assert.equal((await ask(socket, 'a.test')).status, 200);
      socket.destroy();
    }
    assert.deepEqual(
      dataPlane.records.map(({ client }) => [client.address, client.secure, client.serverName]),
      [
        ['192.0.2.1', true, 'a.test'],
        ['192.0.2.1', true, 'a.test'],
      ],
    );
  });

  it('must be there, and be one', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, believed);
    for (const octets of [
      get,
      `\r\n${text}${get}`,
      `PROXY TCP4 192.0.2.1\r\n${get}`,
      `${text.replace('192.0.2.1', '::1')}${get}`,
      `${binary.slice(0, 12)}\x11${get}`,
      `PROXY UNKNOWN ${'x'.repeat(200)}\r\n${get}`,
    ]) {
      const { raw, closed } = await converse(dataPlane.port, octets);
      assert.deepEqual([raw, closed], ['', true], JSON.stringify(octets));
    }
    assert.equal(dataPlane.records.length + backend.seen.length, 0);
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
  });

  it('may be left out where that is said, and is no request line then', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, { ...believed, mode: 'Optional' });
    for (const [octets, address] of [
      [get, '127.0.0.1'],
      [text + get, '192.0.2.1'],
      [get.replace('GET', 'PUT').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n'), '127.0.0.1'],
    ] as const) {
      assert.equal((await converse(dataPlane.port, octets)).answers[0]?.status, 200);
      assert.equal(dataPlane.records.at(-1)?.client.address, address);
    }
    const { raw } = await converse(dataPlane.port, `PROXY / HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.equal(raw, '');
  });

  it('comes once: a second one is a malformed request', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, believed);
    const { answers } = await converse(dataPlane.port, text + text.replace('192.0.2.1', '6.6.6.6') + get);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400],
    );
    assert.equal(dataPlane.records[0]?.client.address, '192.0.2.1');
    assert.equal(backend.seen.length, 0);
  });

  it('must come in time, however slowly it comes', async () => {
    using dataPlane = await aPlane(0, believed, { limits: { firstByteTimeoutMs: 100 }, sweepMs: 5 });
    using client = await aRawClient(dataPlane.port);
    client.send('PROXY UNKNOWN ');
    const drip = setInterval(() => client.send('x'), 5);
    try {
      await client.untilClosed();
    } finally {
      clearInterval(drip);
    }
    assert.equal(client.received(), '');
  });

  it('says for whom the connection counts', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, believed, { limits: { connectionsPerAddressMax: 1 } });
    const open = get.replace('Connection: close\r\n', '');
    using one = await aRawClient(dataPlane.port);
    one.send(text + open);
    await one.until((received) => received.endsWith('ok'));
    using two = await aRawClient(dataPlane.port);
    two.send(text + open);
    await two.untilClosed();
    assert.equal(two.received(), '');
    using other = await aRawClient(dataPlane.port);
    other.send(text.replace('192.0.2.1', '192.0.2.2') + open);
    await other.until((received) => received.endsWith('ok'));
  });
});

describe('a header of anybody else', () => {
  it('is a malformed request', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, { ...believed, sources: ['10.0.0.0/8'] });
    for (const octets of [text + get, binary + get]) {
      const { answers } = await converse(dataPlane.port, octets);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [400],
      );
    }
    assert.ok(dataPlane.records.every(({ client }) => client.address === '127.0.0.1'));
    assert.equal(backend.seen.length, 0);
  });

  it('is not asked for', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, { ...believed, sources: ['10.0.0.0/8'] });
    assert.equal((await converse(dataPlane.port, get)).answers[0]?.status, 200);
  });
});
