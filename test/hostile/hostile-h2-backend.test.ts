// RFC 9113 seen from a client: whatever a backend sends by HTTP/2, its client gets a whole answer, a 502 or a cut one,
// and clients whose requests share the connection, or come after, get nothing of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { eventually } from '../given/eventually.ts';
import { block, endHeaders, endStream, frame, number, padded, settings, types } from '../given/h2-frames.ts';
import { aRawH2Backend } from '../given/h2-raw-backend.ts';
import { aRawClient, readAnswers } from '../given/raw-client.ts';
import type { Socket } from 'node:net';

const cluster = { protocol: 'HTTP2' } as const;
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';
const wholeHead = endHeaders | endStream;

type Lines = readonly (readonly [name: string, value: string])[];

function head(stream: number, flags: number, ...fields: Lines): Buffer {
  return frame(types.headers, flags, stream, block(...fields));
}

function good(stream: number): Buffer {
  return Buffer.concat([
    head(stream, endHeaders, [':status', '200'], ['content-length', '2']),
    frame(types.data, endStream, stream, 'ok'),
  ]);
}

interface Result {
  readonly first: string;
  readonly failure: string | undefined;
}

/** One POST, which the backend answers so; then another client's, which it answers well. */
async function meets(answer: (stream: number, socket: Socket) => Buffer | null): Promise<Result> {
  let isFirst = true;
  await using backend = await aRawH2Backend((stream, socket) => {
    const isEvil = isFirst;
    isFirst = false;
    return isEvil ? answer(stream, socket) : good(stream);
  });
  using dataPlane = await givenDataPlane([backend.port], { cluster });
  using client = await aRawClient(dataPlane.port);
  client.send(post);
  await eventually(() => dataPlane.records.length === 1);
  await client.until((received) => received !== '' || client.socket.readableEnded);
  using next = await aRawClient(dataPlane.port);
  next.send(post);
  const received = await next.until((octets) => octets.endsWith('ok'));
  assert.doesNotMatch(received, /evil/iu);
  assert.equal(readAnswers(received).answers[0]?.status, 200);
  assert.equal(dataPlane.cluster.breaker.held('Request'), 0);
  return { first: client.received(), failure: dataPlane.records[0]?.failure?.kind };
}

describe('an answer by HTTP/2 that is not one becomes a 502', () => {
  const cases: readonly (readonly [name: string, answer: (stream: number, socket: Socket) => Buffer])[] = [
    ['no status', (stream) => head(stream, wholeHead, ['x-evil', '1'])],
    ['two statuses', (stream) => head(stream, wholeHead, [':status', '200'], [':status', '200'])],
    ['a status of two digits', (stream) => head(stream, wholeHead, [':status', '20'])],
    ['a status of no class', (stream) => head(stream, wholeHead, [':status', '600'])],
    ['status 101', (stream) => head(stream, wholeHead, [':status', '101'])],
    ['a status behind a field', (stream) => head(stream, wholeHead, ['x-evil', '1'], [':status', '200'])],
    ['fields of a request', (stream) => head(stream, wholeHead, [':status', '200'], [':path', '/evil'])],
    ['a name in upper case', (stream) => head(stream, wholeHead, [':status', '200'], ['X-Evil', '1'])],
    [
      'a line end in a value',
      (stream) => head(stream, wholeHead, [':status', '200'], ['x', 'a\r\nx-evil: 1']),
    ],
    ['NUL in a value', (stream) => head(stream, wholeHead, [':status', '200'], ['x', 'a\0'])],
    ['a connection field', (stream) => head(stream, wholeHead, [':status', '200'], ['connection', 'x-evil'])],
    ['chunks', (stream) => head(stream, wholeHead, [':status', '200'], ['transfer-encoding', 'chunked'])],
    ['content before a head', (stream) => frame(types.data, endStream, stream, 'evil')],
    [
      'a broken table',
      (stream) => frame(types.headers, wholeHead, stream, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])),
    ],
    [
      'more padding than frame',
      (stream) => frame(types.headers, wholeHead | padded, stream, Buffer.of(200, 0x88)),
    ],
    ['a stream that nobody opened', () => head(99, wholeHead, [':status', '200'])],
    ['a stream of its own', () => head(2, wholeHead, [':status', '200'])],
    [
      'a push',
      (stream) =>
        frame(types.pushPromise, endHeaders, stream, Buffer.concat([number(2), block([':method', 'GET'])])),
    ],
    ['a frame too long', (stream) => frame(types.data, 0, stream, Buffer.alloc(16_385))],
    ['SETTINGS on a stream', (stream) => frame(types.settings, 0, stream)],
    ['a window of nothing', () => frame(types.window, 0, 0, number(0))],
    [
      'a head too large',
      (stream) =>
        head(
          stream,
          wholeHead,
          [':status', '200'],
          ...Array.from({ length: 9 }, () => ['x', 'y'.repeat(9_000)] as const),
        ),
    ],
    [
      'too many fields',
      (stream) =>
        head(
          stream,
          wholeHead,
          [':status', '200'],
          ...Array.from({ length: 201 }, () => ['x', 'y'] as const),
        ),
    ],
    [
      'interim answers without end',
      (stream) =>
        Buffer.concat(Array.from({ length: 30 }, () => head(stream, endHeaders, [':status', '103']))),
    ],
    ['an interim answer as the last', (stream) => head(stream, wholeHead, [':status', '103'])],
    [
      'no content where some was announced',
      (stream) => head(stream, wholeHead, [':status', '200'], ['content-length', '4']),
    ],
    ['a reset', (stream) => frame(types.reset, 0, stream, number(2))],
    [
      'a farewell, and no more',
      (stream, socket) => {
        setImmediate(() => socket.end());
        return frame(types.goAway, 0, 0, Buffer.concat([number(stream), number(2)]));
      },
    ],
  ];
  for (const [name, answer] of cases) {
    it(name, async () => {
      const result = await meets(answer);
      const last = readAnswers(result.first).answers.at(-1);
      assert.equal(last?.status, 502);
      assert.doesNotMatch(result.first, /evil/iu);
      assert.ok(
        result.failure === 'MalformedResponse' || result.failure === 'BackendClosed',
        `${result.failure}`,
      );
    });
  }
});

