// What a peer may do wrong, and what it costs: the stream (RST_STREAM) or the connection (GOAWAY), by RFC 9113.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '#dataplane/h2/error-code.ts';
import {
  block,
  endHeaders,
  endStream,
  frame,
  number,
  padded,
  preface,
  priority,
  request,
  requestBlock,
  settings,
  types,
} from '#test/given/h2-frames.ts';
import { GivenSession } from '#test/given/h2-session.ts';

const { protocolError, flowControlError, streamClosed, compressionError, enhanceYourCalm } = errorCodes;
const data = (id: number, octets: number, flags = 0): Buffer =>
  frame(types.data, flags, id, Buffer.alloc(octets));
const head = (id: number, flags: number, ...fields: [string, string][]): Buffer =>
  request(id, flags, requestBlock('GET', '/', ...fields));

/** Faults of the connection; after the preface and SETTINGS unless these are part of the case. */
const connectionFaults: Record<string, readonly [code: number, ...frames: Buffer[]]> = {
  'DATA of a stream that nobody opened': [protocolError, data(1, 1)],
  'RST_STREAM of a stream that nobody opened': [protocolError, frame(types.reset, 0, 1, number(0))],
  'WINDOW_UPDATE of a stream that nobody opened': [protocolError, frame(types.window, 0, 1, number(1))],
  'HEADERS on an even stream': [protocolError, request(2)],
  'a stream below the last one': [protocolError, request(5), request(3)],
  'PRIORITY of a stream on itself': [protocolError, frame(types.priority, 0, 7, '\0\0\0\x07\0')],
  'WINDOW_UPDATE of 0 for the connection': [protocolError, frame(types.window, 0, 0, number(0))],
  'a window of the connection beyond the maximum': [
    flowControlError,
    frame(types.window, 0, 0, number(0x7fff_ffff)),
  ],
  'windows of streams beyond the maximum by SETTINGS': [
    flowControlError,
    request(1),
    frame(types.window, 0, 1, number(0x7fff_ffff - 65_535)),
    settings([4, 65_536]),
  ],
  'SETTINGS_INITIAL_WINDOW_SIZE beyond the maximum': [flowControlError, settings([4, 0x8000_0000])],
  'SETTINGS_ENABLE_PUSH of 2': [protocolError, settings([2, 2])],
  'SETTINGS_MAX_FRAME_SIZE below the least': [protocolError, settings([5, 16_383])],
  PUSH_PROMISE: [protocolError, request(1), frame(types.pushPromise, endHeaders, 1, number(2))],
  'a header block that cannot be decoded': [compressionError, request(1, endStream, Buffer.of(0xff, 0xff))],
  'trailers that cannot be decoded': [compressionError, request(1, 0), request(1, 1, Buffer.of(0x80))],
  'more padding than frame': [protocolError, request(1, 0), frame(types.data, padded, 1, Buffer.of(1))],
  'a header block that another frame interrupts': [
    protocolError,
    frame(types.headers, 0, 1, requestBlock('GET', '/')),
    request(3),
  ],
  'CONTINUATION of nothing': [protocolError, frame(types.continuation, endHeaders, 1)],
};

for (const [name, [code, ...frames]] of Object.entries(connectionFaults)) {
  test(`${name} ends the connection`, () => {
    const given = new GivenSession();
    given.receive(...frames, frame(types.ping, 0, 0, '12345678'));
    const last = given.frames().at(-1);
    assert.equal(last?.type, types.goAway);
    assert.equal(last.payload.readUInt32BE(4), code);
    assert.equal(given.fault?.code, code);
    for (const stream of given.streams) assert.match(stream.events.at(-1) ?? '', /^reset/);
  });
}

test('HEADERS of a stream that both sides have ended end the connection', () => {
  const given = new GivenSession();
  given.receive(request(1));
  given.last.stream.head(Buffer.of(0x88), true);
  given.receive(request(1));
  assert.equal(given.fault?.code, streamClosed);
});

