import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorCodes } from '#dataplane/h2/error-code.ts';
import { frameFlags } from '#dataplane/h2/frame.ts';
import { contentOf, HeaderAssembler } from '#dataplane/h2/header-assembler.ts';
import { hex } from './hpack-given.ts';

const { endHeaders, endStream, padded, priority } = frameFlags;

function assembler(): HeaderAssembler {
  return new HeaderAssembler({ blockBytesMax: 100, continuationsMax: 3 });
}

describe('a header block', () => {
  it('in one frame is that frame', () => {
    const blocks = assembler();
    assert.equal(blocks.headers(endHeaders | endStream, 5, hex('8284')), null);
    assert.deepEqual(blocks.block, hex('8284'));
    assert.equal(blocks.streamId, 5);
    assert.equal(blocks.endStream, true);
    assert.equal(blocks.dependsOn, -1);
    assert.equal(blocks.headers(endHeaders, 7, hex('')), null);
    assert.deepEqual(blocks.block, hex(''));
    assert.equal(blocks.endStream, false);
  });

  it('has neither padding nor priority in it', () => {
    const blocks = assembler();
    assert.equal(blocks.headers(endHeaders | padded, 1, hex('02 8284 0000')), null);
    assert.deepEqual(blocks.block, hex('8284'));
    assert.equal(blocks.headers(endHeaders | priority, 3, hex('80000001 10 8284')), null);
    assert.deepEqual(blocks.block, hex('8284'));
    assert.equal(blocks.dependsOn, 1);
    assert.equal(blocks.headers(endHeaders | priority | padded, 5, hex('01 00000005 10 82 00')), null);
    assert.deepEqual(blocks.block, hex('82'));
    assert.equal(blocks.dependsOn, 5);
    assert.equal(blocks.headers(endHeaders | priority | padded, 7, hex('01 00000000 10 00')), null);
    assert.deepEqual(blocks.block, hex(''));
    assert.equal(blocks.headers(endHeaders, 9, hex('82')), null);
    assert.equal(blocks.dependsOn, -1);
  });

  it('is whole with its last part, of which frames are only lent', () => {
    const blocks = assembler();
    const lent = hex('82 84');
    assert.equal(blocks.headers(endStream, 1, lent), null);
    assert.equal(blocks.block, null);
    assert.equal(blocks.buffered, 2);
    lent.fill(0xee);
    assert.equal(blocks.continuation(0, hex('')), null);
    assert.equal(blocks.block, null);
    assert.equal(blocks.continuation(endHeaders, hex('86')), null);
    assert.deepEqual(blocks.block, hex('828486'));
    assert.equal(blocks.streamId, 1);
    assert.equal(blocks.endStream, true);
    assert.equal(blocks.buffered, 0);
    // nothing of it is in the next
    assert.equal(blocks.headers(0, 3, hex('82')), null);
    for (let part = 0; part < 2; part += 1) assert.equal(blocks.continuation(0, hex('')), null);
    assert.equal(blocks.continuation(endHeaders, hex('84')), null);
    assert.deepEqual(blocks.block, hex('8284'));
  });

  it('is a fault when it is too short for what it says', () => {
    const cases: readonly (readonly [flags: number, payload: string, code: number])[] = [
      [padded, '', errorCodes.frameSizeError],
      [padded, '01', errorCodes.protocolError],
      [padded, '03 8284', errorCodes.protocolError],
      [priority, '00000000', errorCodes.frameSizeError],
      [priority | padded, '00 00000000', errorCodes.frameSizeError],
      [priority | padded, '01 00000000 10', errorCodes.protocolError],
      [priority | padded, '03 00000000 10 8282', errorCodes.protocolError],
    ];
    for (const [flags, payload, code] of cases) {
      const blocks = assembler();
      assert.equal(blocks.headers(flags | endHeaders, 1, hex(payload))?.code, code, payload);
      assert.equal(blocks.block, null);
    }
  });

  it('has at most so many octets, in whatever parts', () => {
    const calm = errorCodes.enhanceYourCalm;
    assert.equal(assembler().headers(endHeaders, 1, Buffer.alloc(100)), null);
    assert.equal(assembler().headers(endHeaders, 1, Buffer.alloc(101))?.code, calm);
    const blocks = assembler();
    assert.equal(blocks.headers(0, 1, Buffer.alloc(60)), null);
    assert.equal(blocks.continuation(0, Buffer.alloc(40)), null);
    assert.equal(blocks.continuation(endHeaders, Buffer.alloc(1))?.code, calm);
    assert.equal(blocks.block, null);
  });

  it('has at most so many parts, empty ones too', () => {
    const blocks = assembler();
    assert.equal(blocks.headers(0, 1, hex('')), null);
    for (let part = 0; part < 3; part += 1) assert.equal(blocks.continuation(0, hex('')), null);
    assert.equal(blocks.continuation(endHeaders, hex(''))?.code, errorCodes.enhanceYourCalm);
  });
});

describe('the content of DATA', () => {
  it('is what is not padding', () => {
    assert.deepEqual(contentOf(0, hex('0102')), hex('0102'));
    assert.deepEqual(contentOf(padded, hex('00 0102')), hex('0102'));
    assert.deepEqual(contentOf(padded, hex('02 01 0000')), hex('01'));
    assert.deepEqual(contentOf(padded, hex('02 0000')), hex(''));
    assert.deepEqual(contentOf(padded, hex('00')), hex(''));
  });

  it('is nothing valid when there is more padding than frame', () => {
    for (const payload of ['', '01', '02 00', 'ff 0000']) assert.equal(contentOf(padded, hex(payload)), null);
  });
});
