// Questions to services: a namespace whose services never answer does not take those of others.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { Capacity } from '#dataplane/filters/capacity.ts';
import type { CapacityShare } from '#dataplane/filters/capacity.ts';

/** Asks as much as it may; how much that was. Nothing is heard before `answer`, and nothing ever without it. */
function askOn(share: CapacityShare, answer: Promise<void> = new Promise(() => {})): number {
  let asked = 0;
  for (; !share.isFull; asked += 1) void share.run(() => answer);
  return asked;
}

it('each namespace has half of what others have left, and all have no more than there may be', () => {
  const calls = new Capacity(256);
  const shares = ['a', 'b', 'c', 'd'].map((namespace) => askOn(calls.of(namespace)));
  assert.deepEqual(shares, [129, 64, 32, 16]);
  assert.equal(calls.free, 15);
  for (let more = 0; more < 100; more += 1) askOn(calls.of(`more ${more}`));
  assert.equal(calls.free, 0);
});

it('what has been answered is free for everybody, and the share of all policies of a namespace is one', async () => {
  const calls = new Capacity(4);
  const answer = Promise.withResolvers<void>();
  assert.equal(askOn(calls.of('a'), answer.promise), 3);
  assert.equal(calls.of('a').isFull, true);
  answer.resolve();
  await settled();
  assert.equal(askOn(calls.of('b')), 3);
});

it('a question that broke is over, too', async () => {
  const calls = new Capacity(1);
  const broken = (): Promise<never> => {
    throw new Error('broken');
  };
  await assert.rejects(calls.of('a').run(broken), /broken/u);
  assert.equal(calls.free, 1);
});
