// Frames in and out (RFC 9113 sections 4 and 6), however the octets are cut.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { errorCodes, type H2Fault } from '#dataplane/h2/error-code.ts';
import { clientPreface, frameFlags, frameTypes } from '#dataplane/h2/frame.ts';
import { FrameReader } from '#dataplane/h2/frame-reader.ts';
import { FrameWriter } from '#dataplane/h2/frame-writer.ts';
import { hex } from './hpack-given.ts';

type Frame = readonly [type: number, flags: number, streamId: number, payload: string];

/** A frame's octets, whatever it says of itself. */
function frameOf(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const octets = typeof payload === 'string' ? hex(payload) : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(octets.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, octets]);
}

/** What a reader tells of octets that come in these pieces. */
function read(
  pieces: readonly Buffer[],
  begins: 'Preface' | 'Frames' = 'Frames',
): { frames: Frame[]; fault: H2Fault | null } {
  const frames: Frame[] = [];
  const reader = new FrameReader(
    16_384,
    {
      frame: (type, flags, streamId, payload) =>
        void frames.push([type, flags, streamId, payload.toString('hex')]),
    },
    begins,
  );
  let fault: H2Fault | null = null;
  for (const piece of pieces) {
    const copy = Buffer.from(piece);
    fault ??= reader.read(copy);
    // the reader may keep nothing of what it was lent
    copy.fill(0xee);
  }
  return { frames, fault };
}

function cut(octets: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set(places.map((place) => place % (octets.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => octets.subarray(start, at[index] ?? octets.length));
}

/** Frames of all types, with a header block in parts and types that nobody knows. */
const many = Buffer.concat([
  frameOf(frameTypes.settings, 0, 0, '0003 0000 0064'),
  frameOf(frameTypes.settings, frameFlags.ack, 0),
  frameOf(frameTypes.headers, frameFlags.endHeaders, 1, '8284'),
  frameOf(frameTypes.data, 0, 1, Buffer.alloc(300, 1)),
  frameOf(frameTypes.data, frameFlags.endStream, 1),
  frameOf(frameTypes.headers, 0, 3, '82'),
  frameOf(frameTypes.continuation, 0, 3),
  frameOf(frameTypes.continuation, frameFlags.endHeaders, 3, '84'),
  frameOf(frameTypes.windowUpdate, 0, 0, '00000001'),
  frameOf(frameTypes.windowUpdate, 0, 3, '00000001'),
  frameOf(frameTypes.priority, 0, 5, '0000000000'),
  frameOf(frameTypes.resetStream, 0, 3, '00000008'),
  frameOf(0x10, 0xff, 0, 'aabb'),
  frameOf(0xff, 0, 7, 'cc'),
  frameOf(frameTypes.ping, 0, 0, '0102030405060708'),
  frameOf(frameTypes.goAway, 0, 0, '0000000300000000 6869'),
]);

describe('octets', () => {
  it('are the same frames cut at any one place', () => {
    const whole = read([many]);
    assert.equal(whole.fault, null);
    assert.equal(whole.frames.length, 16);
    for (let at = 0; at <= many.length; at += 1)
      assert.deepEqual(read([many.subarray(0, at), many.subarray(at)]), whole, `cut at ${at}`);
  });

  it('are the same frames cut at any places, one octet at a time too', () => {
    const whole = read([many]);
    assert.deepEqual(read(Array.from(many, (_, at) => many.subarray(at, at + 1))), whole);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (places) => {
        assert.deepEqual(read(cut(many, places)), whole);
      }),
      { numRuns: 300 },
    );
  });

  it('are the same faults cut at any one place', () => {
    const wrong = Buffer.concat([
      frameOf(frameTypes.ping, 0, 0, '0102030405060708'),
      frameOf(frameTypes.ping, 0, 0, '01'),
      frameOf(frameTypes.ping, 0, 0, '0102030405060708'),
    ]);
    const whole = read([wrong]);
    assert.equal(whole.frames.length, 1);
    assert.equal(whole.fault?.code, errorCodes.frameSizeError);
    for (let at = 0; at <= wrong.length; at += 1)
      assert.deepEqual(read([wrong.subarray(0, at), wrong.subarray(at)]), whole, `cut at ${at}`);
  });

  it('never are more than frames: anything at all is frames or a fault', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
        const { frames, fault } = read([Buffer.from(octets)]);
        const told = frames.reduce((sum, [, , , payload]) => sum + 9 + payload.length / 2, 0);
        assert.ok(told <= octets.length);
        if (fault === null) assert.ok(octets.length - told < 9 + 16_384);
      }),
    );
  });

  it('of a frame that has not come are kept as they come, not as they are announced', () => {
    const reader = new FrameReader(16_384, { frame: () => assert.fail('a frame') });
    const long = frameOf(frameTypes.data, 0, 1, Buffer.alloc(16_384));
    assert.equal(reader.read(long.subarray(0, 5)), null);
    assert.equal(reader.read(long.subarray(5, 100)), null);
    assert.equal(reader.buffered, 100);
    reader.stop();
    assert.equal(reader.buffered, 0);
    assert.equal(reader.read(long.subarray(100)), null);
  });

  it('are told no more once who hears has had enough', () => {
    let told = 0;
    const reader = new FrameReader(16_384, {
      frame: () => {
        told += 1;
        if (told === 3) reader.stop();
      },
    });
    assert.equal(reader.read(many), null);
    assert.equal(reader.read(many), null);
    assert.equal(told, 3);
  });

  it('on a stream whose number has the reserved bit are of that stream', () => {
    const { frames } = read([frameOf(frameTypes.windowUpdate, 0, 0x8000_0003, '00000001')]);
    assert.deepEqual(frames, [[frameTypes.windowUpdate, 0, 3, '00000001']]);
  });
});

