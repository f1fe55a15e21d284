import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import { ruleFor } from '#dataplane/filters/rate-limit/rule.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateLimit } from '../given-rate-limit.ts';
import { debtMeanings, taken, told } from './naive-debts.ts';
import { gaps } from './naive.ts';

const began = 1_790_000_000_123;

for (const [algorithm, meaning] of Object.entries(debtMeanings)) {
  test(`${algorithm} lets requests go on exactly while a unit is left, and has debts paid before`, () => {
    fc.assert(
      fc.property(meaning, gaps, taken, ({ limit, naive }, waits, units) => {
        const epoch = algorithm === 'FixedWindow' ? began : 0;
        let now = 1000;
        const hash = new KeyedHash(1, 2);
        const limiter = new LocalLimiter(4096, hash);
        const rule = ruleFor(rateLimit({ limits: [limit], cost: told }), hash, () => epoch + now);
        const counter = naive();
        for (const [at, wait] of waits.entries()) {
          now += wait;
          const { verdict, waitMs, remaining } = limiter.weighing(0).take(rule, 'key', 1, now);
          const isLeft = counter.isLeft(epoch + now);
          assert.equal(verdict, isLeft ? 'Admitted' : 'Refused', `at ${now}`);
          assert.equal(waitMs > 0, !isLeft);
          assert.equal((remaining[0] ?? 0) > 0, isLeft);
          if (isLeft) {
            const took = units[at % units.length] ?? 0;
            limiter.weighing(took).charge(rule, 'key', 1, now);
            counter.charge(epoch + now, took);
          } else if (waits.length % 2 === 0) {
            now += Math.ceil(waitMs);
            assert.equal(limiter.weighing(0).take(rule, 'key', 1, now).verdict, 'Admitted', 'after its wait');
            assert.ok(counter.isLeft(epoch + now));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
}
