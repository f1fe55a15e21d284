import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTurns } from '#dataplane/listen/turns.ts';

/** Keeps the processor busy. */
function work(ms: number): void {
  const endsMs = performance.now() + ms;
  while (performance.now() < endsMs);
}

test('little is done at once', () => {
  const seen: (number | string)[] = [];
  inTurns(
    [1, 2, 3],
    (one) => seen.push(one),
    () => seen.push('done'),
  );
  assert.deepEqual(seen, [1, 2, 3, 'done']);
});

test('much is done in order, and others have turns in between', async () => {
  const seen: number[] = [];
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  const all = Array.from({ length: 200 }, (_, at) => at);
  await new Promise<void>((done) => {
    inTurns(
      all,
      (one) => {
        work(0.2);
        seen.push(one);
      },
      done,
    );
    assert.ok(seen.length < all.length);
  });
  clearImmediate(next);
  assert.deepEqual(seen, all);
  assert.ok(turns >= 3, `${turns} turns`);
});

test('who leaves before the turn comes is passed over', async () => {
  const all = new Set(Array.from({ length: 100 }, (_, at) => at));
  const seen: number[] = [];
  await new Promise<void>((done) => {
    inTurns(
      all,
      (one) => {
        work(0.5);
        seen.push(one);
      },
      done,
    );
    all.delete(99);
  });
  assert.equal(seen.length, 99);
});
