import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WastedStreams } from '#dataplane/h2/wasted-streams.ts';

function given(): { wasted: WastedStreams; clock: { nowMs: number }; over: number[]; add(id: number): void } {
  const clock = { nowMs: 0 };
  const over: number[] = [];
  const wasted = new WastedStreams({ atOnce: 2, perSecond: 1, waitMsMax: 5_000 }, clock);
  const nothing = (): void => {};
  return {
    wasted,
    clock,
    over,
    add(id) {
      const told = { streamHead: nothing, streamData: nothing, streamEnd: nothing, streamFlush: nothing };
      const events = {
        ...told,
        streamReady: nothing,
        streamReset: nothing,
        streamClosed: () => void over.push(id),
      };
      wasted.add(id, events, id < 100);
    },
  };
}

function resets({ wasted }: { wasted: WastedStreams }): number[] {
  const ids: number[] = [];
  for (let id = wasted.due(); id !== null; id = wasted.due()) {
    ids.push(id);
    wasted.over(id);
  }
  return ids;
}

test('a few streams may be reset at once, further ones wait for their time, the oldest first', () => {
  const all = given();
  assert.deepEqual(
    [1, 2, 3].map(() => all.wasted.mayReset()),
    [true, true, false],
  );
  for (const id of [1, 3, 5]) all.add(id);
  assert.deepEqual(resets(all), []);
  all.clock.nowMs = 1_000;
  assert.deepEqual(resets(all), [1]);
  all.clock.nowMs = 3_000;
  assert.deepEqual(resets(all), [3, 5]);
  assert.deepEqual(all.over, [1, 3, 5]);
});

test('none waits longer than it may', () => {
  const all = given();
  while (all.wasted.mayReset());
  for (let id = 1; id < 40; id += 2) all.add(id);
  all.clock.nowMs = 4_999;
  assert.equal(resets(all).length, 2);
  all.clock.nowMs = 5_000;
  assert.equal(resets(all).length, 18);
});

test('one that ends by itself is over, unless our side has not ended', () => {
  const all = given();
  all.add(1);
  all.add(101);
  all.wasted.ended(1);
  all.wasted.ended(101);
  assert.deepEqual([all.over, all.wasted.size], [[1], 1]);
  all.wasted.clear();
  assert.deepEqual([all.over, all.wasted.size], [[1, 101], 0]);
});
