// HTTP/2 that would become other HTTP/1.1 than it was decided on (RFC 9113 sections 8.2, 8.3, 10.3; H2.CL, H2.TE,
// CVE-2026-33186): each is reset or refused, and the backend sees nothing of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { block, endStream, frame, request, requestBlock, types } from '#test/given/h2-frames.ts';
import { aRawH2Client } from '#test/given/h2-raw-client.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';

type Field = readonly [name: string, value: string];

const pseudo = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'a.test' };

/** A block whose pseudo fields are as usual but for `changes`; null leaves one out. */
function changed(changes: Readonly<Record<string, string | null>>, ...more: readonly Field[]): Buffer {
  const fields = Object.entries({ ...pseudo, ...changes }).filter(
    (field): field is [string, string] => field[1] !== null,
  );
  return block(...fields, ...more);
}

const smuggled = 'x\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test';

/** Heads that are whole requests; `post` has content. */
const heads: Record<string, Buffer> = {
  'a line end in a value': changed({}, ['x', smuggled]),
  'a bare LF in a value': changed({}, ['x', 'y\nz: 1']),
  'a bare CR in a value': changed({}, ['x', 'y\rz: 1']),
  'NUL in a value': changed({}, ['x', 'y\0z']),
  'space around a value': changed({}, ['x', ' y']),
  'a line end in a name': changed({}, ['x: y\r\nz', '1']),
  'a colon in a name': changed({}, ['transfer-encoding: chunked\r\nx', '1']),
  'a space behind a name': changed({}, ['content-length ', '5']),
  'an empty name': changed({}, ['', 'x']),
  'a name in upper case': changed({}, ['Host', 'b.test']),
  'an underscore in a name': changed({}, ['content_length', '5']),
  'transfer-encoding': changed({}, ['transfer-encoding', 'chunked']),
  connection: changed({}, ['connection', 'x-forwarded-for']),
  'keep-alive': changed({}, ['keep-alive', 'timeout=5']),
  'proxy-connection': changed({}, ['proxy-connection', 'close']),
  upgrade: changed({}, ['upgrade', 'websocket']),
  'te: gzip': changed({}, ['te', 'gzip']),
  'content-length twice': changed({}, ['content-length', '0'], ['content-length', '0']),
  'content-length of a list': changed({}, ['content-length', '0, 0']),
  'content-length with a sign': changed({}, ['content-length', '+0']),
  'content-length without content': changed({}, ['content-length', '5']),
  'a line end in :path': changed({ ':path': '/ HTTP/1.1\r\nx: y' }),
  'a space in :path': changed({ ':path': '/a b' }),
  ':path without a slash': changed({ ':path': 'admin' }),
  ':path that is empty': changed({ ':path': '' }),
  ':path in absolute form': changed({ ':path': 'http://b.test/' }),
  ':path * for GET': changed({ ':path': '*' }),
  ':path with a fragment': changed({ ':path': '/a#b' }),
  ':path with an escaped slash': changed({ ':path': '/a%2f..%2fadmin' }),
  'a line end in :method': changed({ ':method': 'GET / HTTP/1.1\r\nx: y' }),
  'a space in :method': changed({ ':method': 'GET /admin HTTP/1.1' }),
  ':method that is empty': changed({ ':method': '' }),
  'a line end in :scheme': changed({ ':scheme': 'http\r\nx: y' }),
  ':scheme of another protocol': changed({ ':scheme': 'ftp' }),
  'a line end in :authority': changed({ ':authority': 'a.test\r\nx: y' }),
  'a user in :authority': changed({ ':authority': 'a@b.test' }),
  'a path in :authority': changed({ ':authority': 'a.test/admin' }),
  'two hosts in :authority': changed({ ':authority': 'a.test, b.test' }),
  'Host that differs': changed({}, ['host', 'b.test']),
  'two Hosts': changed({ ':authority': null }, ['host', 'a.test'], ['host', 'a.test']),
  'no authority at all': changed({ ':authority': null }),
  'no :path': changed({ ':path': null }),
  'no :method': changed({ ':method': null }),
  'no :scheme': changed({ ':scheme': null }),
  'a pseudo field behind others': block(...Object.entries(pseudo).slice(1), ['x', 'y'], [':method', 'GET']),
  'a pseudo field twice': block(...Object.entries(pseudo), [':path', '/admin']),
  'a pseudo field that nobody knows': changed({ ':x': 'y' }),
  ':status': changed({ ':status': '200' }),
  ':protocol without CONNECT': changed({ ':protocol': 'websocket' }),
  'CONNECT to anywhere': block([':method', 'CONNECT'], [':authority', 'a.test:22']),
  'CONNECT for what is no WebSocket': changed({ ':method': 'CONNECT', ':protocol': 'connect-udp' }),
  TRACE: changed({ ':method': 'TRACE' }),
  PRI: changed({ ':method': 'PRI', ':path': '*' }),
};

