// Each algorithm decides as it means to: over random arrivals, request by request.
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import { ruleFor } from '#dataplane/filters/rate-limit/rule.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateLimit } from '../given-rate-limit.ts';
import { costs, gaps, meanings } from './naive.ts';

/** What the wall clock shows when the monotonic one, by which windows that slide go, shows 0. */
const beganMs = { FixedWindow: 1_790_000_000_123, SlidingWindow: 0, TokenBucket: 0, LeakyBucket: 0 };

test('a window that slides admits less than twice its requests in any span of its length', () => {
  fc.assert(
    fc.property(meanings.SlidingWindow, gaps, ({ limit, naive }, waits) => {
      assert.equal(limit.algorithm, 'SlidingWindow');
      const passes = naive();
      let now = 1000;
      const admitted: number[] = [];
      for (const wait of waits) {
        now += wait;
        if (passes(now, 1) !== null) admitted.push(now);
        // A thousandth of a request may be rounded away.
        const sinceMs = now - limit.windowMs * 0.999;
        const inSpan: number = admitted.filter((one) => one > sinceMs).length;
        assert.ok(inSpan < 2 * limit.requests, `${inSpan} of ${limit.requests}`);
      }
    }),
    { numRuns: 300 },
  );
});

for (const [algorithm, meaning] of Object.entries(meanings)) {
  test(`${algorithm} admits exactly what it means to, and tells what is left and how long to wait`, () => {
    fc.assert(
      fc.property(meaning, gaps, costs, ({ limit, naive }, waits, taken) => {
        const began = beganMs[limit.algorithm];
        let now = 1000;
        const hash = new KeyedHash(1, 2);
        const limiter = new LocalLimiter(4096, hash);
        const rule = ruleFor(rateLimit({ limits: [limit] }), hash, () => began + now);
        const passes = naive();
        for (const [at, wait] of waits.entries()) {
          now += wait;
          const units = taken[at % taken.length] ?? 1;
          const take = () => limiter.weighing(units).take(rule, 'key', 1, now);
          const { verdict, waitMs, delayMs, remaining } = take();
          const meant = passes(began + now, units);
          const isPassed = meant !== null;
          assert.ok(Math.abs(delayMs - (meant ?? 0)) < 0.5, `waits ${delayMs} in place of ${meant}`);
          assert.equal(verdict, isPassed ? 'Admitted' : 'Refused', `at ${now}`);
          assert.equal(waitMs > 0, !isPassed);
          if (!isPassed) assert.ok((remaining[0] ?? 0) < units);
          if (isPassed || units > rule.unitsMax || waits.length % 2 === 0) continue;
          // Whoever keeps to the told wait passes.
          now += Math.ceil(waitMs);
          assert.equal(take().verdict, 'Admitted');
          assert.notEqual(passes(began + now, units), null);
        }
      }),
      { numRuns: 300 },
    );
  });
}
