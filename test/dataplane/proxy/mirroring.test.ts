// Copies of requests to other clusters: whole, bounded, and never felt by the request itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { anUnusedPort, givenDataPlane } from '../../given/data-plane.ts';
import { givenBackend } from '../../given/backend.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawBackend, plainAnswer } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import { aBackend, aForward, aRule } from '../../given/runtime.ts';
import type { Socket } from 'node:net';
import type { DataPlaneChoices, GivenDataPlane } from '../../given/data-plane.ts';
import type { RawClient } from '../../given/raw-client.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST /p?q HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab';

async function ask(client: RawClient, request = get): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send(request);
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

/** Takes connections and reads nothing of them. */
async function aDeafBackend(): Promise<AsyncDisposable & { readonly port: number; taken(): number }> {
  const sockets: Socket[] = [];
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    taken: () => sockets.length,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A rule that copies a share of requests to the cluster of another data plane. */
function copying(to: GivenDataPlane, share = 1): Pick<DataPlaneChoices, 'rule'> {
  const mirrors = [{ cluster: to.cluster, share }];
  return { rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster, mirrors)) }) };
}

describe('a mirror', () => {
  it('gets requests as the backend gets them, and its answers go nowhere', async () => {
    await using backend = await aRawBackend();
    await using copies = await aRawBackend(() => plainAnswer.replace('200 OK', '500 No'));
    using mirror = await givenDataPlane([copies.port]);
    using dataPlane = await givenDataPlane([backend.port], copying(mirror));
    using client = await aRawClient(dataPlane.port);
    for (const request of [
      get,
      post,
      post.replace('Content-Length: 2\r\n\r\nab', 'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n'),
    ]) {
      assert.equal(await ask(client, request), 200);
    }
    await copies.untilSeen(3);
    assert.deepEqual(
      copies.seen.map(({ head, body }) => [head, body]),
      backend.seen.map(({ head, body }) => [head, body]),
    );
    await eventually(() => mirror.cluster.mirrors === 0 && mirror.cluster.breaker.held('Request') === 0);
    assert.ok(dataPlane.records.every(({ attempts, status }) => attempts === 1 && status === 200));
  });

  it('that is gone, silent or slow is not felt', async () => {
    await using backend = await aRawBackend();
    await using silent = await aRawBackend(() => null);
    for (const port of [await anUnusedPort(), silent.port]) {
      using mirror = await givenDataPlane([port]);
      using dataPlane = await givenDataPlane([backend.port], copying(mirror));
      using client = await aRawClient(dataPlane.port);
      for (let count = 0; count < 5; count += 1) assert.equal(await ask(client, post), 200);
      assert.ok(dataPlane.records.every(({ durationMs }) => durationMs < 1_000));
    }
  });

  it('that reads nothing is given up, and the request goes on', async () => {
    await using backend = await givenBackend('counts', {
      answer(request, answer) {
        let octets = 0;
        request.on('data', (data: Buffer) => (octets += data.length));
        request.on('end', () => answer.end(`${octets} octets`));
      },
    });
    await using deaf = await aDeafBackend();
    using mirror = await givenDataPlane([deaf.port]);
    using dataPlane = await givenDataPlane([backend.port], copying(mirror));
    using client = await aRawClient(dataPlane.port);
    const octets = 20_000_000;
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${octets}\r\n\r\n`);
    client.socket.write(Buffer.alloc(octets));
    await eventually(() => deaf.taken() === 1);
    await client.until((received) => received.includes(`${octets} octets`));
    assert.equal(deaf.taken(), 1);
    assert.equal(mirror.cluster.mirrors, 0);
    assert.equal(mirror.cluster.breaker.held('Connection'), 0);
  });

  it('gets its share', async () => {
    await using backend = await aRawBackend();
    await using copies = await aRawBackend();
    using mirror = await givenDataPlane([copies.port]);
    using none = await givenDataPlane([backend.port], copying(mirror, 0));
    using half = await givenDataPlane([backend.port], copying(mirror, 0.5));
    using first = await aRawClient(none.port);
    for (let count = 0; count < 50; count += 1) await ask(first);
    assert.equal(copies.seen.length, 0);
    using second = await aRawClient(half.port);
    for (let count = 0; count < 400; count += 1) await ask(second);
    await eventually(() => mirror.cluster.mirrors === 0);
    assert.ok(copies.seen.length > 120 && copies.seen.length < 280, `${copies.seen.length}`);
  });

  it('gets nothing whole of a request that its client did not send whole', async () => {
    await using backend = await aRawBackend();
    await using copies = await aRawBackend();
    using mirror = await givenDataPlane([copies.port]);
    using dataPlane = await givenDataPlane([backend.port], copying(mirror));
    using client = await aRawClient(dataPlane.port);
    client.send(post.slice(0, -1));
    await eventually(() => mirror.cluster.mirrors === 1);
    client.socket.destroy();
    await eventually(() => mirror.cluster.mirrors === 0);
    assert.equal(copies.seen.length, 0);
  });

  it('that answers without end is read no further than it helps', async () => {
    await using backend = await aRawBackend();
    const cut = Promise.withResolvers<void>();
    let written = 0;
    await using endless = await aRawBackend((_request, socket) => {
      socket.on('close', () => cut.resolve());
      const more = (): void => {
        while (socket.writable && socket.write(Buffer.alloc(100_000)));
        written = socket.bytesWritten;
      };
      socket.on('drain', more);
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
      more();
      return null;
    });
    using mirror = await givenDataPlane([endless.port]);
    using dataPlane = await givenDataPlane([backend.port], copying(mirror));
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    await cut.promise;
    assert.ok(written > 1_000_000 && written < 100_000_000, `${written} octets were taken`);
    assert.equal(mirror.cluster.mirrors, 0);
  });

  it('whose answers only take long is no worse for that', async (t) => {
    await using backend = await aRawBackend();
    const begins = (): string => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n';
    await using one = await aRawBackend(begins);
    await using other = await aRawBackend(begins);
    let passedMs = 0;
    const now = performance.now.bind(performance);
    t.mock.method(performance, 'now', () => now() + passedMs);
    using mirror = await givenDataPlane([one.port, other.port]);
    using dataPlane = await givenDataPlane([backend.port], copying(mirror));
    const clients = await Promise.all(Array.from({ length: 12 }, () => aRawClient(dataPlane.port)));
    await Promise.all(clients.map((client) => ask(client)));
    await eventually(() => one.seen.length + other.seen.length === 12);
    assert.equal(mirror.cluster.mirrors, 12);
    passedMs = 61_000;
    await eventually(() => mirror.cluster.mirrors === 0);
    assert.equal(mirror.cluster.counts.ejections, 0);
    for (const client of clients) client[Symbol.dispose]();
  });
});