/** Content that is not as long as was said, and trailers that are no trailers. */
const contents: Record<string, readonly Buffer[]> = {
  'more content than was said': [
    request(1, 0, requestBlock('POST', '/', ['content-length', '5'])),
    frame(types.data, endStream, 1, 'hello, GET /smuggled HTTP/1.1\r\n\r\n'),
  ],
  'less content than was said': [
    request(1, 0, requestBlock('POST', '/', ['content-length', '50'])),
    frame(types.data, endStream, 1, 'hello'),
  ],
  'content that was said to be none': [
    request(1, 0, requestBlock('POST', '/', ['content-length', '0'])),
    frame(types.data, endStream, 1, 'GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n'),
  ],
  'trailers with a line end': [
    request(1, 0, requestBlock('POST', '/')),
    request(1, endStream, block(['x', smuggled])),
  ],
  'trailers with a pseudo field': [
    request(1, 0, requestBlock('POST', '/')),
    request(1, endStream, block([':path', '/smuggled'])),
  ],
  'trailers with an underscore': [
    request(1, 0, requestBlock('POST', '/', ['content-length', '5'])),
    frame(types.data, 0, 1, 'hello'),
    request(1, endStream, block(['x_user', 'admin'])),
  ],
  'trailers with transfer-encoding': [
    request(1, 0, requestBlock('POST', '/')),
    request(1, endStream, block(['transfer-encoding', 'chunked'])),
  ],
};

describe('what would be other HTTP/1.1', () => {
  for (const [name, head] of Object.entries(heads)) {
    it(`by ${name} is reset or refused`, () => isRefused([request(1, endStream, head)]));
  }
  for (const [name, frames] of Object.entries(contents)) {
    it(`by ${name} comes to no whole request`, () => isRefused(frames));
  }
});

async function isRefused(frames: readonly Buffer[]): Promise<void> {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await aRawH2Client(dataPlane.port);
  client.send(...frames);
  const seen = await client.until((all) =>
    all.some(
      ({ type, stream, flags }) =>
        (type === types.reset && stream === 1) ||
        (type === types.headers && stream === 1 && (flags & endStream) !== 0) ||
        (type === types.data && stream === 1 && (flags & endStream) !== 0),
    ),
  );
  const head = seen.find(({ type, stream }) => type === types.headers && stream === 1);
  // an answer's first octet is its status: an indexed one of the 4xx, or a literal one
  if (head !== undefined) assert.match(head.payload.toString('hex'), /^(?:8c|8d|08|48)/);
  await eventually(() => dataPlane.records.length === 1);
  const status = dataPlane.records[0]?.status ?? 200;
  assert(status === 0 || (status >= 400 && status < 500) || status === 501, `status ${status}`);
  // the connection goes on, and what it asks next is what the backend sees first
  client.send(request(3, endStream, requestBlock('GET', '/next')));
  await backend.untilSeen(1);
  assert.deepEqual(
    backend.seen.map(({ requestLine }) => requestLine),
    ['GET /next HTTP/1.1'],
  );
}

it('trailers are never fields', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await aRawH2Client(dataPlane.port);
  const evil: readonly Field[] = ['host', 'authorization', 'content-length', 'x-forwarded-for', 'te'].map(
    (name) => [name, name === 'content-length' ? '5' : name === 'te' ? 'trailers' : 'evil'],
  );
  client.send(
    request(1, 0, requestBlock('POST', '/')),
    frame(types.data, 0, 1, 'hello'),
    request(1, endStream, block(...evil, ['x-sum', '1'])),
  );
  await backend.untilSeen(1);
  const [seen] = backend.seen;
  assert.equal(seen?.body, 'hello');
  assert.doesNotMatch(seen?.head ?? '', /evil|content-length/i);
  assert.doesNotMatch(seen?.trailers ?? '', /host|authorization|content-length|forwarded/i);
});
