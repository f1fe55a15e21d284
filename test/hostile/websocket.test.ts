// WebSocket through the gateway with the `ws` package at both ends: what one end sends the other gets, whatever way it is cut,
// and what they agree on is theirs alone. What is no WebSocket but says so stands in upgrade.test.ts.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { WebSocket, WebSocketServer } from 'ws';
import type { ServerOptions } from 'ws';
import { givenDataPlane } from '../given/data-plane.ts';
import type { GivenDataPlane } from '../given/data-plane.ts';
import { eventually } from '../given/eventually.ts';

interface Ends extends AsyncDisposable {
  readonly url: string;
  readonly server: WebSocketServer;
  readonly dataPlane: GivenDataPlane;
}

interface Message {
  readonly data: Uint8Array;
  readonly binary: boolean;
  /** In so many fragments. */
  readonly parts: number;
}

/** A server of WebSockets behind a gateway; it echoes each message as it came. */
async function ends(options: ServerOptions = {}): Promise<Ends> {
  const server = new WebSocketServer({ ...options, port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('error', () => {});
  });
  const dataPlane = await givenDataPlane([(server.address() as AddressInfo).port]);
  return {
    url: `ws://127.0.0.1:${dataPlane.port}/chat`,
    server,
    dataPlane,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      dataPlane[Symbol.dispose]();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function opened(url: string, protocols: readonly string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(url, [...protocols]);
  await once(socket, 'open');
  return socket;
}

/** A final text frame of a client, of at most 125 octets, masked (RFC 6455 section 5.2). */
function textFrame(text: string): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(text);
  const masked = payload.map((octet, at) => octet ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), mask, masked]);
}

/** A final text frame of a server. */
function answeredFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]);
}

