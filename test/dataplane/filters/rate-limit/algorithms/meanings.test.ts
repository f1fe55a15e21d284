// Each algorithm decides as it means to: over random arrivals, request by request.
import { KeyedHash } from '#dataplane/filters/rate-limit/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import { ruleFor } from '#dataplane/filters/rate-limit/rule.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateLimit } from '../given-rate-limit.ts';
import { gaps, meanings } from './naive.ts';

/** The wall clock when the monotonic one shows 0. */
const began = 1_790_000_000_123;

for (const [algorithm, meaning] of Object.entries(meanings)) {
  test(`${algorithm} admits exactly what it means to, and tells what is left and how long to wait`, () => {
    fc.assert(
      fc.property(meaning, gaps, ({ limit, naive }, waits) => {
        let now = 1000;
        const hash = new KeyedHash(1, 2);
        const limiter = new LocalLimiter(4096, hash);
        const rule = ruleFor(rateLimit({ limits: [limit] }), hash, () => began + now);
        const passes = naive();
        for (const wait of waits) {
          now += wait;
          const { verdict, waitMs, remaining } = limiter.take(rule, 'key', 1, now);
          const isPassed = passes(began + now);
          assert.equal(verdict, isPassed ? 'Admitted' : 'Refused', `at ${now}`);
          assert.equal(waitMs > 0, !isPassed);
          if (!isPassed) assert.equal(remaining[0], 0);
          if (isPassed || waits.length % 2 === 0) continue;
          // Whoever keeps to the told wait passes.
          now += Math.ceil(waitMs);
          assert.equal(limiter.take(rule, 'key', 1, now).verdict, 'Admitted');
          assert.ok(passes(began + now));
        }
      }),
      { numRuns: 300 },
    );
  });
}
