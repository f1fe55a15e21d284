// Octets read into memory that all connections share are told whole and once, and nobody keeps them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { LentMemory, lend } from '#dataplane/http/lent-memory.ts';
import tls from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { givenCertificate } from '#test/given/certificate.ts';
import { eventually } from '#test/given/eventually.ts';

/** An adopted socket on loopback, and its client. */
async function givenAdopted(memory: LentMemory) {
  const accepted = Promise.withResolvers<net.Socket>();
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
    accepted.resolve(memory.adopt(socket)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = net.connect({ port, host: '127.0.0.1', noDelay: true });
  client.on('error', () => {});
  const socket = await accepted.promise;
  server.close();
  return {
    socket,
    client,
    [Symbol.dispose](): void {
      client.destroy();
      socket.destroy();
    },
  };
}

test('what is lent lies in one memory, and only a copy of it lasts', async () => {
  const memory = new LentMemory();
  using one = await givenAdopted(memory);
  using other = await givenAdopted(memory);
  const lent: Buffer[] = [];
  const kept: Buffer[] = [];
  for (const { socket } of [one, other]) {
    lend(socket, (octets) => {
      lent.push(octets);
      kept.push(memory.kept(octets));
    });
    socket.resume();
  }
  one.client.write('of the one');
  await eventually(() => lent.length === 1);
  other.client.write('of another');
  await eventually(() => lent.length === 2);
  assert.deepEqual(lent.map(String), ['of another', 'of another']);
  assert.deepEqual(kept.map(String), ['of the one', 'of another']);
});

test('octets of elsewhere are kept as they are', () => {
  const octets = Buffer.alloc(70_000);
  assert.equal(new LentMemory().kept(octets), octets);
});

test('nobody who reads by `data` sees any of it, however slowly it reads', async () => {
  const memory = new LentMemory();
  using one = await givenAdopted(memory);
  using other = await givenAdopted(memory);
  const content = Buffer.alloc(3_000_000, 'abcdefg');
  const chunks: Buffer[] = [];
  one.socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    one.socket.pause();
    setImmediate(() => one.socket.resume());
  });
  other.socket.on('data', () => {});
  other.client.write(Buffer.alloc(3_000_000, '-'));
  one.client.end(content);
  await once(one.socket, 'end');
  assert.equal(Buffer.concat(chunks).equals(content), true);
});

test('a socket that nobody reads is read no further than usual', async () => {
  using given = await givenAdopted(new LentMemory());
  given.socket.pause();
  given.client.write(Buffer.alloc(8_000_000));
  await eventually(() => given.client.writableLength > 0);
  assert.equal(given.socket.readableLength <= given.socket.readableHighWaterMark + 128 * 1024, true);
});

test('what was lent is told by `data` again once it is taken back', async () => {
  using given = await givenAdopted(new LentMemory());
  const told: string[] = [];
  given.socket.on('data', (chunk: Buffer) => told.push(`data ${chunk.toString()}`));
  lend(given.socket, (octets) => told.push(`lent ${octets.toString()}`));
  given.client.write('one');
  await eventually(() => told.length === 1);
  lend(given.socket, null);
  given.client.write('two');
  await eventually(() => told.length === 2);
  assert.deepEqual(told, ['lent one', 'data two']);
});

test('the end of a client is told, and its reset, and who it was', async () => {
  using ended = await givenAdopted(new LentMemory());
  lend(ended.socket, () => {});
  ended.socket.resume();
  assert.equal(ended.socket.remotePort, ended.client.localPort);
  const end = once(ended.socket, 'end');
  ended.client.end();
  await end;
  using reset = await givenAdopted(new LentMemory());
  const error = once(reset.socket, 'error');
  reset.socket.resume();
  reset.client.resetAndDestroy();
  assert.match(String((await error)[0]), /ECONNRESET/u);
});

test('a socket that Node holds otherwise stays itself, and is read as ever', async () => {
  const socket = new net.Socket();
  socket.pause();
  assert.equal(new LentMemory().adopt(socket), socket);
  assert.equal(socket.isPaused(), false);
  lend(socket, () => assert.fail('lent without memory'));
  socket.destroy();
});

test('what TLS brings lies in the memory of all too, and by `data` in its own', async () => {
  const memory = new LentMemory();
  const { chain, key } = await givenCertificate('a', ['a.example']);
  const accepted = Promise.withResolvers<TLSSocket>();
  const server = tls.createServer({ cert: chain, key: key.reveal() }, (socket) => accepted.resolve(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  const socket = await accepted.promise;
  server.close();
  memory.adoptSecure(socket);
  const told: string[] = [];
  const lent: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => told.push(`data ${chunk.toString()}`));
  lend(socket, (octets) => {
    lent.push(octets);
    told.push(`lent ${octets.toString()}`);
  });
  client.write('one');
  await eventually(() => told.length === 1);
  client.write('two');
  await eventually(() => told.length === 2);
  assert.equal(lent[0]?.toString(), 'two');
  lend(socket, null);
  client.end('three');
  await once(socket, 'end');
  assert.deepEqual(told, ['lent one', 'lent two', 'data three']);
  socket.destroy();
});
