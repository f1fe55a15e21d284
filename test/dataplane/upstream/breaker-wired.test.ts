// What a cluster's limits do to requests: who is refused, who waits, and who makes room.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterDefaults, outlierDefaults } from '#snapshot/cluster-defaults.ts';
import { givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { anHttp2Backend } from '../../given/http2-backend.ts';
import { aRawBackend, plainAnswer, smallOrLarge } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import type { Breaker } from '#snapshot/cluster.ts';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { RawBackend } from '../../given/raw-backend.ts';
import type { RawClient } from '../../given/raw-client.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

function limits(changes: Partial<Breaker>): { readonly breaker: Breaker } {
  return { breaker: { ...clusterDefaults.breaker, ...changes } };
}

async function statusOf(client: RawClient): Promise<number> {
  const received = await client.until((octets) => readAnswers(octets).answers.length > 0);
  return readAnswers(received).answers[0]?.status ?? 0;
}

/** Answers when it is told to. */
async function aWaitingBackend(): Promise<RawBackend & { answer(): void }> {
  const waiting: Socket[] = [];
  const backend = await aRawBackend((_request, socket) => {
    waiting.push(socket);
    return null;
  });
  return Object.assign(backend, { answer: () => void waiting.shift()?.write(plainAnswer) });
}

describe('a cluster with all the requests it may have', () => {
  it('refuses the next with 503, and takes one again when one is over', async () => {
    await using backend = await aWaitingBackend();
    using dataPlane = await givenDataPlane([backend.port], { cluster: limits({ requestsMax: 1 }) });
    using first = await aRawClient(dataPlane.port);
    first.send(get);
    await backend.untilSeen(1);
    using second = await aRawClient(dataPlane.port);
    second.send(get);
    assert.equal(await statusOf(second), 503);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'Overloaded');
    backend.answer();
    assert.equal(await statusOf(first), 200);
    using third = await aRawClient(dataPlane.port);
    third.send(get);
    await backend.untilSeen(2);
    backend.answer();
    assert.equal(await statusOf(third), 200);
  });
});

describe('a cluster with all the connections it may have', () => {
  it('takes one from a client that reads nothing, blames no endpoint for it, and leaves the others alone', async () => {
    await using backend = await aRawBackend(smallOrLarge);
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: {
        ...limits({ connectionsMax: 2 }),
        outlier: { ...outlierDefaults, consecutiveErrors: 1, ejectedPercentMax: 100 },
      },
      upstreamLimits: { stalledMs: 50, sweepMs: 5 },
      limits: { sweepMs: 5 },
    });
    using clients = new DisposableStack();
    for (const path of ['/first', '/second']) {
      const client = clients.use(await aRawClient(dataPlane.port));
      client.socket.pause();
      client.send(get.replace('/', path));
    }
    await backend.untilSeen(2);
    assert.equal(dataPlane.records.length, 0);
    for (let count = 1; count <= 3; count += 1) {
      using honest = await aRawClient(dataPlane.port);
      honest.send(get.replace('/', '/small'));
      assert.equal(await statusOf(honest), 200);
    }
    const outcomes = dataPlane.records.map(({ failure }) => failure?.kind ?? 'served');
    assert.deepEqual(outcomes, ['ClientGone', 'served', 'served', 'served']);
    assert.equal(dataPlane.upstreams.figures()[0]?.counts.ejections, 0);
  });

  it('has requests wait in turn for one that is in use', async () => {
    await using backend = await aWaitingBackend();
    using dataPlane = await givenDataPlane([backend.port], { cluster: limits({ connectionsMax: 2 }) });
    const clients = await Promise.all(Array.from({ length: 8 }, () => aRawClient(dataPlane.port)));
    for (const client of clients) client.send(get);
    for (let seen = 1; seen <= 8; seen += 1) {
      await backend.untilSeen(Math.min(8, seen + 1));
      assert.ok(dataPlane.cluster.breaker.held('Connection') <= 2);
      backend.answer();
    }
    for (const client of clients) assert.equal(await statusOf(client), 200);
    assert.equal(backend.connections(), 2);
    for (const client of clients) client[Symbol.dispose]();
  });

  it('lets those that wait go on once it may have more', async () => {
    await using backend = await aWaitingBackend();
    using dataPlane = await givenDataPlane([backend.port], { cluster: limits({ connectionsMax: 1 }) });
    const clients = await Promise.all(Array.from({ length: 4 }, () => aRawClient(dataPlane.port)));
    for (const client of clients) client.send(get);
    await backend.untilSeen(1);
    dataPlane.configure(limits({ connectionsMax: 3 }));
    await backend.untilSeen(3);
    assert.equal(dataPlane.cluster.breaker.held('Connection'), 3);
    dataPlane.configure(limits({ connectionsMax: 0 }));
    await backend.untilSeen(4);
    for (const client of clients) client[Symbol.dispose]();
  });

  for (const protocol of ['HTTP1', 'HTTP2'] as const) {
    it(`closes an idle one for a request to another endpoint: ${protocol}`, async () => {
      const backends = [0, 1].map(() => (protocol === 'HTTP1' ? aRawBackend() : anHttp2Backend()));
      const [one, two] = await Promise.all(backends);
      assert.ok(one !== undefined && two !== undefined);
      await using stack = new AsyncDisposableStack();
      stack.use(one);
      stack.use(two);
      const cluster = { ...limits({ connectionsMax: 1 }), protocol };
      using dataPlane = await givenDataPlane([one.port, two.port], { cluster });
      for (let count = 0; count < 6; count += 1) {
        using client = await aRawClient(dataPlane.port);
        client.send(get);
        assert.equal(await statusOf(client), 200);
      }
      assert.deepEqual([one.seen.length, two.seen.length], [3, 3]);
      assert.equal(dataPlane.cluster.breaker.held('Connection'), 1);
    });
  }

  it('refuses who would be one too many to wait', async () => {
    await using backend = await aWaitingBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: limits({ connectionsMax: 1, pendingMax: 1 }),
    });
    const clients = await Promise.all(Array.from({ length: 3 }, () => aRawClient(dataPlane.port)));
    for (const client of clients) client.send(get);
    await eventually(() => dataPlane.records.length === 1);
    assert.equal(dataPlane.records[0]?.status, 503);
    for (const client of clients) client[Symbol.dispose]();
    await eventually(() => dataPlane.records.length === 3);
    assert.deepEqual(
      (['Connection', 'Pending', 'Request'] as const).map((held) => dataPlane.cluster.breaker.held(held)),
      [0, 0, 0],
    );
  });

  it('lets nobody wait for ever', async () => {
    await using backend = await aWaitingBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      upstreamLimits: { roomTimeoutMs: 30, sweepMs: 5 },
      cluster: limits({ connectionsMax: 1 }),
    });
    using first = await aRawClient(dataPlane.port);
    first.send(get);
    await backend.untilSeen(1);
    using second = await aRawClient(dataPlane.port);
    second.send(get);
    assert.equal(await statusOf(second), 503);
    backend.answer();
    assert.equal(await statusOf(first), 200);
  });
});

