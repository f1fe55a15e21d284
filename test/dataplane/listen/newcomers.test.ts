import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Newcomers } from '#dataplane/listen/newcomers.ts';

/** How often what is young was collected while there were so many connections one after the other. */
function collections(counts: Iterable<number>): number {
  let count = 0;
  const newcomers = new Newcomers(({ type }) => {
    assert.equal(type, 'minor');
    count += 1;
  });
  for (const connections of counts) newcomers.came(connections);
  return count;
}

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('what is young is collected', () => {
  test('once for 128 connections that stay', () => {
    assert.equal(collections(upTo(127)), 0);
    assert.equal(collections(upTo(128)), 1);
    assert.equal(collections(upTo(1_280)), 10);
  });

  test('not for those that come and go', () => {
    assert.equal(collections(Array.from({ length: 10_000 }, (_, index) => 1 + (index % 100))), 0);
  });

  test('for those that come after many have gone', () => {
    assert.equal(collections([...upTo(1_280), ...upTo(128)]), 10);
    assert.equal(collections([...upTo(1_280), ...upTo(129)]), 11);
  });

  test('by nobody where Node was not told to give a way', () => {
    assert.doesNotThrow(() => {
      const newcomers = new Newcomers(null);
      for (const connections of upTo(1_000)) newcomers.came(connections);
    });
  });
});
