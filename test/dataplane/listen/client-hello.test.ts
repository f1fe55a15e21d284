import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import fc from 'fast-check';
import { clientHello, clientHelloBytesMax } from '#dataplane/listen/client-hello.ts';

/** What node:tls sends first. */
async function helloBy(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const client = tls.connect({ host: '127.0.0.1', port: address.port, ...options });
  client.on('error', () => {});
  const accepted: unknown[] = await once(server, 'connection');
  const [socket] = accepted;
  assert.ok(socket instanceof net.Socket);
  let bytes = Buffer.alloc(0);
  while (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) {
    const chunks: unknown[] = await once(socket, 'data');
    assert.ok(Buffer.isBuffer(chunks[0]));
    bytes = Buffer.concat([bytes, chunks[0]]);
  }
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

const vector = (size: number, content: Buffer): Buffer => {
  const length = Buffer.alloc(size);
  length.writeUIntBE(content.length, 0, size);
  return Buffer.concat([length, content]);
};
const record = (content: Buffer): Buffer => Buffer.concat([Buffer.from([22, 3, 1]), vector(2, content)]);
const extension = (type: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type >> 8, type & 255]), vector(2, content)]);
const sni = (name: string, type = 0): Buffer =>
  extension(0, vector(2, Buffer.concat([Buffer.from([type]), vector(2, Buffer.from(name, 'latin1'))])));
const alpn = (...names: string[]): Buffer =>
  extension(16, vector(2, Buffer.concat(names.map((name) => vector(1, Buffer.from(name, 'latin1'))))));

const beforeExtensions = Buffer.concat([
  Buffer.alloc(34, 3),
  vector(1, Buffer.alloc(32)),
  vector(2, Buffer.alloc(4)),
  vector(1, Buffer.alloc(1)),
]);
const message = (body: Buffer): Buffer => Buffer.concat([Buffer.from([1]), vector(3, body)]);
const hello = (...extensions: Buffer[]): Buffer =>
  record(message(Buffer.concat([beforeExtensions, vector(2, Buffer.concat(extensions))])));

describe('the ClientHello of node:tls', () => {
  it('tells the server name in lower case and the protocols in their order', async () => {
    const bytes = await helloBy({ servername: 'Shop.Example', ALPNProtocols: ['h2', 'http/1.1'] });
    const told = { kind: 'Hello', serverName: 'shop.example', alpn: ['h2', 'http/1.1'] };
    assert.deepEqual(clientHello(bytes), told);
    assert.deepEqual(clientHello(Buffer.concat([bytes, Buffer.from('whatever follows')])), told);
    for (let length = 0; length < bytes.length; length += 1) {
      assert.equal(clientHello(bytes.subarray(0, length)), 'Incomplete', `of ${length} octets`);
    }
  });

  it('may be cut into records at every octet', async () => {
    const bytes = await helloBy({ servername: 'shop.example' });
    const content = bytes.subarray(5);
    for (let at = 1; at < content.length; at += 1) {
      const both = Buffer.concat([record(content.subarray(0, at)), record(content.subarray(at))]);
      assert.deepEqual(
        clientHello(both),
        { kind: 'Hello', serverName: 'shop.example', alpn: [] },
        `at ${at}`,
      );
      assert.equal(clientHello(both.subarray(0, 5 + at)), 'Incomplete');
      assert.equal(clientHello(both.subarray(0, -1)), 'Incomplete');
    }
  });

  it('is told without names for a version before them', async () => {
    const bytes = await helloBy({ maxVersion: 'TLSv1.2', servername: '' });
    assert.deepEqual(clientHello(bytes), { kind: 'Hello', serverName: null, alpn: [] });
  });
});

describe('a server name', () => {
  const names: readonly (readonly [sent: string, told: string | null])[] = [
    ['shop.example', 'shop.example'],
    ['SHOP.example', 'shop.example'],
    ['shop.example.', 'shop.example'],
    ['shop.example..', null],
    ['.shop.example', null],
    ['.', null],
    ['', null],
    ['a_b-c.example', 'a_b-c.example'],
    ['shop.example\0.evil', null],
    ['shop\u3002example', null],
    ['shop.ex\u00e4mple', null],
    ['*.example', null],
    ['shop.example:443', null],
    ['::1', null],
    ['10.0.0.1', '10.0.0.1'],
    [`${'a'.repeat(63)}.`.repeat(3) + 'a'.repeat(61), `${'a'.repeat(63)}.`.repeat(3) + 'a'.repeat(61)],
    [`${'a'.repeat(63)}.`.repeat(3) + 'a'.repeat(62), null],
  ];
  for (const [sent, told] of names) {
    it(`${JSON.stringify(sent).slice(0, 40)} is ${told === null ? 'none' : told.slice(0, 40)}`, () => {
      assert.deepEqual(clientHello(hello(sni(sent))), { kind: 'Hello', serverName: told, alpn: [] });
    });
  }
});

