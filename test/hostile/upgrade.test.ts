// RFC 9110 section 7.8: switching protocols; h2c and WebSocket smuggling.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { aRawClient } from '../given/raw-client.ts';
import { eventually } from '../given/eventually.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { aRawBackend, plainAnswer } from '../given/raw-backend.ts';
import { attack } from './attack.ts';

const websocket =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n';
const switched =
  'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: y\r\n\r\n';

describe('a tunnel', () => {
  it('carries octets both ways, early ones too, and each end alone', async () => {
    let atBackend = '';
    let ended = false;
    await using backend = await aRawBackend((_request, socket) => {
      socket.removeAllListeners('data');
      socket.on('data', (chunk: Buffer) => {
        atBackend += chunk.toString('latin1');
      });
      socket.on('end', () => {
        ended = true;
        socket.end('bye');
      });
      return `${switched}hello`;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(`${websocket}early`);
    await client.until((received) => received.endsWith('\r\n\r\nhello'));
    assert.match(client.received(), /^HTTP\/1\.1 101 Switching Protocols\r\n/u);
    assert.match(client.received(), /^Upgrade: WebSocket\r$/mu);
    assert.match(client.received(), /^Sec-WebSocket-Accept: y\r$/mu);
    assert.match(backend.seen[0]?.head ?? '', /^Connection: Upgrade\r\nUpgrade: websocket$/mu);
    client.send(' late');
    await eventually(() => atBackend === 'early late');
    client.socket.end();
    await client.until((received) => received.endsWith('hellobye'));
    assert.ok(ended);
    await eventually(() => dataPlane.records.length === 1);
    assert.equal(dataPlane.records[0]?.upgraded, true);
    assert.deepEqual([dataPlane.records[0]?.bytesIn, dataPlane.records[0]?.bytesOut], [10, 8]);
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
  });

  it('ends when the backend breaks', async () => {
    await using backend = await aRawBackend((_request, socket) => {
      setImmediate(() => socket.resetAndDestroy());
      return switched;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(websocket);
    await client.untilClosed();
    client.socket.end();
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
  });

  it('ends when the client breaks', async () => {
    const closed = Promise.withResolvers<void>();
    await using backend = await aRawBackend((_request, socket) => {
      socket.on('close', () => closed.resolve());
      socket.on('end', () => socket.end());
      return switched;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(websocket);
    await client.until((received) => received.includes('101'));
    client.socket.resetAndDestroy();
    await closed.promise;
  });

  it('in which nothing moves is closed', async () => {
    await using backend = await aRawBackend(() => switched);
    using dataPlane = await givenDataPlane([backend.port], { limits: { tunnelIdleTimeoutMs: 60 } });
    using client = await aRawClient(dataPlane.port);
    client.send(websocket);
    await client.untilClosed();
  });
});

it('without a 101 the connection stays HTTP, and early octets are the next request', async () => {
  const outcome = await attack(`${websocket}GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  assert.deepEqual(
    outcome.records.map((record) => [record.path, record.status]),
    [
      ['/chat', 200],
      ['/next', 200],
    ],
  );
});

describe('a 101 that was not asked for', () => {
  const cases: readonly (readonly [name: string, request: string, answer: string])[] = [
    ['at all', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', switched],
    ['by that name', websocket, switched.replace('WebSocket', 'other')],
    ['by any name', websocket, 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['since Connection does not say so', websocket.replace('Connection: Upgrade', 'Connection: x'), switched],
    ['in HTTP/1.0', websocket.replace('HTTP/1.1', 'HTTP/1.0'), switched],
    ['with content', websocket.replace('\r\n\r\n', '\r\nContent-Length: 1\r\n\r\nx'), switched],
  ];
  for (const [name, request, answer] of cases) {
    it(`${name} is a broken answer`, async () => {
      const outcome = await attack(`${request}GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, {
        respond: ({ requestLine }) => (requestLine.includes('/end') ? plainAnswer : answer),
      });
      assert.equal(outcome.answers[0]?.status, 502);
      assert.doesNotMatch(outcome.raw, / 101 /u);
    });
  }
});

it('h2c is never offered to a backend', async () => {
  const outcome = await attack(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
  );
  assert.doesNotMatch(outcome.seen[0]?.head ?? '', /h2c|upgrade|settings/iu);
});

it('of several protocols the others are offered', async () => {
  const outcome = await attack(
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: h2c, websocket\r\n\r\n',
  );
  assert.match(outcome.seen[0]?.head ?? '', /^Upgrade: websocket$/mu);
});

it('many octets pass through a tunnel without being piled up', async () => {
  const size = 20_000_000;
  let seen = 0;
  await using backend = await aRawBackend((_request, socket) => {
    socket.removeAllListeners('data');
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.length;
    });
    return switched;
  });
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await aRawClient(dataPlane.port);
  client.send(websocket);
  await client.until((received) => received.includes('101'));
  const piece = Buffer.alloc(500_000);
  for (let sent = 0; sent < size; sent += piece.length) {
    if (!client.socket.write(piece)) await once(client.socket, 'drain');
  }
  await eventually(() => seen === size);
});
