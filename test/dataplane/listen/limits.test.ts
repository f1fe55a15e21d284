import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawBackend, plainAnswer, smallOrLarge } from '../../given/raw-backend.ts';
import { aRawClient, converse } from '../../given/raw-client.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const quick = { sweepMs: 5, discardTimeoutMs: 50 };

describe('a client that is slow', () => {
  it('with its head is told 408', async () => {
    using dataPlane = await givenDataPlane([], { limits: { ...quick, headTimeoutMs: 40 } });
    using client = await aRawClient(dataPlane.port);
    client.send('GET / HTTP/1.1\r\nHost:');
    await client.until((received) => received.startsWith('HTTP/1.1 408 '));
    await client.untilClosed();
    assert.equal(dataPlane.records[0]?.failure?.kind, 'ClientTooSlow');
  });

  it('with the head of a later request is told 408', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits: { ...quick, headTimeoutMs: 40 } });
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await client.until((received) => received.endsWith('ok'));
    client.send('GET /');
    await client.until((received) => received.includes('HTTP/1.1 408 '));
    await client.untilClosed();
  });

  it('an octet at a time wins no time', async () => {
    using dataPlane = await givenDataPlane([], { limits: { ...quick, headTimeoutMs: 100 } });
    using client = await aRawClient(dataPlane.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\nX: ');
    const drip = setInterval(() => client.send('x'), 5);
    try {
      await client.until((received) => received.startsWith('HTTP/1.1 408 '));
    } finally {
      clearInterval(drip);
    }
  });

  it('that sends nothing is closed without a word', async () => {
    using dataPlane = await givenDataPlane([], { limits: { ...quick, firstByteTimeoutMs: 40 } });
    using client = await aRawClient(dataPlane.port);
    await client.untilClosed();
    assert.equal(client.received(), '');
    assert.equal(dataPlane.records.length, 0);
  });

  it('with its content is told 408, and the backend is let go', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits: { ...quick, bodyTimeoutMs: 40 } });
    using client = await aRawClient(dataPlane.port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    await client.until((received) => received.startsWith('HTTP/1.1 408 '));
    await client.untilClosed();
    const [endpoint] = dataPlane.cluster.endpoints;
    await eventually(() => endpoint?.transport.open === 0);
    assert.equal(backend.seen.length, 0);
  });

  it('between requests is closed in an orderly way', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits: { ...quick, idleTimeoutMs: 40 } });
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await client.until((received) => received.endsWith('ok'));
    await client.untilClosed();
    assert.equal(client.received().match(/HTTP\/1\.1/gu)?.length, 1);
  });

  it('to take its answer is cut off, and costs little', async () => {
    await using backend = await aRawBackend(smallOrLarge);
    using dataPlane = await givenDataPlane([backend.port], { limits: { ...quick, sendTimeoutMs: 300 } });
    using client = await aRawClient(dataPlane.port);
    client.socket.pause();
    client.send(get);
    await eventually(() => dataPlane.records.length === 1);
    const [record] = dataPlane.records;
    assert.equal(record?.failure?.kind, 'ClientGone');
    // what was taken from the backend is what the sockets' buffers hold, and a little of our own
    assert.ok((record?.bytesOut ?? Infinity) < 20_000_000, `${record?.bytesOut} octets were taken`);
  });
});

