import { Bound } from '#dataplane/filters/rate-limit/algorithms/bound.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded, simulated, told, type Phase } from './simulated-backend.ts';

const byLatency = { latencyMs: 100, errorPercentMax: null, concurrencyMin: 5, concurrencyMax: 1000 };
const byErrors = { latencyMs: null, errorPercentMax: 10, concurrencyMin: 5, concurrencyMax: 1000 };

/** 500 a second, as long as nobody has to queue. */
const ten = { workers: 10, workMs: 20 };

for (const seed of [1, 2, 3]) {
  test(`twice as much as a backend can do leaves it what it can, in time (${seed})`, () => {
    const phases: Phase[] = [{ fromMs: 0, ...ten, comeEachS: 1000 }];
    const fates = simulated(new Bound(byLatency), phases, { endMs: 30_000, random: seeded(seed) });
    const { goodEachS, p99Ms } = told(fates, 2000, 30_000);
    assert.ok(goodEachS > 0.9 * 500, `${goodEachS} a second`);
    assert.ok(p99Ms < 250, `${p99Ms} ms`);
    for (let fromMs = 2000; fromMs < 30_000; fromMs += 1000) {
      const second = told(fates, fromMs, fromMs + 1000).goodEachS;
      assert.ok(second > 0.7 * 500, `${second} in the second from ${fromMs}`);
    }
  });

  test(`a backend that becomes ten times slower, and fast again, is followed (${seed})`, () => {
    const phases: Phase[] = [
      { fromMs: 0, ...ten, comeEachS: 400 },
      { fromMs: 10_000, workers: 10, workMs: 200, comeEachS: 400 },
      { fromMs: 40_000, ...ten, comeEachS: 400 },
    ];
    const goals = { ...byLatency, latencyMs: 800 };
    const fates = simulated(new Bound(goals), phases, { endMs: 60_000, random: seeded(seed) });
    assert.ok(told(fates, 2000, 10_000).refused < 0.01, 'while all is well');
    const slow = told(fates, 15_000, 40_000);
    assert.ok(slow.goodEachS > 0.85 * 50, `${slow.goodEachS} of 50 a second`);
    assert.ok(slow.p99Ms < 2000, `${slow.p99Ms} ms`);
    const again = told(fates, 45_000, 60_000);
    assert.ok(again.refused < 0.01, `${again.refused} refused when it is fast again`);
  });

  test(`a backend that fails what is too much for it is asked no more than it takes (${seed})`, () => {
    const phases: Phase[] = [{ fromMs: 0, ...ten, comeEachS: 1000, failsBeyond: 20 }];
    const fates = simulated(new Bound(byErrors), phases, { endMs: 20_000, random: seeded(seed) });
    const failed = fates.filter((one) => one.failed && one.cameMs > 2000).length / 18;
    const { goodEachS } = told(fates, 2000, 20_000);
    assert.ok(goodEachS > 0.9 * 500, `${goodEachS} a second`);
    assert.ok(failed < 0.3 * goodEachS, `${failed} failed in a second`);
  });
}

test('without the bound the same backend answers nobody in time', () => {
  const open = new Bound({ ...byLatency, concurrencyMin: 1_000_000, concurrencyMax: 1_000_000 });
  const phases: Phase[] = [{ fromMs: 0, ...ten, comeEachS: 1000 }];
  const fates = simulated(open, phases, { endMs: 10_000, random: seeded(1) });
  assert.ok(told(fates, 2000, 10_000).p99Ms > 1000);
});

test('whatever is answered, the bound stays between its ends, and no more than it allows are sent', () => {
  const event = fc.record({
    kind: fc.constantFrom('sends', 'answers', 'leaves'),
    gapMs: fc.integer({ min: 0, max: 200 }),
    failed: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 200, maxLength: 600 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 40 }),
      (events, concurrencyMin, more) => {
        const concurrencyMax = concurrencyMin + more;
        const bound = new Bound({ latencyMs: 50, errorPercentMax: 10, concurrencyMin, concurrencyMax });
        const sent: number[] = [];
        let now = 0;
        for (const { kind, gapMs, failed } of events) {
          now += gapMs;
          assert.equal(bound.hasRoom, sent.length < bound.size);
          if (kind === 'sends' && bound.hasRoom) {
            sent.push(now);
            bound.sent();
          }
          const sentMs = kind === 'sends' ? undefined : sent.shift();
          if (sentMs !== undefined && kind === 'leaves') bound.left();
          else if (sentMs !== undefined) bound.answered(sentMs, now, failed);
          assert.ok(bound.size >= concurrencyMin && bound.size <= concurrencyMax, String(bound.size));
        }
      },
    ),
  );
});

test('from its least it grows to its most while all answers are good and all places are taken', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2000 }), (least, more) => {
      const bound = new Bound({ ...byLatency, concurrencyMin: least, concurrencyMax: least + more });
      for (let now = 0; now < 60_000; now += 50) {
        let sent = 0;
        for (; bound.hasRoom; sent += 1) bound.sent();
        for (; sent > 0; sent -= 1) bound.answered(now, now + 20, false);
      }
      assert.equal(bound.size, least + more);
    }),
    { numRuns: 30 },
  );
});

test('a few requests at a time leave the bound as it is', () => {
  const bound = new Bound(byLatency);
  for (let now = 0; now < 60_000; now += 50) {
    bound.sent();
    bound.sent();
    bound.answered(now, now + 10, false);
    bound.answered(now, now + 10, false);
  }
  assert.equal(bound.size, 5);
});
