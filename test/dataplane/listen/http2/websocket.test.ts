// WebSocket over HTTP/2 (RFC 8441), to a backend that speaks HTTP/1.1.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import type { SeenRequest } from '#test/given/raw-backend.ts';

const mebibyte = Buffer.alloc(1024 * 1024, 'x');

/** What the answer to a key is (RFC 6455 section 4.2.2). */
function upgraded({ head }: SeenRequest): string {
  const key = /^sec-websocket-key: (.*)$/imu.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${
    accept
  }\r\nX-A: b\r\n\r\nearly`;
}

describe('WebSocket over HTTP/2', () => {
  it('is not what a backend answers that does not switch, and has one key', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const headers = {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/',
      ':scheme': 'http',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    };
    const { status, body } = await answerOf(client.begin(headers));
    assert.equal(status, 502);
    assert.doesNotMatch(body.toString(), /ok/u);
    assert.equal(backend.seen[0]?.head.match(/^sec-websocket-key:/gimu)?.length, 1);
  });

  it('is an upgrade for the backend, and octets both ways with each side ended alone', async () => {
    await using backend = await aRawBackend((request, socket) => {
      socket.removeAllListeners('data');
      socket.on('data', (data: Buffer) => socket.write(data));
      socket.on('end', () => socket.end('bye'));
      return upgraded(request);
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    assert.equal(client.session.remoteSettings.enableConnectProtocol, true);
    const stream = client.begin({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/chat',
      ':scheme': 'http',
      'sec-websocket-version': '13',
      'sec-websocket-extensions': 'permessage-deflate',
    });
    const answered = answerOf(stream);
    stream.write('hello');
    let received = '';
    stream.on('data', (data: Buffer) => (received += data.toString()));
    await eventually(() => received === 'earlyhello');
    stream.write(mebibyte);
    await eventually(() => received.length === 10 + mebibyte.length);
    stream.end();
    const { status, headers, body } = await answered;
    assert.deepEqual([status, headers['x-a']], [200, 'b']);
    for (const name of ['upgrade', 'connection', 'sec-websocket-accept'])
      assert.equal(headers[name], undefined);
    assert(body.toString().endsWith('bye'));
    const [seen] = backend.seen;
    assert.equal(seen?.requestLine, 'GET /chat HTTP/1.1');
    assert.match(seen?.head ?? '', /^Connection: Upgrade\r\nUpgrade: websocket$/m);
    assert.match(seen?.head ?? '', /^sec-websocket-extensions: permessage-deflate$/m);
    await eventually(() => dataPlane.records.length === 1);
    assert.equal(dataPlane.records[0]?.upgraded, true);
  });

  it('is an ordinary answer when the backend does not switch', async () => {
    await using backend = await aRawBackend(() => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/',
      ':scheme': 'http',
    });
    const { status, body } = await answerOf(stream);
    assert.deepEqual([status, body.toString()], [403, 'no']);
  });

  it('ends when the backend breaks', async () => {
    await using backend = await aRawBackend((request, socket) => {
      socket.removeAllListeners('data');
      setTimeout(() => socket.resetAndDestroy(), 20);
      return upgraded(request);
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/',
      ':scheme': 'http',
    });
    await answerOf(stream).catch(() => {});
    assert.equal(client.session.closed, false);
  });

  it('is an extended CONNECT for a backend that speaks HTTP/2, too', async () => {
    await using backend = await anHttp2Backend(
      (stream) => {
        stream.respond({ ':status': 200, 'x-a': 'b' });
        stream.pipe(stream);
      },
      { settings: { enableConnectProtocol: true } },
    );
    using dataPlane = await givenDataPlane([backend.port], { cluster: { protocol: 'HTTP2' } });
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/chat',
      ':scheme': 'http',
    });
    const answered = answerOf(stream);
    stream.write('hello');
    await once(stream, 'data');
    stream.write(mebibyte);
    stream.end();
    const { status, headers, body } = await answered;
    assert.deepEqual([status, headers['x-a'], body.length], [200, 'b', 5 + mebibyte.length]);
    const [seen] = backend.seen;
    assert.deepEqual([seen?.headers[':method'], seen?.headers[':protocol']], ['CONNECT', 'websocket']);
  });

  it('is no other protocol, and no tunnel to anywhere', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const other = client.begin({ ':method': 'CONNECT', ':protocol': 'x', ':path': '/', ':scheme': 'http' });
    assert.equal((await answerOf(other)).status, 501);
    assert.equal((await answerOf(client.begin({ ':method': 'CONNECT' }))).status, 501);
    assert.equal(backend.seen.length, 0);
  });
});