describe('a client that sends requests and takes no answers', () => {
  const content = 'x'.repeat(8_000);
  const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n${content}`;

  it('is not served on: what is kept for it is bounded, and it is cut off', async () => {
    await using backend = await aRawBackend(() => answer);
    using dataPlane = await givenDataPlane([backend.port], { limits: { ...quick, sendTimeoutMs: 300 } });
    using client = await aRawClient(dataPlane.port);
    client.socket.pause();
    client.send(get.repeat(20_000));
    await eventually(() => backend.seen.length > 0 && dataPlane.listeners.connectionCount() === 0, 10_000);
    // what the sockets' buffers hold, and a little of our own
    assert.ok(backend.seen.length < 5_000, `${backend.seen.length} answers were made`);
  });

  it('but for a while gets all of them', async () => {
    await using backend = await aRawBackend(() => answer);
    using dataPlane = await givenDataPlane([backend.port], { limits: { ...quick, idleTimeoutMs: 1_000 } });
    using client = await aRawClient(dataPlane.port);
    client.socket.pause();
    client.send(get.repeat(3_000));
    await eventually(() => client.socket.bytesRead > 0 || dataPlane.records.length > 0);
    let seen = -1;
    await eventually(() => {
      const isStuck = seen === dataPlane.records.length;
      seen = dataPlane.records.length;
      return isStuck;
    });
    client.socket.resume();
    await eventually(() => client.received().split('HTTP/1.1 200 OK').length === 3_001, 20_000);
  });
});

describe('content that is too large is told 413', () => {
  const limits = { ...quick, bodyBytesMax: 10 };
  it('by its length, before any of it', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits });
    const { answers } = await converse(
      dataPlane.port,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n',
    );
    assert.equal(answers[0]?.status, 413);
    assert.equal(backend.connections(), 0);
  });

  it('by its chunks', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits });
    const { answers, closed } = await converse(dataPlane.port, [
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n',
      '6\r\nabcdef\r\n',
    ]);
    assert.equal(answers[0]?.status, 413);
    assert.ok(closed);
    assert.equal(backend.seen.length, 0);
  });

  it('and not when it just fits', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits });
    const { answers } = await converse(
      dataPlane.port,
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n0123456789',
    );
    assert.equal(answers[0]?.status, 200);
  });
});

it('one connection too many is closed at once, and its place is free when another goes', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port], { limits: { connectionsMax: 2 } });
  using first = await aRawClient(dataPlane.port);
  const second = await aRawClient(dataPlane.port);
  await eventually(() => dataPlane.listeners.connectionCount() === 2);
  using third = await aRawClient(dataPlane.port);
  await third.untilClosed();
  second[Symbol.dispose]();
  await eventually(() => dataPlane.listeners.connectionCount() === 1);
  using fourth = await aRawClient(dataPlane.port);
  for (const client of [first, fourth]) {
    client.send(get);
    await client.until((received) => received.endsWith('ok'));
  }
});

it('a connection is closed by the answer to its last request', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port], { limits: { requestsPerConnectionMax: 3 } });
  const { answers, closed } = await converse(dataPlane.port, get.repeat(4));
  assert.ok(closed);
  assert.deepEqual(
    answers.map((answer) => /^Connection: close$/mu.test(answer.head)),
    [false, false, true],
  );
});

describe('both ways a slow side holds the fast one up, and nothing is lost', () => {
  const size = 100_000_000;

  it('100 MB of an answer to a client that reads in fits and starts', async () => {
    let sent = (): number => 0;
    await using backend = await aRawBackend((_request, socket) => {
      sent = () => socket.bytesWritten - socket.writableLength;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      let left = size;
      const piece = Buffer.alloc(500_000, 'x');
      const more = (): void => {
        while (left > 0) {
          left -= piece.length;
          if (!socket.write(piece)) break;
        }
      };
      socket.on('drain', more);
      more();
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.socket.removeAllListeners('data');
    let seen = 0;
    let stops = 0;
    let held = 0;
    client.socket.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      held = Math.max(held, sent() - seen);
      if (stops < 30 && seen > stops * 2_000_000) {
        stops += 1;
        client.socket.pause();
        setTimeout(() => client.socket.resume(), 5);
      }
    });
    client.send(get);
    await eventually(() => dataPlane.records.length === 1 && seen > size, 20_000);
    assert.equal(dataPlane.records[0]?.bytesOut, size);
    // the rest is in the buffers of two pairs of sockets
    assert.ok(held < 30_000_000, `${held} octets were on their way`);
  });

  it('a large request to a backend that reads in fits and starts', async () => {
    const upload = 50_000_000;
    let seen = 0;
    await using backend = await aSlowBackend((count) => (seen += count), upload);
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${upload}\r\n\r\n`);
    const piece = Buffer.alloc(1_000_000, 'y');
    for (let sent = 0; sent < upload; sent += piece.length) {
      if (!client.socket.write(piece)) await once(client.socket, 'drain');
      assert.ok(sent - seen < 40_000_000, 'the upload piles up');
    }
    await client.until((received) => received.endsWith('ok'));
    assert.equal(dataPlane.records[0]?.bytesIn, upload);
  });
});

/** A backend that stops reading now and then, and answers when it has `size` octets of content. */
async function aSlowBackend(
  count: (octets: number) => void,
  size: number,
): Promise<{ port: number } & AsyncDisposable> {
  let total = -1;
  const server = net.createServer((socket) => {
    let pauses = 0;
    socket.on('data', (chunk: Buffer) => {
      const head = total === -1 ? chunk.indexOf('\r\n\r\n') + 4 : 0;
      total = Math.max(total, 0) + chunk.length - head;
      count(chunk.length - head);
      if (total > pauses * 2_000_000) {
        pauses += 1;
        socket.pause();
        setTimeout(() => socket.resume(), 5);
      }
      if (total === size) socket.write(plainAnswer);
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}
