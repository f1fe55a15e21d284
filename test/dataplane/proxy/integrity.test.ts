// Content arrives octet for octet, whatever memory it was read into: nobody sees a part of another's.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { Readable } from 'node:stream';
import { it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import tls from 'node:tls';
import { givenCertificate } from '../../given/certificate.ts';
import { aTlsPort } from '../../given/tls-port.ts';
import { givenDataPlane } from '../../given/data-plane.ts';
import { anHttp2Backend } from '../../given/http2-backend.ts';
import { aRawBackend } from '../../given/raw-backend.ts';
import { aPort, aRule, aRuntime } from '../../given/runtime.ts';
import type { SeenRequest } from '../../given/raw-backend.ts';

const size = 6_000_000;
const clients = 8;

/** Content that tells whose it is and where in it each octet stands. */
function contentFor(name: string): Buffer<ArrayBuffer> {
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at += 16)
    content.write(`${name}:${at}`.padEnd(16, '.').slice(0, 16), at, 'latin1');
  return content;
}

/** Of all sizes up to 100 KB. */
function* piecesOf(content: Buffer<ArrayBuffer>): Generator<Buffer<ArrayBuffer>> {
  for (let at = 0, length = 1; at < content.length; at += length) {
    length = ((length * 7) % 100_003) + 1;
    yield content.subarray(at, at + length);
  }
}

function answerTo({ requestLine }: SeenRequest): Buffer {
  const [, path = ''] = requestLine.split(' ');
  const content = contentFor(path);
  if (path.startsWith('/length')) {
    return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`), content]);
  }
  const pieces = [Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')];
  for (const piece of piecesOf(content))
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

/** Reads a whole connection in fits and starts. */
async function readSlowly(socket: net.Socket, octets: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let seen = 0;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(Buffer.from(chunk));
    seen += chunk.length;
    if (seen < 100_000) return;
    seen = 0;
    socket.pause();
    setTimeout(() => socket.resume(), 20);
  });
  socket.write(octets);
  await once(socket, 'end');
  socket.destroy();
  return Buffer.concat(chunks);
}

function unframed(raw: Buffer): Buffer {
  const from = raw.indexOf('\r\n\r\n') + 4;
  if (!raw.subarray(0, from).includes('chunked')) return raw.subarray(from);
  const pieces: Buffer[] = [];
  for (let at = from; ;) {
    const lineEnd = raw.indexOf('\r\n', at);
    const length = Number.parseInt(raw.subarray(at, lineEnd).toString('latin1'), 16);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(raw.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}

for (const framing of ['length', 'chunks']) {
  for (const wire of ['plain', 'TLS']) {
    it(`with ${framing}, over ${wire}`, async () => {
      await using backend = await aRawBackend(answerTo);
      const certificates = [await givenCertificate('a', ['a.example'])];
      using dataPlane = await givenDataPlane([backend.port], {
        runtime: (cluster) => {
          const rule = aRule(cluster);
          return aRuntime(
            aPort(443, { '': () => rule }, wire === 'TLS' ? aTlsPort({ '': { certificates } }) : null),
          );
        },
      });
      const { port } = dataPlane;
      const reads = Array.from({ length: clients }, async (_, index) => {
        const path = `/${framing}${index}`;
        const socket =
          wire === 'TLS'
            ? tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
            : net.connect({ port, host: '127.0.0.1' });
        const raw = await readSlowly(socket, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
        assert.equal(Buffer.compare(unframed(raw), contentFor(path)), 0, `${path} has other octets`);
      });
      await Promise.all(reads);
    });
  }
}

it('from a backend that speaks HTTP/2, on one connection for all', async () => {
  await using backend = await anHttp2Backend((stream, { ':path': path = '' }) => {
    stream.respond({ ':status': 200, 'content-length': size });
    // in pieces, as `end` of so much at once breaks node:http2
    Readable.from(piecesOf(contentFor(path))).pipe(stream);
  });
  using dataPlane = await givenDataPlane([backend.port], { cluster: { protocol: 'HTTP2' } });
  const reads = Array.from({ length: clients }, async (_, index) => {
    const path = `/stream${index}`;
    const socket = net.connect({ port: dataPlane.port, host: '127.0.0.1' });
    const raw = await readSlowly(socket, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    assert.equal(Buffer.compare(unframed(raw), contentFor(path)), 0, `${path} has other octets`);
  });
  await Promise.all(reads);
  assert.equal(backend.connections(), 1);
});

/** A backend that answers with the digest of what it was sent, which it takes in fits and starts. */
async function aSlowTaker(): Promise<http.Server> {
  const take = async (request: http.IncomingMessage, answer: http.ServerResponse): Promise<void> => {
    const digest = createHash('sha256');
    let seen = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      digest.update(chunk);
      seen += chunk.length;
      if (seen > 200_000) await wait(1);
      if (seen > 200_000) seen = 0;
    }
    answer.end(digest.digest('hex'));
  };
  const server = http.createServer((request, answer) => void take(request, answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

for (const framing of ['length', 'chunks']) {
  it(`to a backend that takes it slowly, with ${framing}`, async () => {
    const server = await aSlowTaker();
    const address = server.address();
    using dataPlane = await givenDataPlane([
      typeof address === 'object' && address !== null ? address.port : 0,
    ]);
    const uploads = Array.from({ length: clients }, async (_, index) => {
      const path = `/${framing}${index}`;
      const content = contentFor(path);
      const headers = { host: 'a', ...(framing === 'length' ? { 'content-length': size } : {}) };
      const request = http.request({ port: dataPlane.port, method: 'POST', path, headers, agent: false });
      for (const piece of piecesOf(content)) request.write(piece);
      request.end();
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
      const told = Buffer.concat(await answer.toArray()).toString();
      assert.equal(told, createHash('sha256').update(content).digest('hex'), `${path} has other octets`);
    });
    await Promise.all(uploads);
    server.closeAllConnections();
    server.close();
  });
}