describe('the preface', () => {
  const preface = Buffer.from(clientPreface, 'latin1');

  it('comes before all frames of a client, however it is cut', () => {
    const octets = Buffer.concat([preface, many]);
    const whole = read([many]);
    for (let at = 0; at <= preface.length + 20; at += 1)
      assert.deepEqual(read([octets.subarray(0, at), octets.subarray(at)], 'Preface'), whole);
  });

  it('is wrong at its first wrong octet', () => {
    for (let at = 0; at < preface.length; at += 1) {
      const wrong = Buffer.from(preface.subarray(0, at + 1));
      wrong[at] = 0x20 ^ (wrong[at] ?? 0);
      assert.equal(read([wrong], 'Preface').fault?.code, errorCodes.protocolError, `octet ${at}`);
    }
  });
});

describe('a frame that may not be', () => {
  const { protocolError, frameSizeError } = errorCodes;
  const block = frameOf(frameTypes.headers, 0, 1, '82');
  const cases: Record<string, readonly [code: number, octets: Buffer]> = {
    'longer than we take': [
      frameSizeError,
      frameOf(frameTypes.data, 0, 1, Buffer.alloc(16_385)).subarray(0, 9),
    ],
    'longer than we take, of an unknown type': [frameSizeError, hex('004001 ff 00 00000001')],
    'DATA on no stream': [protocolError, frameOf(frameTypes.data, 0, 0, '00')],
    'HEADERS on no stream': [protocolError, frameOf(frameTypes.headers, 4, 0, '82')],
    'PRIORITY on no stream': [protocolError, frameOf(frameTypes.priority, 0, 0, '0000000000')],
    'RST_STREAM on no stream': [protocolError, frameOf(frameTypes.resetStream, 0, 0, '00000000')],
    'SETTINGS on a stream': [protocolError, frameOf(frameTypes.settings, 0, 1)],
    'PUSH_PROMISE, ever': [protocolError, frameOf(frameTypes.pushPromise, 4, 1, '00000002')],
    'PUSH_PROMISE on no stream': [protocolError, frameOf(frameTypes.pushPromise, 4, 0, '00000002')],
    'PING on a stream': [protocolError, frameOf(frameTypes.ping, 0, 1, '0102030405060708')],
    'GOAWAY on a stream': [protocolError, frameOf(frameTypes.goAway, 0, 1, '0000000000000000')],
    'CONTINUATION on no stream': [protocolError, frameOf(frameTypes.continuation, 4, 0)],
    'CONTINUATION of nothing': [protocolError, frameOf(frameTypes.continuation, 4, 1)],
    'CONTINUATION behind a whole block': [
      protocolError,
      Buffer.concat([frameOf(frameTypes.headers, 4, 1, '82'), frameOf(frameTypes.continuation, 4, 1)]),
    ],
    'CONTINUATION of another stream': [
      protocolError,
      Buffer.concat([block, frameOf(frameTypes.continuation, 4, 3)]),
    ],
    'HEADERS within a block': [protocolError, Buffer.concat([block, frameOf(frameTypes.headers, 4, 1)])],
    'PING within a block': [
      protocolError,
      Buffer.concat([block, frameOf(frameTypes.ping, 0, 0, '0102030405060708')]),
    ],
    'DATA within a block': [protocolError, Buffer.concat([block, frameOf(frameTypes.data, 0, 1)])],
    'an unknown type within a block': [protocolError, Buffer.concat([block, frameOf(0x10, 0, 1)])],
    'PRIORITY of 4 octets': [frameSizeError, frameOf(frameTypes.priority, 0, 1, '00000000')],
    'RST_STREAM of 3 octets': [frameSizeError, frameOf(frameTypes.resetStream, 0, 1, '000000')],
    'RST_STREAM of 5 octets': [frameSizeError, frameOf(frameTypes.resetStream, 0, 1, '0000000000')],
    'SETTINGS of 5 octets': [frameSizeError, frameOf(frameTypes.settings, 0, 0, '0003000000')],
    'an acknowledgement with settings': [frameSizeError, frameOf(frameTypes.settings, 1, 0, '000300000064')],
    'PING of 7 octets': [frameSizeError, frameOf(frameTypes.ping, 0, 0, '01020304050607')],
    'GOAWAY of 7 octets': [frameSizeError, frameOf(frameTypes.goAway, 0, 0, '00000000000000')],
    'WINDOW_UPDATE of 3 octets': [frameSizeError, frameOf(frameTypes.windowUpdate, 0, 0, '000000')],
    'WINDOW_UPDATE of 5 octets': [frameSizeError, frameOf(frameTypes.windowUpdate, 0, 1, '0000000000')],
  };
  for (const [name, [code, octets]] of Object.entries(cases)) {
    it(`is a fault: ${name}`, () => {
      const { fault } = read([octets, many]);
      assert.equal(fault?.code, code, fault?.detail ?? 'no fault');
    });
  }

  it('is a fault before its payload comes', () => {
    const { fault } = read([frameOf(frameTypes.ping, 0, 0, Buffer.alloc(16_000)).subarray(0, 9)]);
    assert.equal(fault?.code, frameSizeError);
  });
});

