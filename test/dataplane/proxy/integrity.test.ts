// Answers arrive octet for octet, whatever memory they were read into: no client sees a part of another's.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { it } from 'node:test';
import tls from 'node:tls';
import { givenCertificate } from '../../given/certificate.ts';
import { aTlsPort } from '../../given/tls-port.ts';
import { givenDataPlane } from '../../given/data-plane.ts';
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

function answerTo({ requestLine }: SeenRequest): Buffer {
  const [, path = ''] = requestLine.split(' ');
  const content = contentFor(path);
  if (path.startsWith('/length')) {
    return Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`), content]);
  }
  const pieces = [Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')];
  for (let at = 0, length = 1; at < size; at += length) {
    length = ((length * 7) % 100_003) + 1;
    const piece = content.subarray(at, at + length);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

/** Reads a whole connection in fits and starts. */
async function readSlowly(socket: net.Socket, octets: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let seen = 0;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(Buffer.from(chunk));
    seen += chunk.length;
    if (seen < 500_000) return;
    seen = 0;
    socket.pause();
    setTimeout(() => socket.resume(), 3);
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
