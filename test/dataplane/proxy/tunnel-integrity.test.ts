// What goes through tunnels arrives octet for octet, whatever memory it was read into and however slowly it is taken.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { it } from 'node:test';
import { givenDataPlane } from '../../given/data-plane.ts';

const size = 4_000_000;
const tunnels = 6;
const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n';

/** Octets that tell whose they are and where each stands. */
function contentOf(name: string): Buffer {
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at += 16)
    content.write(`${name}:${at}`.padEnd(16, '.').slice(0, 16), at, 'latin1');
  return content;
}

/** Sends in pieces of all sizes, without waiting. */
function send(socket: net.Socket, content: Buffer): void {
  for (let at = 0, length = 1; at < content.length; at += length) {
    length = ((length * 7) % 20_011) + 1;
    socket.write(content.subarray(at, at + length));
  }
}

/** Takes `bytes` in fits and starts. */
async function take(socket: net.Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let taken = 0;
  let unpaused = 0;
  const whole = Promise.withResolvers<Buffer>();
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    taken += chunk.length;
    unpaused += chunk.length;
    if (taken >= bytes) whole.resolve(Buffer.concat(chunks));
    if (unpaused < 300_000) return;
    unpaused = 0;
    socket.pause();
    setTimeout(() => socket.resume(), 2);
  });
  return whole.promise;
}

/** A backend that switches, sends what is of the path's name, and tells what it was sent. */
async function aSwitcher(took: (path: string, content: Buffer) => void): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (head: Buffer) => {
      const path = /^GET (\S+)/u.exec(head.toString('latin1'))?.[1] ?? '';
      socket.write(switched);
      send(socket, contentOf(`back${path}`));
      void take(socket, size).then((content) => took(path, content));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

it('through many tunnels at once, both ways', async () => {
  const taken = new Map<string, Buffer>();
  const all = Promise.withResolvers<void>();
  const server = await aSwitcher((path, content) => {
    taken.set(path, content);
    if (taken.size === tunnels) all.resolve();
  });
  const address = server.address();
  using dataPlane = await givenDataPlane([
    typeof address === 'object' && address !== null ? address.port : 0,
  ]);
  const clients = Array.from({ length: tunnels }, async (_, index) => {
    const path = `/${index}`;
    const socket = net.connect({ port: dataPlane.port, host: '127.0.0.1' });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    const end = head.indexOf('\r\n\r\n') + 4;
    assert.match(head.toString('latin1', 0, end), /^HTTP\/1\.1 101 /u);
    const rest = take(socket, size - (head.length - end));
    send(socket, contentOf(path));
    const content = Buffer.concat([head.subarray(end), await rest]);
    assert.equal(Buffer.compare(content, contentOf(`back${path}`)), 0, `${path} has other octets`);
    return socket;
  });
  const sockets = await Promise.all(clients);
  await all.promise;
  for (const [path, content] of taken)
    assert.equal(Buffer.compare(content, contentOf(path)), 0, `the backend has other octets of ${path}`);
  for (const socket of sockets) socket.destroy();
  server.close();
});
