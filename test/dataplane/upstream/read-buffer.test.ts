// Memory that answers are read into: used over and over, and never by two at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBlocks } from '#dataplane/http/memory-blocks.ts';
import { ReadBuffer } from '#dataplane/upstream/read-buffer.ts';

/** Memory into which the first read of a large answer has come. */
function givenLarge(blocks: MemoryBlocks) {
  const buffer = new ReadBuffer(blocks);
  const own = buffer.bytes;
  buffer.next(own.length, { kept: false, idle: false });
  return { buffer, own, block: buffer.bytes };
}

test('a large answer goes on in a block, which the next one has when it is over', () => {
  const blocks = new MemoryBlocks();
  const { buffer, own, block } = givenLarge(blocks);
  assert.notEqual(block, own);
  buffer.next(block.length, { kept: false, idle: false });
  assert.equal(buffer.bytes, block);
  buffer.next(100, { kept: false, idle: true });
  assert.equal(buffer.bytes, own);
  assert.equal(givenLarge(blocks).block, block);
});

test('what is still on its way is overwritten by nobody', () => {
  const blocks = new MemoryBlocks();
  const { buffer, block } = givenLarge(blocks);
  buffer.next(block.length, { kept: true, idle: false });
  const second = buffer.bytes;
  assert.notEqual(second, block);
  buffer.next(100, { kept: true, idle: true });
  for (let other = 0; other < 3; other += 1) {
    const { block: taken } = givenLarge(blocks);
    assert.notEqual(taken, block);
    assert.notEqual(taken, second);
  }
});

test('a connection that is idle is read into nothing that others have', () => {
  const blocks = new MemoryBlocks();
  const { buffer, own } = givenLarge(blocks);
  buffer.next(100, { kept: false, idle: true });
  assert.equal(buffer.bytes, own);
  buffer.next(own.length, { kept: true, idle: true });
  assert.notEqual(buffer.bytes, own);
  assert.notEqual(buffer.bytes, givenLarge(blocks).block);
});
