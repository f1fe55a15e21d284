// Memory that answers are read into: used over and over, and never by two at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LentMemory } from '#dataplane/http/lent-memory.ts';
import { ReadBuffer } from '#dataplane/upstream/read-buffer.ts';

const reading = { kept: false, idle: false, rests: false };

/** Memory into which the first read of a large answer has come. */
function givenLarge(memory: LentMemory) {
  const buffer = new ReadBuffer(memory);
  const own = buffer.bytes;
  buffer.next(own.length, reading);
  return { buffer, own, block: buffer.bytes };
}

test('a large answer goes on in a block, which the next one has when it is over', () => {
  const memory = new LentMemory();
  const { buffer, own, block } = givenLarge(memory);
  assert.notEqual(block, own);
  buffer.next(block.length, reading);
  assert.equal(buffer.bytes, block);
  buffer.next(100, { ...reading, idle: true });
  assert.equal(buffer.bytes, own);
  assert.equal(givenLarge(memory).block, block);
});

test('what is still on its way is overwritten by nobody', () => {
  const memory = new LentMemory();
  const { buffer, block } = givenLarge(memory);
  buffer.next(block.length, { ...reading, kept: true });
  const second = buffer.bytes;
  assert.notEqual(second, block);
  buffer.next(100, { ...reading, kept: true, idle: true });
  for (let other = 0; other < 3; other += 1) {
    const { block: taken } = givenLarge(memory);
    assert.notEqual(taken, block);
    assert.notEqual(taken, second);
  }
});

test('a connection that is idle is read into nothing that others have', () => {
  const memory = new LentMemory();
  const { buffer, own } = givenLarge(memory);
  buffer.next(100, { ...reading, idle: true });
  assert.equal(buffer.bytes, own);
  buffer.next(own.length, { ...reading, kept: true, idle: true });
  assert.notEqual(buffer.bytes, own);
  assert.notEqual(buffer.bytes, givenLarge(memory).block);
});

test('whoever takes an answer slowly holds one block, which is used again once all of it has gone', () => {
  const memory = new LentMemory();
  const { buffer, own, block } = givenLarge(memory);
  buffer.next(block.length, { ...reading, kept: true, rests: true });
  assert.equal(buffer.bytes, own);
  assert.notEqual(givenLarge(memory).block, block);
  buffer.release();
  assert.equal(givenLarge(memory).block, block);
});

test('a block that another answer may still refer to is not released by the next', () => {
  const memory = new LentMemory();
  const { buffer, block } = givenLarge(memory);
  buffer.next(block.length, { ...reading, kept: true, rests: true });
  buffer.next(100, { ...reading, idle: true });
  buffer.release();
  assert.notEqual(givenLarge(memory).block, block);
});

test('what a connection held that is gone is used again', () => {
  const memory = new LentMemory();
  const { buffer, own, block } = givenLarge(memory);
  buffer.end();
  const next = givenLarge(memory);
  assert.equal(next.own, own);
  assert.equal(next.block, block);
});

test('what has still to go on when its connection is gone is used by nobody', () => {
  const memory = new LentMemory();
  const { buffer, own, block } = givenLarge(memory);
  buffer.next(block.length, { ...reading, kept: true, rests: true });
  buffer.next(own.length, { ...reading, kept: true, rests: true });
  buffer.end();
  for (let other = 0; other < 3; other += 1) {
    const next = givenLarge(memory);
    assert.notEqual(next.own, own);
    assert.notEqual(next.block, block);
  }
});
