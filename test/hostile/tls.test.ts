// Handshakes of clients that mean no good, or are merely odd: nobody else is harmed, and nothing is left behind
// (CVE-2026-21637, CVE-2025-59464).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { givenCertificate } from '#test/given/certificate.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aRawClient } from '#test/given/raw-client.ts';
import { aPort, aRule, aRuntime } from '#test/given/runtime.ts';
import { aTlsClient, ask } from '#test/given/tls-client.ts';
import { aTlsPort } from '#test/given/tls-port.ts';

const certificates = [await givenCertificate('a', ['a.test'])];
const seed = Number(process.env['TURNPIKE_FUZZ_SEED'] ?? 1);
const longMs = Number(process.env['TURNPIKE_FUZZ_SECONDS'] ?? 2) * 1_000;

async function aPlane(backend: number) {
  return givenDataPlane([backend], {
    limits: { firstByteTimeoutMs: 300, handshakeTimeoutMs: 300, sweepMs: 5 },
    runtime: (cluster) => {
      const rule = aRule(cluster);
      return aRuntime(aPort(443, { '': () => rule }, aTlsPort({ '': { certificates } })));
    },
  });
}

async function isServed(port: number, options: tls.ConnectionOptions = {}): Promise<void> {
  const socket = await aTlsClient(port, { servername: 'a.test', ...options });
  assert.equal((await ask(socket, 'a.test')).status, 200);
  socket.destroy();
}

/** A socket to `port` that sends what `cut` makes of its first write, one piece after the other. */
function cutting(port: number, cut: (first: Buffer) => readonly Buffer[]): Duplex {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let isFirst = true;
  const duplex = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const pieces = isFirst ? cut(chunk) : [chunk];
      isFirst = false;
      void (async () => {
        for (const piece of pieces) {
          socket.write(piece);
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
        done();
      })();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => duplex.push(chunk));
  socket.on('close', () => duplex.destroy());
  socket.on('error', () => {});
  return duplex;
}

function octetByOctet(bytes: Buffer): readonly Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

/** The one record of `bytes` as two, cut at `at` of its content. */
function twoRecords(bytes: Buffer, at: number): Buffer {
  const record = (content: Buffer): Buffer => {
    const head = Buffer.from(bytes.subarray(0, 5));
    head.writeUInt16BE(content.length, 3);
    return Buffer.concat([head, content]);
  };
  const content = bytes.subarray(5);
  return Buffer.concat([record(content.subarray(0, at)), record(content.subarray(at))]);
}

describe('a ClientHello', () => {
  it('may come octet by octet', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port);
    await isServed(dataPlane.port, { socket: cutting(dataPlane.port, octetByOctet) });
  });

  it('may be cut into segments and records anywhere', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port);
    for (const at of [1, 2, 3, 4, 5, 6, 9, 38, 39, 100]) {
      const segments = (bytes: Buffer): readonly Buffer[] => [bytes.subarray(0, at), bytes.subarray(at)];
      await isServed(dataPlane.port, { socket: cutting(dataPlane.port, segments) });
      const records = (bytes: Buffer): readonly Buffer[] => [twoRecords(bytes, at)];
      await isServed(dataPlane.port, { socket: cutting(dataPlane.port, records) });
    }
  });

  it('that stops anywhere is given up in time', async () => {
    using dataPlane = await aPlane(0);
    const hello = await aHello();
    for (const length of [0, 1, 5, 6, 100, hello.length - 1, hello.length]) {
      using client = await aRawClient(dataPlane.port);
      client.send(hello.subarray(0, length));
      await client.untilClosed();
      if (length < hello.length) assert.equal(client.received(), '');
    }
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
  });

  it('that is none is closed without a word', async () => {
    using dataPlane = await aPlane(0);
    for (const octets of [
      'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\n',
      '\x80\x2e\x01',
      '\0',
    ]) {
      using client = await aRawClient(dataPlane.port);
      client.send(octets);
      await client.untilClosed();
      assert.equal(client.received(), '');
    }
  });

  it('with any octets of it changed harms nobody else', { timeout: longMs + 60_000 }, async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port);
    const hello = await aHello();
    const random = aRandom(seed);
    const endMs = performance.now() + longMs;
    for (let round = 0; performance.now() < endMs; round += 1) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => aRawClient(dataPlane.port)));
      for (const client of clients) {
        const changed = Buffer.from(hello);
        for (let change = random(4); change >= 0; change -= 1) changed[random(changed.length)] = random(256);
        client.send(changed);
        if (random(2) === 0) client.send(Buffer.from(hello.subarray(0, random(hello.length))));
        if (random(4) === 0) client.socket.resetAndDestroy();
      }
      await isServed(dataPlane.port);
      for (const client of clients) client[Symbol.dispose]();
    }
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
    await isServed(dataPlane.port);
  });
});

async function aHello(): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = tls.connect({ port: address.port, host: '127.0.0.1', servername: 'a.test' });
  client.on('error', () => {});
  const accepted: unknown[] = await once(server, 'connection');
  const [socket] = accepted;
  assert.ok(socket instanceof net.Socket);
  let hello = Buffer.alloc(0);
  while (hello.length < 5 || hello.length < 5 + hello.readUInt16BE(3)) {
    const read: unknown[] = await once(socket, 'data');
    assert.ok(Buffer.isBuffer(read[0]));
    hello = Buffer.concat([hello, read[0]]);
  }
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

/** Numbers below a bound, the same for the same seed (mulberry32). */
function aRandom(from: number): (below: number) => number {
  let state = from;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
