import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '#dataplane/h2/error-code.ts';
import { HpackEncoder } from '#dataplane/h2/hpack-encoder.ts';
import { block, endStream, frame, number, padded, request, requestBlock } from '#test/given/h2-frames.ts';
import { ack, preface, settings, types } from '#test/given/h2-frames.ts';
import { GivenSession } from '#test/given/h2-session.ts';
import type { SeenFrame } from '#test/given/h2-frames.ts';

const answerHead = ((): Buffer => {
  const encoder = new HpackEncoder();
  encoder.status(200);
  return encoder.take();
})();

function told(frames: readonly SeenFrame[]): string[] {
  return frames.map(({ type, flags, stream, payload }) => {
    const name = Object.entries(types).find(([, number]) => number === type)?.[0] ?? String(type);
    const isCode = type === types.reset || type === types.window;
    const detail = isCode ? payload.readUInt32BE(0) : payload.length;
    return `${name} ${stream} ${detail}${(flags & endStream) === 0 ? '' : ' end'}`;
  });
}

test('a session begins with its settings and the window of the connection', () => {
  const given = new GivenSession({}, false);
  const [first, second] = given.frames();
  assert.equal(first?.type, types.settings);
  assert.equal(first.payload.toString('hex'), '000300000064000400010000000600008000000800000001');
  assert.deepEqual(told(second === undefined ? [] : [second]), [`window 0 ${1_048_576 - 65_535}`]);
});

test('settings and pings are acknowledged, in one batch with what else a read brought', () => {
  const given = new GivenSession({}, false);
  given.frames();
  given.receive(preface, settings(), frame(types.ping, 0, 0, '12345678'));
  const [first, second] = given.frames();
  assert.deepEqual([first?.type, first?.flags, second?.type, second?.flags], [4, ack, 6, ack]);
  assert.equal(second?.payload.toString(), '12345678');
});

test('a request without content is told with its end', () => {
  const given = new GivenSession();
  given.receive(request(1, endStream, requestBlock('GET', '/a?b', ['x-y', 'z'])));
  const { head, ended } = given.last;
  assert(head !== null && head !== 'TooLarge');
  assert.deepEqual(
    [head.pseudo.method, head.pseudo.path, head.pseudo.authority, head.fields.get('x-y'), ended],
    ['GET', '/a?b', 'a.test', 'z', true],
  );
});

test('content, its end, and that a read is over, are told in order; trailers too', () => {
  const given = new GivenSession();
  given.receive(request(1, 0), frame(types.data, 0, 1, 'abc'), frame(types.data, endStream, 1, 'de'));
  assert.deepEqual(given.last.events, ['data 3', 'data 2', 'end', 'flush']);
  given.receive(request(3, 0), frame(types.data, 0, 3, 'abc'));
  given.receive(request(3, endStream, block(['grpc-status', '0'])));
  assert.deepEqual(given.last.events, ['data 3', 'flush', 'end grpc-status']);
});

test('padding is dropped, counts for the windows, and is given back at once', () => {
  const given = new GivenSession();
  given.credits = false;
  given.receive(request(1, 0));
  const withPadding = Buffer.concat([Buffer.of(200), Buffer.from('ab'), Buffer.alloc(200)]);
  for (let at = 0; at < 200; at += 1) given.receive(frame(types.data, padded, 1, withPadding));
  assert.equal(given.last.data, 'ab'.repeat(200));
  assert.equal(given.fault, null);
  assert.deepEqual(
    told(given.frames()).map((line) => line.replace(/\d+$/, '')),
    ['window 1 '],
  );
});

test('an answer is a head, data and an end', () => {
  const given = new GivenSession();
  given.receive(request(1));
  const { stream } = given.last;
  stream.head(answerHead, false);
  assert.equal(stream.data(Buffer.from('abc')), true);
  stream.end(null);
  assert.deepEqual(told(given.frames()), ['headers 1 1', 'data 1 3 end']);
  assert.equal(given.session.openStreams, 0);
});

test('an end is a frame of its own when the last frame is not of its stream, or has gone', () => {
  const given = new GivenSession();
  given.receive(request(1), request(3));
  const [first, second] = given.streams;
  first?.stream.data(Buffer.from('a'));
  second?.stream.data(Buffer.from('b'));
  first?.stream.end(null);
  assert.deepEqual(told(given.frames()), ['data 1 1', 'data 3 1', 'data 1 0 end']);
  second?.stream.end(null);
  assert.deepEqual(told(given.frames()), ['data 3 0 end']);
});

test('an answer to a request that is not whole ends it without an error', () => {
  const given = new GivenSession();
  given.receive(request(1, 0), frame(types.data, 0, 1, 'abc'));
  given.last.stream.head(answerHead, true);
  assert.deepEqual(told(given.frames()), ['headers 1 1 end', 'reset 1 0']);
  given.receive(frame(types.data, 0, 1, 'late'), request(1, endStream, block(['a', 'late'])));
  assert.deepEqual(told(given.frames()), []);
  assert.equal(given.fault, null);
});

