// Questions to services: a namespace whose services never answer does not take those of others.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Calls } from '#dataplane/filters/authenticate/calls.ts';
import type { CallShare } from '#dataplane/filters/authenticate/calls.ts';

/** Asks as much as it may, and hears nothing; how much that was. */
function askOn(share: CallShare): number {
  let asked = 0;
  for (; !share.isFull; asked += 1) share.begin();
  return asked;
}

it('each namespace has half of what others have left, and all have no more than there may be', () => {
  const calls = new Calls(256);
  const shares = ['a', 'b', 'c', 'd'].map((namespace) => askOn(calls.of(namespace)));
  assert.deepEqual(shares, [129, 64, 32, 16]);
  assert.equal(calls.free, 15);
  for (let more = 0; more < 100; more += 1) askOn(calls.of(`more ${more}`));
  assert.equal(calls.free, 0);
});

it('what has been answered is free for everybody, and the share of all policies of a namespace is one', () => {
  const calls = new Calls(4);
  assert.equal(askOn(calls.of('a')), 3);
  assert.equal(calls.of('a').isFull, true);
  for (let answered = 0; answered < 3; answered += 1) calls.of('a').end();
  assert.equal(askOn(calls.of('b')), 3);
});