test('a connection that does not begin with the preface and SETTINGS ends', () => {
  for (const octets of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', Buffer.concat([preface, request(1)])]) {
    const given = new GivenSession({}, false);
    given.receive(Buffer.from(octets));
    assert.equal(given.fault?.code, protocolError);
    assert.equal(given.streams.length, 0);
  }
});

/** Faults of a stream; the connection lives on. */
const streamFaults: Record<string, readonly [code: number, ...frames: Buffer[]]> = {
  'WINDOW_UPDATE of 0': [protocolError, request(1), frame(types.window, 0, 1, number(0))],
  'a window beyond the maximum': [
    flowControlError,
    request(1),
    frame(types.window, 0, 1, number(0x7fff_ffff)),
  ],
  'DATA behind the end': [streamClosed, request(1), data(1, 1)],
  'HEADERS behind the end': [streamClosed, request(1), head(1, endStream)],
  'more content than its window': [
    flowControlError,
    request(1, 0),
    ...Array<Buffer>(5).fill(data(1, 16_000)),
  ],
  'trailers that are not the end': [protocolError, request(1, 0), request(1, 0, block(['a', 'b']))],
  'trailers with a pseudo field': [
    protocolError,
    request(1, 0),
    request(1, endStream, block([':path', '/'])),
  ],
  'HEADERS of a stream on itself': [
    protocolError,
    frame(
      types.headers,
      endStream | endHeaders | priority,
      1,
      Buffer.concat([Buffer.of(0, 0, 0, 1, 0), requestBlock('GET', '/')]),
    ),
  ],
  'a field in upper case': [protocolError, head(1, endStream, ['X-Y', 'z'])],
  'a line end in a value': [protocolError, head(1, endStream, ['x', 'y\r\nz: 1'])],
  'a field of a connection': [protocolError, head(1, endStream, ['transfer-encoding', 'chunked'])],
  'a path without a slash': [protocolError, request(1, endStream, requestBlock('GET', 'admin'))],
};

for (const [name, [code, ...frames]] of Object.entries(streamFaults)) {
  test(`${name} ends the stream, and only the stream`, () => {
    const given = new GivenSession();
    given.credits = false;
    given.receive(...frames);
    const resets = given.frames().filter(({ type }) => type === types.reset);
    assert.deepEqual(
      resets.map(({ stream, payload }) => [stream, payload.readUInt32BE(0)]),
      [[1, code]],
    );
    assert.equal(given.rejected.length + given.streams.length, 1);
    for (const stream of given.streams) {
      assert.equal(stream.events.at(-1), `reset ${code}`);
      assert.equal(stream.isClosed, true);
    }
    assert.equal(given.session.openStreams, 0);
    given.receive(request(3));
    assert.equal(given.last.stream.id, 3);
    assert.equal(given.fault, null);
  });
}

test('a stream above the limit is refused, and its content ignored', () => {
  const given = new GivenSession({ streamsMax: 1 });
  given.receive(request(1, 0), request(3, 0), data(3, 1000));
  assert.equal(given.streams.length, 1);
  const [refusal] = given.frames();
  assert.deepEqual([refusal?.stream, refusal?.payload.readUInt32BE(0)], [3, errorCodes.refusedStream]);
});

test('content past what a stream that was reset could have sent is answered, and paid for', () => {
  const given = new GivenSession();
  given.receive(request(1, 0));
  given.last.stream.reset(errorCodes.cancel);
  given.frames();
  for (let octets = 0; octets < 65_536; octets += 16_384) given.receive(data(1, 16_384));
  assert.deepEqual(given.frames(), []);
  for (let count = 0; count < 201 && given.fault === null; count += 1) given.receive(data(1, 1));
  assert.equal(given.fault?.code, enhanceYourCalm);
});

