import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anUnusedPort, givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawBackend, plainAnswer } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import type { RawClient } from '../../given/raw-client.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab';

/** Sends a request and gives the status of its answer. */
async function ask(client: RawClient, request = get): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send(request);
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

describe('connections to a backend', () => {
  it('are kept and used again, by all clients', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    for (let round = 0; round < 5; round += 1) {
      using client = await aRawClient(dataPlane.port);
      assert.equal(await ask(client), 200);
      assert.equal(await ask(client), 200);
    }
    assert.equal(backend.connections(), 1);
    assert.equal(backend.seen.length, 10);
    assert.deepEqual(
      dataPlane.upstreams.figures().map(({ cluster, open, idle }) => ({ cluster, open, idle })),
      [{ cluster: 'default/backend:80', open: 1, idle: 1 }],
    );
  });

  it('are not kept when the backend says close', async () => {
    await using backend = await aRawBackend(() => plainAnswer.replace('\r\n', '\r\nConnection: close\r\n'));
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    assert.equal(await ask(client), 200);
    assert.equal(backend.connections(), 2);
  });

  it('are not used in the last second of what the backend promised', async () => {
    await using backend = await aRawBackend(() =>
      plainAnswer.replace('\r\n', '\r\nKeep-Alive: timeout=1\r\n'),
    );
    using dataPlane = await givenDataPlane([backend.port], { upstreamLimits: { sweepMs: 5 } });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    const [endpoint] = dataPlane.cluster.endpoints;
    await eventually(() => endpoint?.transport.idle === 0);
  });

  it('are closed when they are idle too long', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      upstreamLimits: { sweepMs: 5 },
      cluster: { connections: { ...clusterDefaults.connections, idleMs: 20 } },
    });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    const [endpoint] = dataPlane.cluster.endpoints;
    await eventually(() => endpoint?.transport.open === 0);
  });

  it('are kept up to a number', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { upstreamLimits: { idlePerEndpointMax: 2 } });
    const clients = await Promise.all(Array.from({ length: 6 }, () => aRawClient(dataPlane.port)));
    await Promise.all(clients.map((client) => ask(client)));
    const [endpoint] = dataPlane.cluster.endpoints;
    assert.ok((endpoint?.transport.idle ?? 0) <= 2);
    for (const client of clients) client[Symbol.dispose]();
  });

  it('are kept rather than older ones, which not every request may take', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      upstreamLimits: { idlePerEndpointMax: 1, idleForUnsafeMsMax: -1 },
    });
    using client = await aRawClient(dataPlane.port);
    for (const request of [post, post, get]) assert.equal(await ask(client, request), 200);
    assert.deepEqual(
      backend.seen.map(({ connection }) => connection),
      [1, 2, 2],
    );
  });

  it('to an endpoint that has left are closed when idle, and their last exchange ends', async () => {
    let answer = (): void => {};
    await using old = await aRawBackend((_request, socket) => {
      answer = () => void socket.write(plainAnswer);
      return null;
    });
    await using fresh = await aRawBackend();
    using dataPlane = await givenDataPlane([old.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await old.untilSeen(1);
    const [endpoint] = dataPlane.cluster.endpoints;
    dataPlane.setEndpoints([fresh.port]);
    answer();
    await client.until((received) => received.endsWith('ok'));
    await eventually(() => endpoint?.transport.open === 0);
    assert.equal(await ask(client), 200);
    assert.equal(fresh.seen.length, 1);
  });
});

describe('requests are balanced', () => {
  it('in turn over the endpoints', async () => {
    await using one = await aRawBackend();
    await using two = await aRawBackend();
    await using three = await aRawBackend();
    using dataPlane = await givenDataPlane([one.port, two.port, three.port]);
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 9; count += 1) await ask(client);
    assert.deepEqual([one.seen.length, two.seen.length, three.seen.length], [3, 3, 3]);
  });

  it('away from an endpoint that refuses connections, without a failure', async () => {
    await using good = await aRawBackend();
    using dataPlane = await givenDataPlane([await anUnusedPort(), good.port, await anUnusedPort()]);
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 10; count += 1) assert.equal(await ask(client, post), 200);
    assert.equal(good.seen.length, 10);
  });

  it('while endpoints come and go, without a failure', async () => {
    await using one = await aRawBackend();
    await using two = await aRawBackend();
    using dataPlane = await givenDataPlane([one.port]);
    const clients = await Promise.all(Array.from({ length: 8 }, () => aRawClient(dataPlane.port)));
    const over = new AbortController();
    const load = clients.map(async (client) => {
      while (!over.signal.aborted) assert.equal(await ask(client), 200);
    });
    for (let swap = 0; swap < 100; swap += 1) {
      dataPlane.setEndpoints(swap % 2 === 0 ? [two.port] : [one.port]);
      await new Promise((resolve) => {
        setTimeout(resolve, 3);
      });
    }
    over.abort();
    await Promise.all(load);
    assert.ok(one.seen.length > 20 && two.seen.length > 20);
    for (const client of clients) client[Symbol.dispose]();
  });
});

