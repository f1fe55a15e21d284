// WebSocket to backends by HTTP/2 (RFC 8441), for clients of either protocol.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { webSocketAccept } from '#dataplane/upstream/web-socket-key.ts';
import { givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { anH2Client, answerOf } from '../../given/h2-client.ts';
import { anHttp2Backend } from '../../given/http2-backend.ts';
import { aRawBackend } from '../../given/raw-backend.ts';
import { aRawClient } from '../../given/raw-client.ts';
import type { RespondHttp2 } from '../../given/http2-backend.ts';

const cluster = { protocol: 'HTTP2' } as const;
const settings = { enableConnectProtocol: true };
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const upgrade = `GET /chat?a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`;
const connect = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', ':scheme': 'http' };

/** Says what it gets, and `bye` at the end. */
const echo: RespondHttp2 = (stream) => {
  stream.respond({ ':status': 200, 'x-a': 'b' });
  stream.on('data', (data: Buffer) => stream.write(data));
  stream.on('end', () => stream.end('bye'));
};

describe('WebSocket to a backend by HTTP/2', () => {
  it('is an extended CONNECT, and a 101 to a client by HTTP/1.1', async () => {
    await using backend = await anHttp2Backend(echo, { settings });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send(`${upgrade}hello`);
    await client.until((received) => received.endsWith('hello'));
    assert.match(client.received(), /^HTTP\/1\.1 101 /u);
    assert.match(client.received(), /^x-a: b\r$/mu);
    assert.ok(
      client
        .received()
        .toLowerCase()
        .includes(`sec-websocket-accept: ${webSocketAccept(key).toLowerCase()}\r\n`),
    );
    const { headers } = backend.seen[0] ?? assert.fail();
    assert.deepEqual(
      [headers[':method'], headers[':protocol'], headers[':path'], headers['sec-websocket-key']],
      ['CONNECT', 'websocket', '/chat?a', undefined],
    );
    assert.equal(headers['sec-websocket-version'], '13');
    client.socket.end();
    await client.until((received) => received.endsWith('bye'));
    await eventually(() => dataPlane.records.length === 1);
    assert.equal(dataPlane.records[0]?.upgraded, true);
    const [endpoint] = dataPlane.cluster.endpoints;
    assert.deepEqual([endpoint?.load, endpoint?.transport.idle], [0, 1]);
  });

  it('is one stream to another for a client by HTTP/2, with more than the windows hold', async () => {
    await using backend = await anHttp2Backend(echo, { settings });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin(connect);
    const answered = answerOf(stream);
    const content = Buffer.alloc(1_000_000, 'x');
    stream.write(content);
    let octets = 0;
    stream.on('data', (data: Buffer) => (octets += data.length));
    await eventually(() => octets === content.length);
    stream.end();
    const { status, headers, body } = await answered;
    assert.deepEqual([status, headers['x-a'], headers['sec-websocket-accept']], [200, 'b', undefined]);
    assert.ok(body.toString().endsWith('bye'));
  });

  it('is counted as load until it is over', async () => {
    await using backend = await anHttp2Backend(echo, { settings });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send(upgrade);
    await client.until((received) => received.includes('101'));
    const [endpoint] = dataPlane.cluster.endpoints;
    assert.equal(endpoint?.load, 1);
    client.socket.resetAndDestroy();
    await eventually(() => endpoint?.load === 0 && dataPlane.cluster.breaker.held('Request') === 0);
  });

  it('is an ordinary answer when it is refused', async () => {
    await using backend = await anHttp2Backend(
      (stream) => {
        stream.respond({ ':status': 403, 'content-length': 2 });
        stream.end('no');
      },
      { settings },
    );
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send(upgrade);
    await client.until((received) => received.startsWith('HTTP/1.1 403 ') && received.endsWith('no'));
  });

  it('is 503 when the backend cannot be asked for it', async () => {
    await using backend = await anHttp2Backend(echo);
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send(upgrade);
    await client.until((received) => received.startsWith('HTTP/1.1 503 '));
    assert.equal(backend.seen.length, 0);
  });
});

it('a 101 to another key than ours is no answer', async () => {
  await using backend = await aRawBackend(
    () =>
      'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
  );
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await anH2Client(dataPlane.port);
  const { status } = await answerOf(client.begin(connect));
  assert.equal(status, 502);
  assert.match(backend.seen[0]?.head ?? '', /^Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==$/mu);
});
