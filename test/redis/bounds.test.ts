// What data planes let pass together, with the limiter as it is, on a clock that is told to them: never more than each
// algorithm's bound, and hardly less than could be.
import type { TimedLimit } from '#snapshot/limit.ts';
import { givenRedisClient } from '#test/given/redis-client.ts';
import { redisMissing } from '#test/given/redis.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byWindow, mostBeyond, mostWithin } from './bounds.ts';
import { evenly, simulated, skewed, type Outcomes, type Scenario } from './simulated-fleet.ts';

const requests = 1000;
const burst = 500;
const seconds = 6;
const bucket = { name: 'only', algorithm: 'TokenBucket', requests, windowMs: 1000, burst } as const;
const windows = { kind: 'Even', lengthMs: 1000 } as const;
const fixed = { name: 'only', algorithm: 'FixedWindow', requests, windows } as const;
const sliding = { name: 'only', algorithm: 'SlidingWindow', requests, windowMs: 1000 } as const;

type Judge = (found: Outcomes) => void;

/** Nearly all that may pass does: what the first second makes of a fresh counter is not looked at. */
function enough({ admitted }: Outcomes): void {
  const later = admitted.filter((ms) => ms >= 1000 && ms < seconds * 1000).length / (seconds - 1);
  assert.ok(later >= 0.99 * requests, `${later} a second passed`);
}

const judges: readonly (readonly [TimedLimit, Judge])[] = [
  [
    bucket,
    (found) => {
      // 2 * rate * 100 ms
      const most = burst + 2 * 100;
      const beyond = mostBeyond(found.admitted, requests / 1000);
      assert.ok(beyond <= most, `${beyond} beyond the rate, ${most} allowed`);
      enough(found);
    },
  ],
  [
    fixed,
    (found) => {
      for (const count of byWindow(found.admitted, 1000, seconds)) {
        assert.ok(count <= requests && count >= 0.99 * requests, `${count} in a window`);
      }
    },
  ],
  [
    sliding,
    (found) => {
      for (const count of byWindow(found.admitted, 1000, seconds)) assert.ok(count <= requests, `${count}`);
      assert.ok(mostWithin(found.admitted, 1000) < 2 * requests);
      // Where they come evenly the estimate is right, but for what leases take ahead.
      const later = found.admitted.filter((ms) => ms >= 2000);
      assert.ok(mostWithin(later, 1000) <= 1.2 * requests, `${mostWithin(later, 1000)}`);
      enough(found);
    },
  ],
];

const fleets: Readonly<Record<string, Scenario['parts']>> = {
  '2 data planes': () => evenly(2),
  '4 data planes': () => evenly(4),
  '8 data planes': () => evenly(8),
  '50 data planes': () => evenly(50),
  '2 data planes, one of which gets nine tenths': () => skewed(2),
  '4 data planes, one of which gets nine tenths': () => skewed(4),
  '50 data planes, one of which gets nine tenths': () => skewed(50),
  '2, then 8, then 2 data planes': (ms) => evenly(ms > 2300 && ms < 4600 ? 8 : 2),
};

describe('data planes together', { skip: redisMissing() }, () => {
  const client = givenRedisClient();

  for (const [limit, judge] of judges) {
    for (const [fleet, parts] of Object.entries(fleets)) {
      test(`${limit.algorithm} of ${fleet} keeps its bound, and lets hardly less pass`, async () => {
        for (const perSecond of [1050, 4000])
          judge(await simulated(client(), { limit, seconds, perSecond, parts }));
      });
    }

    test(`${limit.algorithm} refuses nobody as long as less comes than may`, async () => {
      for (const parts of [evenly(4), skewed(4)]) {
        const perSecond = 0.8 * requests;
        const found = await simulated(client(), { limit, seconds, perSecond, parts: () => parts });
        assert.equal(found.admitted.length, found.offered);
      }
    });

    test(`${limit.algorithm} asks Redis for fewer than 15 in 100 requests of 4 data planes`, async () => {
      for (const perSecond of [1000, 1300, 4000]) {
        for (const parts of [evenly(4), skewed(4)]) {
          const { calls, offered } = await simulated(client(), {
            limit,
            seconds,
            perSecond,
            parts: () => parts,
          });
          assert.ok(calls <= 0.15 * offered, `${calls} calls for ${offered} requests`);
        }
      }
    });
  }

  test('a small window is counted request by request, to the last one', async () => {
    const small = { ...fixed, requests: 100 } as const;
    const parts = skewed(4);
    const { admitted } = await simulated(client(), {
      limit: small,
      seconds,
      perSecond: 150,
      parts: () => parts,
    });
    assert.deepEqual(
      byWindow(admitted, 1000, seconds),
      Array.from({ length: seconds }, () => 100),
    );
  });
});