describe('octets that are no ClientHello', () => {
  const name = sni('shop.example');
  const list = Buffer.concat([Buffer.from([0]), vector(2, Buffer.from('a'))]);
  const cases: Readonly<Record<string, Buffer>> = {
    'a request in the clear': Buffer.from('G'),
    'another kind of record': Buffer.from([23]),
    'another major version': Buffer.from([22, 2]),
    'an empty record': Buffer.from([22, 3, 1, 0, 0]),
    'a record that is too long': Buffer.from([22, 3, 1, 0x40, 1]),
    'another message': Buffer.from([22, 3, 1, 0, 5, 2]),
    'a message that is too long': Buffer.from([22, 3, 1, 0, 9, 1, 1, 0, 0]),
    'a message behind it in its record': record(
      Buffer.concat([hello().subarray(5), Buffer.from([1, 0, 0, 0])]),
    ),
    'another record in its midst': Buffer.concat([record(Buffer.from([1, 0])), Buffer.from([20])]),
    'an empty message': record(message(Buffer.alloc(0))),
    'octets behind the extensions': record(
      message(Buffer.concat([beforeExtensions, vector(2, name), Buffer.from([0])])),
    ),
    'one octet of extensions': record(message(Buffer.concat([beforeExtensions, Buffer.from([0])]))),
    'an extension that ends early': hello(name.subarray(0, -1)),
    'half a head of an extension': hello(name, Buffer.from([0, 16, 0])),
    'two server name extensions': hello(name, name),
    'two protocol extensions': hello(alpn('h2'), alpn('h2')),
    'two server names': hello(extension(0, vector(2, Buffer.concat([list, list])))),
    'a server name of another type': hello(sni('shop.example', 1)),
    'no server name in its list': hello(extension(0, vector(2, Buffer.alloc(0)))),
    'octets behind the list of server names': hello(
      extension(0, Buffer.concat([vector(2, list), Buffer.alloc(1)])),
    ),
    'an empty list of protocols': hello(alpn()),
    'an empty protocol': hello(alpn('h2', '')),
    'a protocol that ends early': hello(extension(16, vector(2, Buffer.from([3, 104, 50])))),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    it(`(${what}) are not TLS`, () => assert.equal(clientHello(bytes), 'NotTls'));
  }

  it('are given up when they are cut into too many records', () => {
    const octets = (count: number) =>
      Buffer.concat([1, 0, 1, 0, ...Array(count).fill(0)].map((octet) => record(Buffer.from([octet]))));
    assert.equal(clientHello(octets(60)), 'Incomplete');
    assert.equal(clientHello(octets(61)), 'NotTls');
  });

  it('are given up when there are too many of them', () => {
    const long = hello(extension(21, Buffer.alloc(clientHelloBytesMax - 200)));
    assert.ok(long.length < clientHelloBytesMax);
    assert.notEqual(clientHello(long), 'NotTls');
    const pieces = Array.from({ length: 64 }, (_, at) =>
      record(long.subarray(5 + at * 256, 5 + at * 256 + 256)),
    );
    const dripped = Buffer.concat(pieces, clientHelloBytesMax);
    assert.equal(clientHello(dripped.subarray(0, -1)), 'Incomplete');
    assert.equal(clientHello(dripped), 'NotTls');
  });

  it('are never worse than that: any octets, and any one octet of a ClientHello changed', () => {
    const good = hello(sni('shop.example'), alpn('h2', 'http/1.1'));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.uint8Array(), (at, octet, tail) => {
        const changed = Buffer.concat([good, tail]);
        changed[at] = octet;
        const told = clientHello(changed);
        assert.ok(typeof told === 'string' || told.kind === 'Hello');
        assert.ok(typeof clientHello(Buffer.from(tail)) === 'string');
      }),
      { numRuns: 5_000 },
    );
  });

  it('that end early never tell what the whole would not', () => {
    const good = hello(sni('shop.example'), alpn('h2', 'http/1.1'));
    for (let length = 0; length < good.length; length += 1) {
      assert.equal(clientHello(good.subarray(0, length)), 'Incomplete');
    }
  });
});