describe('a writer', () => {
  const writtenBy = (write: (writer: FrameWriter) => void): Frame[] => {
    const writer = new FrameWriter();
    write(writer);
    const { size } = writer;
    const batch = writer.take();
    assert.equal(batch?.length, size);
    assert.equal(writer.take(), null);
    const { frames, fault } = read([batch ?? Buffer.alloc(0)]);
    assert.equal(fault, null);
    return frames;
  };

  it('writes what a reader reads', () => {
    const frames = writtenBy((writer) => {
      writer.settings([
        [0x3, 100],
        [0x4, 0x7fff_ffff],
      ]);
      writer.settingsAck();
      writer.headers(1, hex('8284'), false);
      writer.headers(3, hex('88'), true);
      writer.data(1, hex('aabb'), false);
      writer.data(1, Buffer.alloc(0), true);
      writer.reset(0x7fff_ffff, errorCodes.cancel);
      writer.ping(hex('0102030405060708'), true);
      writer.ping(hex('0102030405060708'), false);
      writer.windowUpdate(0, 0x7fff_ffff);
      writer.goAway(0x7fff_ffff, errorCodes.noError);
    });
    assert.deepEqual(frames, [
      [frameTypes.settings, 0, 0, '00030000006400047fffffff'],
      [frameTypes.settings, frameFlags.ack, 0, ''],
      [frameTypes.headers, frameFlags.endHeaders, 1, '8284'],
      [frameTypes.headers, frameFlags.endHeaders | frameFlags.endStream, 3, '88'],
      [frameTypes.data, 0, 1, 'aabb'],
      [frameTypes.data, frameFlags.endStream, 1, ''],
      [frameTypes.resetStream, 0, 0x7fff_ffff, '00000008'],
      [frameTypes.ping, frameFlags.ack, 0, '0102030405060708'],
      [frameTypes.ping, 0, 0, '0102030405060708'],
      [frameTypes.windowUpdate, 0, 0, '7fffffff'],
      [frameTypes.goAway, 0, 0, '7fffffff00000000'],
    ]);
  });

  it('cuts data and header blocks to what every peer takes', () => {
    for (const length of [16_383, 16_384, 16_385, 32_768, 40_000]) {
      const octets = Buffer.from(Array.from({ length }, (_, at) => at % 251));
      const data = writtenBy((writer) => writer.data(1, octets, true));
      assert.equal(data.map(([, , , payload]) => payload).join(''), octets.toString('hex'));
      assert.deepEqual(
        data.map(([, flags]) => flags),
        data.map((_, at) => (at === data.length - 1 ? frameFlags.endStream : 0)),
      );
      const block = writtenBy((writer) => writer.headers(1, octets, true));
      assert.equal(block.map(([, , , payload]) => payload).join(''), octets.toString('hex'));
      assert.equal(block[0]?.[0], frameTypes.headers);
      assert.equal((block[0]?.[1] ?? 0) & frameFlags.endStream, frameFlags.endStream);
      assert.equal(block.length, Math.ceil(length / 16_384));
      for (const [at, [, flags]] of block.entries())
        assert.equal(flags & frameFlags.endHeaders, at === block.length - 1 ? frameFlags.endHeaders : 0);
    }
  });

  it('says once that no table is used, at the begin of the next block', () => {
    const frames = writtenBy((writer) => {
      writer.sayNoTable();
      writer.data(1, hex('aa'), false);
      writer.headers(1, hex('88'), false);
      writer.headers(3, hex('88'), false);
      writer.sayNoTable();
      writer.headers(5, Buffer.alloc(16_384, 0x88), false);
    });
    assert.deepEqual(
      frames.map(([type, , , payload]) => [type, payload.slice(0, 4), payload.length / 2]),
      [
        [frameTypes.data, 'aa', 1],
        [frameTypes.headers, '2088', 2],
        [frameTypes.headers, '88', 1],
        [frameTypes.headers, '2088', 16_384],
        [frameTypes.continuation, '88', 1],
      ],
    );
  });

  it('hands over memory that it never writes to again', () => {
    const writer = new FrameWriter();
    const batches = Array.from({ length: 50 }, (_, at) => {
      writer.data(1, Buffer.alloc(1 + at * 37, at), false);
      return writer.take();
    });
    for (const [at, batch] of batches.entries())
      assert.ok(
        batch?.subarray(9).every((octet) => octet === at),
        `batch ${at}`,
      );
  });
});