describe('a connection', () => {
  it('is used for so many requests, or for so long, and no more', async () => {
    const connections = { ...clusterDefaults.connections, requestsMax: 3 };
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { cluster: { connections } });
    for (let count = 0; count < 9; count += 1) {
      using client = await aRawClient(dataPlane.port);
      client.send(get);
      assert.equal(await statusOf(client), 200);
    }
    assert.equal(backend.connections(), 3);
  });

  it('that is too old is closed once it is idle', async () => {
    const connections = { ...clusterDefaults.connections, ageMsMax: 30 };
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      upstreamLimits: { sweepMs: 5 },
      cluster: { connections },
    });
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    assert.equal(await statusOf(client), 200);
    const [endpoint] = dataPlane.cluster.endpoints;
    await eventually(() => endpoint?.transport.open === 0);
  });
});

it('a connection of HTTP/2 that is no longer in use makes room for who waits for another endpoint', async () => {
  const waiting: ServerHttp2Stream[] = [];
  await using one = await anHttp2Backend((stream) => waiting.push(stream));
  await using two = await anHttp2Backend((stream) => waiting.push(stream));
  using dataPlane = await givenDataPlane([one.port, two.port], {
    cluster: { ...limits({ connectionsMax: 1 }), protocol: 'HTTP2' },
  });
  using first = await aRawClient(dataPlane.port);
  using second = await aRawClient(dataPlane.port);
  first.send(get);
  await eventually(() => waiting.length === 1);
  second.send(get);
  // what is refused at once comes back when the request before it has been looked at
  using third = await aRawClient(dataPlane.port);
  third.send('no request\r\n\r\n');
  await third.untilClosed();
  for (const status of [await answered(first), await answered(second)]) assert.equal(status, 200);
  assert.deepEqual([one.seen.length, two.seen.length], [1, 1]);

  async function answered(client: RawClient): Promise<number> {
    await eventually(() => waiting.length > 0);
    const stream = waiting.shift();
    stream?.respond({ ':status': 200 });
    stream?.end('ok');
    return await statusOf(client);
  }
});