describe('an answer by HTTP/2 that breaks off cuts its client off', () => {
  const begin = (stream: number, length: string): Buffer =>
    head(stream, endHeaders, [':status', '200'], ['content-length', length]);
  const cases: readonly (readonly [name: string, answer: (stream: number) => Buffer])[] = [
    [
      'shorter than announced',
      (stream) => Buffer.concat([begin(stream, '9'), frame(types.data, endStream, stream, 'half')]),
    ],
    [
      'longer than announced',
      (stream) => Buffer.concat([begin(stream, '4'), frame(types.data, endStream, stream, 'halfevil')]),
    ],
    [
      'with trailers that have a status',
      (stream) =>
        Buffer.concat([
          begin(stream, '9'),
          frame(types.data, 0, stream, 'half'),
          head(stream, wholeHead, [':status', '200']),
        ]),
    ],
    [
      'with a second head',
      (stream) =>
        Buffer.concat([
          begin(stream, '9'),
          frame(types.data, 0, stream, 'half'),
          head(stream, endHeaders, ['x-evil', '1']),
        ]),
    ],
    [
      'by a reset',
      (stream) =>
        Buffer.concat([
          begin(stream, '9'),
          frame(types.data, 0, stream, 'half'),
          frame(types.reset, 0, stream, number(8)),
        ]),
    ],
  ];
  for (const [name, answer] of cases) {
    it(name, async () => {
      const result = await meets(answer);
      assert.ok(
        result.failure === 'MalformedResponse' || result.failure === 'BackendClosed',
        `${result.failure}`,
      );
      assert.doesNotMatch(result.first, /evil/iu);
    });
  }
});

describe('what shares a connection with a hostile answer', () => {
  it('goes on when that costs its stream alone', async () => {
    const streams: number[] = [];
    let socket: Socket | null = null;
    await using backend = await aRawH2Backend((stream, from) => {
      streams.push(stream);
      socket = from;
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using one = await aRawClient(dataPlane.port);
    using two = await aRawClient(dataPlane.port);
    one.send(post);
    two.send(post);
    await eventually(() => streams.length === 2);
    const [first = 0, second = 0] = streams;
    (socket as Socket | null)?.write(head(first, wholeHead, [':status', '200'], ['X-Evil', '1']));
    await eventually(() => dataPlane.records.length === 1);
    (socket as Socket | null)?.write(good(second));
    await eventually(() => dataPlane.records.length === 2);
    assert.deepEqual(
      dataPlane.records.map(({ status }) => status),
      [502, 200],
    );
    assert.equal(backend.connections(), 1);
  });

  it('is told when the connection ends, and repeated where it may be', async () => {
    await using backend = await aRawH2Backend((stream, socket) => {
      if (backend.connections() > 1) return good(stream);
      if (backend.seen.length === 3) socket.write('this is no frame at all');
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    const clients = await Promise.all(Array.from({ length: 3 }, () => aRawClient(dataPlane.port)));
    for (const client of clients)
      client.send(post.replace('POST', 'GET').replace('Content-Length: 0\r\n', ''));
    for (const client of clients) await client.until((received) => received.endsWith('ok'));
    for (const client of clients) client[Symbol.dispose]();
  });
});

describe('a connection that never becomes one of HTTP/2', () => {
  const cases: readonly (readonly [name: string, greeting: Buffer])[] = [
    ['an answer by HTTP/1.1', Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')],
    ['something other than SETTINGS', frame(types.ping, 0, 0, Buffer.alloc(8))],
    ['half a frame', settings().subarray(0, 5)],
    ['SETTINGS that are none', settings([4, 0x8000_0000])],
    ['nothing', Buffer.alloc(0)],
  ];
  for (const [name, greeting] of cases) {
    it(`but begins with ${name} gets no request`, async () => {
      await using backend = await aRawH2Backend(good, greeting);
      const connections = { ...clusterDefaults.connections, connectTimeoutMs: 100 };
      using dataPlane = await givenDataPlane([backend.port], {
        upstreamLimits: { sweepMs: 10 },
        cluster: { ...cluster, connections },
      });
      using client = await aRawClient(dataPlane.port);
      client.send(post);
      await client.until((received) => received.startsWith('HTTP/1.1 503 '));
      assert.equal(backend.seen.length, 0);
      await eventually(() => dataPlane.cluster.breaker.held('Connection') === 0);
    });
  }
});