const opening =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('WebSocket', () => {
  it('carries messages of any kind and size, in fragments too, and in order', async () => {
    await using given = await ends();
    const message: fc.Arbitrary<Message> = fc.record({
      data: fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc
          .constantFrom(125, 126, 127, 65_535, 65_536, 200_000)
          .map((length) => new Uint8Array(length).fill(7)),
      ),
      binary: fc.boolean(),
      parts: fc.integer({ min: 1, max: 4 }),
    });
    const run = async (messages: readonly Message[]): Promise<void> => {
      const socket = await opened(given.url);
      const heard: [Buffer, boolean][] = [];
      socket.on('message', (data, isBinary) => heard.push([data as Buffer, isBinary]));
      const wanted = messages.map(({ data, binary, parts }): [Buffer, boolean] => {
        // Text must be UTF-8: the letters of a base are.
        const whole = binary ? Buffer.from(data) : Buffer.from(Buffer.from(data).toString('hex'));
        const size = Math.ceil(whole.length / parts) || 1;
        for (let at = 0; at < parts; at += 1) {
          const piece = whole.subarray(at * size, (at + 1) * size);
          socket.send(piece, { binary, fin: at === parts - 1, compress: false });
        }
        return [whole, binary];
      });
      await eventually(() => heard.length === wanted.length);
      assert.deepEqual(heard, wanted);
      socket.terminate();
    };
    await fc.assert(fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), run), {
      numRuns: 25,
    });
  });

  it('does not mind where its octets are cut: the opening and the first frame at every offset', async () => {
    await using given = await ends({ perMessageDeflate: false });
    const octets = Buffer.concat([Buffer.from(opening), textFrame('hello'), textFrame('again')]);
    const answer = Buffer.concat([answeredFrame('hello'), answeredFrame('again')]);
    const cut = async (offset: number): Promise<void> => {
      const socket = net.connect({ port: given.dataPlane.port, host: '127.0.0.1', noDelay: true });
      let received = Buffer.alloc(0);
      socket.on('data', (data: Buffer) => (received = Buffer.concat([received, data])));
      await once(socket, 'connect');
      socket.write(octets.subarray(0, offset));
      await setImmediate();
      socket.write(octets.subarray(offset));
      await eventually(() => received.subarray(-answer.length).equals(answer));
      assert.match(received.toString('latin1'), /^HTTP\/1\.1 101 /u);
      socket.destroy();
    };
    for (let from = 1; from < octets.length; from += 20) {
      const offsets = Array.from({ length: Math.min(20, octets.length - from) }, (_, at) => from + at);
      await Promise.all(offsets.map(cut));
    }
  });

  it('leaves extensions, protocols and keys to the two ends', async () => {
    await using given = await ends({
      perMessageDeflate: { threshold: 0 },
      handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
    });
    let fields: Readonly<Record<string, unknown>> = {};
    given.server.on('connection', (_, request) => (fields = request.headers));
    const socket = await opened(given.url, ['chat.v1', 'chat.v2']);
    assert.equal(socket.protocol, 'chat.v2');
    assert.equal(socket.extensions, 'permessage-deflate');
    assert.equal(fields['sec-websocket-extensions'], 'permessage-deflate; client_max_window_bits');
    assert.equal(fields['sec-websocket-protocol'], 'chat.v1,chat.v2');
    const heard = once(socket, 'message');
    socket.send('compressed '.repeat(1000));
    const [data] = (await heard) as [Buffer];
    assert.equal(data.toString(), 'compressed '.repeat(1000));
    socket.terminate();
  });

  it('is closed by either end with its code and reason, and by neither before', async () => {
    await using given = await ends();
    given.server.on('connection', (socket) => {
      socket.on('message', (data) => {
        if ((data as Buffer).toString() === 'leave') socket.close(4001, 'as you say');
      });
      socket.on('close', (code, reason) => closures.push(`${code} ${reason.toString()}`));
    });
    const closures: string[] = [];
    const asked = await opened(given.url);
    asked.send('leave');
    const [code, reason] = (await once(asked, 'close')) as [number, Buffer];
    assert.deepEqual([code, reason.toString()], [4001, 'as you say']);
    const leaving = await opened(given.url);
    leaving.close(4002, 'enough');
    await once(leaving, 'close');
    await eventually(() => closures.includes('4002 enough'));
    await eventually(() => given.dataPlane.listeners.connectionCount() === 0);
  });

  it('goes on from the backend when the client has ended its side', async () => {
    const answer = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${createHash(
      'sha1',
    )
      .update('dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
      .digest('base64')}\r\n\r\n`;
    const backend = net.createServer({ allowHalfOpen: true }, (socket) => {
      socket.once('data', () => socket.write(answer));
      socket.on('end', () => socket.end(answeredFrame('after the end')));
      socket.on('error', () => {});
    });
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    using dataPlane = await givenDataPlane([(backend.address() as AddressInfo).port]);
    const client = net.connect({ port: dataPlane.port, host: '127.0.0.1', allowHalfOpen: true });
    let received = '';
    client.on('data', (data: Buffer) => (received += data.toString('latin1')));
    client.write(opening);
    await eventually(() => received.endsWith('\r\n\r\n'));
    client.end();
    await once(client, 'end');
    assert.ok(received.endsWith('after the end'));
    backend.close();
  });

  it('comes by HTTP/2 as well, to a backend of HTTP/1.1', async () => {
    await using given = await ends({ perMessageDeflate: false });
    const session = http2.connect(`http://127.0.0.1:${given.dataPlane.port}`);
    await once(session, 'remoteSettings');
    assert.equal(session.remoteSettings.enableConnectProtocol, true);
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':path': '/chat',
      ':authority': 'a',
      'sec-websocket-version': '13',
    });
    let received = Buffer.alloc(0);
    stream.on('data', (data: Buffer) => (received = Buffer.concat([received, data])));
    const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    assert.equal(head[':status'], 200);
    const frame = textFrame('by stream');
    for (const octet of frame) {
      stream.write(Buffer.from([octet]));
      await setImmediate();
    }
    await eventually(() => received.equals(answeredFrame('by stream')));
    stream.close();
    session.close();
    await once(session, 'close');
  });
});
