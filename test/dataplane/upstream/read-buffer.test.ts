// Memory that answers are read into: used over and over, and never by two at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBlocks } from '#dataplane/http/memory-blocks.ts';
import { ReadBuffer } from '#dataplane/upstream/read-buffer.ts';

const reading = { kept: false, idle: false, rests: false };

/** Memory into which the first read of a large answer has come. */
function givenLarge(blocks: MemoryBlocks) {
  const buffer = new ReadBuffer(blocks);
  const own = buffer.bytes;
  buffer.next(own.length, reading);
  return { buffer, own, block: buffer.bytes };
}

test('a large answer goes on in a block, which the next one has when it is over', () => {
  const blocks = new MemoryBlocks();
  const { buffer, own, block } = givenLarge(blocks);
  assert.notEqual(block, own);
  buffer.next(block.length, reading);
  assert.equal(buffer.bytes, block);
  buffer.next(100, { ...reading, idle: true });
  assert.equal(buffer.bytes, own);
  assert.equal(givenLarge(blocks).block, block);
});

test('what is still on its way is overwritten by nobody', () => {
  const blocks = new MemoryBlocks();
  const { buffer, block } = givenLarge(blocks);
  buffer.next(block.length, { ...reading, kept: true });
  const second = buffer.bytes;
  assert.notEqual(second, block);
  buffer.next(100, { ...reading, kept: true, idle: true });
  for (let other = 0; other < 3; other += 1) {
    const { block: taken } = givenLarge(blocks);
    assert.notEqual(taken, block);
    assert.notEqual(taken, second);
  }
});

test('a connection that is idle is read into nothing that others have', () => {
  const blocks = new MemoryBlocks();
  const { buffer, own } = givenLarge(blocks);
  buffer.next(100, { ...reading, idle: true });
  assert.equal(buffer.bytes, own);
  buffer.next(own.length, { ...reading, kept: true, idle: true });
  assert.notEqual(buffer.bytes, own);
  assert.notEqual(buffer.bytes, givenLarge(blocks).block);
});

test('whoever takes an answer slowly holds one block, which is used again once all of it has gone', () => {
  const blocks = new MemoryBlocks();
  const { buffer, own, block } = givenLarge(blocks);
  buffer.next(block.length, { ...reading, kept: true, rests: true });
  assert.equal(buffer.bytes, own);
  assert.notEqual(givenLarge(blocks).block, block);
  buffer.release();
  assert.equal(givenLarge(blocks).block, block);
});

test('a block that another answer may still refer to is not released by the next', () => {
  const blocks = new MemoryBlocks();
  const { buffer, block } = givenLarge(blocks);
  buffer.next(block.length, { ...reading, kept: true, rests: true });
  buffer.next(100, { ...reading, idle: true });
  buffer.release();
  assert.notEqual(givenLarge(blocks).block, block);
});