describe('a connection that dies without an octet of an answer', () => {
  /** A backend that answers the first request of a connection and drops it at the second. */
  const dying = (): Promise<Awaited<ReturnType<typeof aRawBackend>>> => {
    const met = new Set<number>();
    return aRawBackend(({ connection }, socket) => {
      if (met.has(connection)) {
        socket.resetAndDestroy();
        return null;
      }
      met.add(connection);
      return plainAnswer;
    });
  };

  it('costs no idempotent request: it is sent again', async () => {
    await using backend = await dying();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 20; count += 1) assert.equal(await ask(client), 200);
    assert.ok(dataPlane.records.some((record) => record.attempts === 2));
  });

  it('costs a request that must not be sent twice: 502, and it was sent once', async () => {
    await using backend = await dying();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client, post), 200);
    assert.equal(await ask(client, post), 502);
    assert.equal(backend.seen.length, 2);
  });

  it('is not waited for by a POST when it has been idle for long', async () => {
    await using backend = await dying();
    using dataPlane = await givenDataPlane([backend.port], {
      upstreamLimits: { idleForUnsafeMsMax: 20, sweepMs: 5 },
    });
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 3; count += 1) {
      assert.equal(await ask(client, post), 200);
      await new Promise((resolve) => {
        setTimeout(resolve, 150);
      });
    }
    assert.equal(backend.connections(), 3);
  });

  it('twice in a row is a 502', async () => {
    await using backend = await aRawBackend((_request, socket) => {
      socket.resetAndDestroy();
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 502);
    assert.equal(backend.seen.length, 2);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'BackendClosed');
  });
});

it('an endpoint that is terminating serves only while none is ready', async () => {
  await using leaving = await aRawBackend();
  await using ready = await aRawBackend();
  using dataPlane = await givenDataPlane([]);
  using client = await aRawClient(dataPlane.port);
  assert.equal(await ask(client), 503);
  dataPlane.setEndpoints([], [leaving.port]);
  assert.equal(await ask(client), 200);
  dataPlane.setEndpoints([ready.port], [leaving.port]);
  assert.equal(await ask(client), 200);
  assert.deepEqual([leaving.seen.length, ready.seen.length], [1, 1]);
});

it('content that comes while a request is sent again is not lost', async () => {
  let drop = (): void => {};
  await using dies = await aRawBackend((_request, socket) => {
    drop = () => socket.resetAndDestroy();
    return plainAnswer;
  });
  using dataPlane = await givenDataPlane([dies.port]);
  using client = await aRawClient(dataPlane.port);
  assert.equal(await ask(client), 200);
  client.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n');
  const [endpoint] = dataPlane.cluster.endpoints;
  await eventually(() => endpoint?.transport.idle === 0);
  drop();
  await eventually(() => dies.connections() === 2);
  client.send('01234');
  client.send('56789');
  await dies.untilSeen(2);
  assert.equal(dies.seen[1]?.body, '0123456789');
});

it('while the runtime is swapped all the time no request fails, and the answers change', async () => {
  await using one = await aRawBackend();
  await using two = await aRawBackend(() => plainAnswer.replace('ok', 'no'));
  using first = await givenDataPlane([one.port]);
  using second = await givenDataPlane([two.port]);
  const clients = await Promise.all(Array.from({ length: 8 }, () => aRawClient(first.port)));
  const over = new AbortController();
  const load = clients.map(async (client) => {
    while (!over.signal.aborted) assert.equal(await ask(client), 200);
  });
  const runtimes = [first.cell.current, second.cell.current];
  for (let swap = 0; swap < 60; swap += 1) {
    first.cell.current = runtimes[swap % 2] ?? first.cell.current;
    await first.listeners.follow();
    await new Promise((resolve) => {
      setTimeout(resolve, 3);
    });
  }
  over.abort();
  await Promise.all(load);
  assert.ok(one.seen.length > 20 && two.seen.length > 20);
  for (const client of clients) client[Symbol.dispose]();
});