/** A frame, or some, that a flood is made of; `at` counts them. */
const floods: Record<string, (at: number) => readonly Buffer[]> = {
  'requests that are reset at once': (at) => [
    request(at * 2 + 1),
    frame(types.reset, 0, at * 2 + 1, number(errorCodes.cancel)),
  ],
  'requests that we have to reset': (at) => [
    request(at * 2 + 1, 0),
    frame(types.window, 0, at * 2 + 1, number(0)),
  ],
  'malformed requests': (at) => [head(at * 2 + 1, endStream, ['A', 'b'])],
  'requests above the limit': (at) => [request(at * 2 + 1, 0)],
  'late frames': (at) => (at === 0 ? [request(1)] : [data(1, 0, endStream)]),
  PING: () => [frame(types.ping, 0, 0, '12345678')],
  'acknowledged PING': () => [frame(types.ping, endStream, 0, '12345678')],
  SETTINGS: () => [settings()],
  PRIORITY: () => [frame(types.priority, 0, 1, '\0\0\0\x03\0')],
  'DATA without octets': (at) => [...(at === 0 ? [request(1, 0)] : []), data(1, 0)],
  'padding alone': (at) => [
    ...(at === 0 ? [request(1, 0)] : []),
    frame(types.data, padded, 1, Buffer.of(1, 0)),
  ],
  WINDOW_UPDATE: () => [frame(types.window, 0, 0, number(1))],
  'unknown frames': () => [frame(0xf0, 0, 0)],
};

for (const [name, made] of Object.entries(floods)) {
  test(`a flood of ${name} ends the connection, and what may be done for long does not`, () => {
    const given = new GivenSession();
    const flood = (from: number, count: number, msBetween: number): number => {
      for (let at = from; at < from + count && given.fault === null; at += 1) {
        given.nowMs += msBetween;
        given.receive(...made(at));
        given.frames();
      }
      return from + count;
    };
    const next = flood(0, 3000, 11);
    assert.equal(given.fault, null);
    flood(next, 20_000, 0);
    assert.equal((given as { fault: { code: number } | null }).fault?.code, enhanceYourCalm);
  });
}

test('CONTINUATION without end, and one field many times, end the connection or the request', () => {
  const endless = new GivenSession();
  endless.receive(frame(types.headers, 0, 1, requestBlock('GET', '/')));
  for (let at = 0; at < 20; at += 1) endless.receive(frame(types.continuation, 0, 1));
  assert.equal(endless.fault?.code, enhanceYourCalm);
  const large = new GivenSession();
  large.receive(frame(types.headers, 0, 1, Buffer.alloc(16_384)));
  for (let at = 0; at < 2; at += 1) large.receive(frame(types.continuation, 0, 1, Buffer.alloc(16_384)));
  large.receive(frame(types.continuation, 0, 1, Buffer.alloc(16_384)));
  assert.equal(large.fault?.code, enhanceYourCalm);
  const tooLarge = new GivenSession();
  const octets = requestBlock('GET', '/', ['x', 'y'.repeat(40_000)]);
  tooLarge.receive(frame(types.headers, endStream, 1, octets.subarray(0, 16_384)));
  tooLarge.receive(frame(types.continuation, 0, 1, octets.subarray(16_384, 32_768)));
  tooLarge.receive(frame(types.continuation, endHeaders, 1, octets.subarray(32_768)));
  assert.equal(tooLarge.last.head, 'TooLarge');
  const bomb = new GivenSession();
  bomb.receive(request(1, endStream, Buffer.concat([requestBlock('GET', '/'), Buffer.alloc(500, 0xbe)])));
  assert.equal(bomb.fault?.code, compressionError);
  const many = new GivenSession();
  const named = Buffer.concat([Buffer.of(0x40, 1, 0x61, 1, 0x62), Buffer.alloc(500, 0xbe)]);
  many.receive(request(1, endStream, Buffer.concat([requestBlock('GET', '/'), named])));
  assert.equal(many.last.head, 'TooLarge');
});

test('WINDOW_UPDATEs and PINGs that follow what we send are free', () => {
  const given = new GivenSession();
  given.receive(request(1));
  given.last.stream.head(Buffer.of(0x88), false);
  for (let at = 0; at < 5000; at += 1) {
    given.last.stream.data(Buffer.alloc(100));
    given.receive(
      frame(types.window, 0, 1, number(100)),
      frame(types.window, 0, 0, number(100)),
      frame(types.ping, 0, 0, '12345678'),
    );
    given.frames();
  }
  assert.equal(given.fault, null);
});
