// Calls of gRPC as they travel: HTTP/2 on both sides, messages of either side at any time, status in trailers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import type { RespondHttp2 } from '#test/given/http2-backend.ts';
import type { GivenDataPlane } from '#test/given/data-plane.ts';

const mebibyte = Buffer.alloc(1024 * 1024, 'x');
const quarter = mebibyte.subarray(0, 262_144);
const call = { ':method': 'POST', ':path': '/a.B/C', 'content-type': 'application/grpc', te: 'trailers' };

const echo: RespondHttp2 = (stream) => {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }));
  stream.pipe(stream);
};

const answerUnlessHurried: RespondHttp2 = (stream, headers) => {
  if (headers['grpc-timeout'] === undefined) echo(stream, headers);
};

function aCallingPlane(port: number): Promise<GivenDataPlane> {
  return givenDataPlane([port], { cluster: { protocol: 'HTTP2' } });
}

it('a unary call brings its status in trailers', async () => {
  await using backend = await anHttp2Backend(echo);
  using dataPlane = await aCallingPlane(backend.port);
  using client = await anH2Client(dataPlane.port);
  const { status, body, trailers } = await client.ask({ headers: call, body: 'message' });
  assert.deepEqual([status, body.toString(), trailers?.['grpc-status']], [200, 'message', '0']);
  await eventually(() => dataPlane.records.length === 1);
  assert.deepEqual([dataPlane.records[0]?.grpcStatus, dataPlane.records[0]?.failure], [0, null]);
});

it('messages go both ways at any time', async () => {
  await using backend = await anHttp2Backend(echo);
  using dataPlane = await aCallingPlane(backend.port);
  using client = await anH2Client(dataPlane.port);
  const stream = client.begin(call);
  const answered = answerOf(stream);
  let received = '';
  stream.on('data', (data: Buffer) => (received += data.toString()));
  for (let count = 1; count <= 50; count += 1) {
    stream.write(`${count},`);
    const expected = `,${count},`;
    await eventually(() => `,${received}`.endsWith(expected));
  }
  stream.end();
  assert.equal((await answered).trailers?.['grpc-status'], '0');
});

it('an answer of trailers alone is one frame for the client, too', async () => {
  await using backend = await anHttp2Backend((stream) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' },
      { endStream: true },
    );
  });
  using dataPlane = await aCallingPlane(backend.port);
  using client = await anH2Client(dataPlane.port);
  const stream = client.begin(call);
  let flags = 0;
  stream.on('response', (_headers, seen) => (flags = seen));
  const { headers, trailers } = await answerOf(stream);
  assert.deepEqual([headers['grpc-status'], trailers, flags & 1], ['5', null, 1]);
  await eventually(() => dataPlane.records[0]?.grpcStatus === 5);
});

it('a call that is cancelled is cancelled at the backend, and others on the connection go on', async () => {
  const cancelled = Promise.withResolvers<number>();
  await using backend = await anHttp2Backend((stream, headers) => {
    if (headers['x-cancel'] === undefined) return echo(stream, headers);
    stream.respond({ ':status': 200 });
    stream.write('first');
    stream.on('close', () => cancelled.resolve(stream.rstCode ?? 0));
  });
  using dataPlane = await aCallingPlane(backend.port);
  using client = await anH2Client(dataPlane.port);
  const other = client.begin(call);
  const answered = answerOf(other);
  other.write('a');
  const stream = client.begin({ ...call, 'x-cancel': '1' });
  stream.on('error', () => {});
  await once(stream, 'data');
  stream.close(8);
  assert.equal(await cancelled.promise, 8);
  other.end('b');
  assert.equal((await answered).body.toString(), 'ab');
  assert.equal(backend.connections(), 1);
});

it('a call that takes longer than it may ends with its status', async () => {
  await using backend = await anHttp2Backend(() => {});
  using dataPlane = await aCallingPlane(backend.port);
  using client = await anH2Client(dataPlane.port);
  const { status, headers } = await answerOf(
    client.begin({ ...call, 'grpc-timeout': '50m' }, { endStream: true }),
  );
  assert.deepEqual([status, headers['grpc-status']], [200, '4']);
});

it('a call that its client gave too little time says nothing of the backend', async () => {
  await using one = await anHttp2Backend(answerUnlessHurried);
  await using two = await anHttp2Backend(answerUnlessHurried);
  using dataPlane = await givenDataPlane([one.port, two.port], { cluster: { protocol: 'HTTP2' } });
  using client = await anH2Client(dataPlane.port);
  for (let asked = 0; asked < 24; asked += 1) {
    await answerOf(client.begin({ ...call, 'grpc-timeout': '1m' }, { endStream: true }));
  }
  assert.ok(dataPlane.records.every(({ failure }) => failure?.kind === 'CallTimedOut'));
  const before = [one.seen.length, two.seen.length];
  for (let asked = 0; asked < 4; asked += 1) await client.ask({ headers: call, body: 'x' });
  assert.deepEqual([one.seen.length - (before[0] ?? 0), two.seen.length - (before[1] ?? 0)], [2, 2]);
});

it('content goes both ways on a hundred streams of two connections', async () => {
  await using backend = await anHttp2Backend(echo);
  using dataPlane = await aCallingPlane(backend.port);
  using client = await anH2Client(dataPlane.port);
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => client.ask({ headers: call, body: quarter })),
  );
  assert(answers.every(({ body, trailers }) => body.equals(quarter) && trailers?.['grpc-status'] === '0'));
});

it('a client that takes nothing holds back the backend, stream by stream', async () => {
  let written = 0;
  await using backend = await anHttp2Backend((stream, headers) => {
    stream.respond({ ':status': 200 });
    if (headers['x-short'] !== undefined) return void stream.end('short');
    const more = (): void => {
      while (written < 64 * mebibyte.length) {
        written += 65_536;
        if (!stream.write(mebibyte.subarray(0, 65_536))) return void stream.once('drain', more);
      }
      stream.end();
    };
    more();
  });
  using dataPlane = await aCallingPlane(backend.port);
  using client = await anH2Client(dataPlane.port);
  const stream = client.begin(call);
  await once(stream, 'response');
  let before = -1;
  await eventually(() => {
    const isStill = written === before;
    before = written;
    return isStill && written > 0;
  });
  assert(written < 4 * mebibyte.length, `${written} octets of the backend were read`);
  assert.equal((await client.ask({ headers: { ...call, 'x-short': '1' } })).body.toString(), 'short');
  let received = 0;
  stream.on('data', (data: Buffer) => (received += data.length));
  await once(stream, 'end');
  assert.equal(received, 64 * mebibyte.length);
});