test('content waits for the window of its stream, and streams share that of the connection', () => {
  const given = new GivenSession();
  given.receive(request(1), request(3), request(5));
  const [first, second, third] = given.streams;
  for (const one of [first, second, third]) one?.stream.head(answerHead, false);
  given.frames();
  assert.equal(first?.stream.data(Buffer.alloc(60_000)), true);
  assert.equal(second?.stream.data(Buffer.alloc(40_000)), false);
  assert.equal(third?.stream.data(Buffer.alloc(40_000)), false);
  assert.equal(second?.stream.unsent, 40_000 - 5_535);
  given.frames();
  given.receive(frame(types.window, 0, 0, number(40_000)));
  const shares = told(given.frames());
  assert.deepEqual(shares, ['data 3 16384', 'data 5 16384', 'data 3 7232']);
  given.receive(frame(types.window, 0, 0, number(1_000_000)));
  assert.deepEqual(second?.events, ['ready']);
  assert.deepEqual(third?.events, ['ready']);
  assert.equal(first?.stream.data(Buffer.alloc(6_000)), false);
  assert.equal(first?.stream.unsent, 465);
  given.receive(frame(types.window, 0, 1, number(464)));
  assert.equal(first?.stream.unsent, 1);
  first?.stream.end(null);
  given.frames();
  given.receive(frame(types.window, 0, 1, number(100)));
  assert.deepEqual(told(given.frames()), ['data 1 1 end']);
});

test('trailers wait for the content before them', () => {
  const given = new GivenSession();
  given.receive(settings([4, 3]), request(1));
  given.last.stream.head(answerHead, false);
  given.last.stream.data(Buffer.from('abcdef'));
  given.last.stream.end(answerHead);
  assert.deepEqual(told(given.frames()).slice(1), ['headers 1 1', 'data 1 3']);
  given.receive(frame(types.window, 0, 1, number(3)));
  assert.deepEqual(told(given.frames()), ['data 1 3', 'headers 1 1 end']);
});

test('smaller initial windows make those of open streams negative', () => {
  const given = new GivenSession();
  given.receive(request(1));
  given.last.stream.head(answerHead, false);
  given.last.stream.data(Buffer.alloc(1000));
  given.receive(settings([4, 100]));
  assert.equal(given.last.stream.sendWindow, 100 - 1000);
  assert.equal(given.last.stream.data(Buffer.alloc(10)), false);
  given.frames();
  given.receive(frame(types.window, 0, 1, number(900)));
  assert.deepEqual(told(given.frames()), []);
  given.receive(frame(types.window, 0, 1, number(10)));
  assert.deepEqual(told(given.frames()), ['data 1 10']);
});

test('nothing is written to a transport that is full', () => {
  const given = new GivenSession();
  given.receive(request(1), request(3));
  given.takes = false;
  given.last.stream.head(answerHead, false);
  given.frames();
  assert.equal(given.last.stream.data(Buffer.from('abc')), false);
  assert.deepEqual(told(given.frames()), []);
  given.takes = true;
  given.session.ready();
  assert.deepEqual(told(given.frames()), ['data 3 3']);
  assert.deepEqual(given.last.events, ['ready']);
});

test('octets that are still on their way are left alone', () => {
  const given = new GivenSession();
  given.keeps = true;
  given.receive(frame(types.window, 0, 0, number(1_000_000)), settings([4, 1_000_000]), request(1));
  given.frames();
  const { stream } = given.last;
  const sent = Array.from({ length: 40 }, (_, at) => Buffer.alloc(10_000, at));
  for (const data of sent) {
    stream.data(data);
    given.session.flush();
  }
  const came = given.frames().map(({ payload }) => payload);
  assert.deepEqual(Buffer.concat(came), Buffer.concat(sent));
});

test('answers that the peer does not read hold the places of their streams', () => {
  const given = new GivenSession({ streamsMax: 2 });
  given.receive(request(1));
  given.takes = false;
  given.last.stream.head(answerHead, true);
  given.frames();
  for (const id of [3, 5]) {
    given.receive(request(id));
    given.last.stream.head(answerHead, true);
  }
  given.receive(request(7));
  assert.equal(given.streams.length, 3);
  given.takes = true;
  given.session.ready();
  assert.deepEqual(told(given.frames()), ['headers 3 1 end', 'headers 5 1 end', 'reset 7 7']);
  given.receive(request(9));
  assert.equal(given.streams.length, 4);
});

test('what was not credited is given back to the connection when the stream is over', () => {
  const given = new GivenSession({ connectionWindowBytes: 100_000 });
  given.credits = false;
  for (const id of [1, 3, 5, 7]) {
    given.receive(request(id, 0), ...Array<Buffer>(4).fill(frame(types.data, 0, id, Buffer.alloc(15_000))));
    assert.equal(given.fault, null);
    given.last.stream.reset(errorCodes.cancel);
    assert.deepEqual(told(given.frames()), [`reset ${id} 8`, 'window 0 60000']);
  }
});

test('a goodbye in two steps takes what is on its way, and then nothing', () => {
  const given = new GivenSession();
  given.receive(request(1));
  given.session.goAway('Announce');
  given.receive(request(3));
  given.session.goAway('Final');
  given.receive(request(5, 0), frame(types.data, endStream, 5, 'abc'));
  assert.equal(given.streams.length, 2);
  const lasts = given.frames().map(({ payload }) => payload.readUInt32BE(0));
  assert.deepEqual(lasts, [0x7fff_ffff, 3]);
  assert.equal(given.fault, null);
});

test('the end of the transport is told to all streams', () => {
  const given = new GivenSession();
  given.receive(request(1), request(3, 0));
  given.session.end();
  assert.deepEqual(
    given.streams.map(({ events }) => events),
    [['reset 8'], ['reset 8']],
  );
});
