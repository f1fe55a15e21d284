// Backends that are told by connection whose requests come by it: the PROXY protocol, as pools of connections have it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import { aBackend, aForward, aPort, aRule, aRuntime } from '../../given/runtime.ts';
import { aToldBackend } from '../../given/told-backend.ts';
import type { RawClient } from '../../given/raw-client.ts';

async function ask(client: RawClient, fields = ''): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

function nameOf({ socket }: RawClient): string {
  return `${socket.localAddress} ${socket.localPort}`;
}

describe('a backend that wants the PROXY protocol', () => {
  for (const protocol of ['HTTP1', 'HTTP2'] as const) {
    for (const proxyProtocol of ['V1', 'V2'] as const) {
      it(`has connections of one client each, used again by that one alone (${proxyProtocol}, ${protocol})`, async () => {
        await using backend = await aToldBackend(protocol);
        using dataPlane = await givenDataPlane([backend.port], { cluster: { proxyProtocol, protocol } });
        using one = await aRawClient(dataPlane.port);
        using other = await aRawClient(dataPlane.port);
        for (let round = 0; round < 3; round += 1) {
          assert.deepEqual([await ask(one), await ask(other)], [200, 200]);
        }
        assert.deepEqual(
          backend.told.map(({ client }) => client),
          [nameOf(one), nameOf(other)],
        );
        assert.deepEqual(backend.requests, [1, 2, 1, 2, 1, 2]);
        if (proxyProtocol === 'V2') return;
        const text = `PROXY TCP4 127.0.0.1 127.0.0.1 ${one.socket.localPort} ${dataPlane.port}\r\n`;
        assert.equal(backend.told[0]?.header, text);
      });
    }
  }

  it('is told of the client that counts, which may be one that a header tells', async () => {
    await using backend = await aToldBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: { proxyProtocol: 'V2' },
      runtime: (cluster) => {
        const rule = aRule(cluster);
        const port = aPort(80, { '': () => rule });
        return aRuntime({ ...port, client: { ...port.client, address: { kind: 'Hops', hops: 1 } } });
      },
    });
    using client = await aRawClient(dataPlane.port);
    for (const address of ['192.0.2.1', '2001:db8::1', '192.0.2.1'])
      assert.equal(await ask(client, `X-Forwarded-For: ${address}\r\n`), 200);
    assert.deepEqual(
      backend.told.map(({ client: told }) => told),
      ['192.0.2.1 0', '2001:db8::1 0'],
    );
    assert.deepEqual(backend.requests, [1, 2, 1]);
  });

  it('is told whose request a copy is of', async () => {
    await using backend = await aToldBackend();
    await using copies = await aToldBackend();
    using mirror = await givenDataPlane([copies.port], { cluster: { proxyProtocol: 'V1' } });
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: { proxyProtocol: 'V2' },
      rule: (cluster) =>
        aRule(cluster, { action: aForward(aBackend(cluster, [{ cluster: mirror.cluster, share: 1 }])) }),
    });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    await eventually(() => assert.equal(copies.told[0]?.client, nameOf(client)));
  });

  it('is told that checks come for no client', async () => {
    for (const kind of ['HTTP', 'TCP'] as const) {
      for (const proxyProtocol of ['V1', 'V2'] as const) {
        await using backend = await aToldBackend();
        const timing = { intervalMs: 1_000, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 1 };
        const check =
          kind === 'TCP' ? { kind, ...timing } : { kind, path: '/', host: '', codes: [200], ...timing };
        using dataPlane = await givenDataPlane([backend.port], { cluster: { proxyProtocol, check } });
        await eventually(() => assert.ok(backend.told.length > 0));
        assert.equal(backend.told[0]?.client, null);
        const [endpoint] = dataPlane.cluster.endpoints;
        assert.equal(endpoint?.healthy, true);
      }
    }
  });

  it('keeps connections for so many clients, those who came last, and for all that are busy', async () => {
    await using backend = await aToldBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: { proxyProtocol: 'V1' },
      upstreamLimits: { callersPerEndpointMax: 2, sweepMs: 10 },
    });
    const clients = await Promise.all([1, 2, 3, 4].map(async () => aRawClient(dataPlane.port)));
    for (const client of clients) assert.equal(await ask(client), 200);
    await eventually(() => assert.equal(backend.open(), 2));
    const [first, , , last] = clients;
    assert.ok(first && last);
    assert.equal(await ask(last), 200);
    assert.equal(backend.told.length, 4);
    assert.equal(await ask(first), 200);
    assert.equal(backend.told.length, 5);
    for (const client of clients) client[Symbol.dispose]();
  });

  it('leaves no way behind for a client whose connections are gone', async () => {
    await using backend = await aToldBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: {
        proxyProtocol: 'V1',
        connections: { connectTimeoutMs: 1_000, idleMs: 20, ageMsMax: 0, requestsMax: 0, streamsMax: 100 },
      },
      upstreamLimits: { sweepMs: 10 },
    });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    await eventually(() => assert.equal(backend.open(), 0));
    await eventually(() => assert.equal(dataPlane.cluster.breaker.held('Connection'), 0));
    assert.equal(await ask(client), 200);
    assert.equal(backend.told.length, 2);
  });

  it('makes room for others when there may be no more connections', async () => {
    await using backend = await aToldBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: {
        proxyProtocol: 'V1',
        breaker: { connectionsMax: 1, pendingMax: 10, requestsMax: 0, retriesMax: 0 },
      },
    });
    using one = await aRawClient(dataPlane.port);
    using other = await aRawClient(dataPlane.port);
    assert.deepEqual([await ask(one), await ask(other), await ask(one)], [200, 200, 200]);
    assert.equal(backend.told.length, 3);
    assert.equal(backend.open(), 1);
  });

  it('is told from the next request on, once it wants that', async () => {
    await using backend = await aToldBackend();
    using dataPlane = await givenDataPlane([backend.port], { rule: (cluster) => aRule(cluster) });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 502);
    dataPlane.configure({ proxyProtocol: 'V1' });
    assert.equal(await ask(client), 200);
  });
});
