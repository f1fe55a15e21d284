// The script decides as each algorithm means to, on a real Redis; only the time is told to it.
import { counterScript } from '#dataplane/filters/rate-limit/counter-script.ts';
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { ruleFor, type LimitRule } from '#dataplane/filters/rate-limit/rule.ts';
import type { TimedLimit } from '#snapshot/limit.ts';
import { givenRedisClient } from '#test/given/redis-client.ts';
import { redisMissing } from '#test/given/redis.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { rateLimit } from '../dataplane/filters/rate-limit/given-rate-limit.ts';
import { debtMeanings, taken, told as cost } from '../dataplane/filters/rate-limit/algorithms/naive-debts.ts';
import { costs, gaps, meanings } from '../dataplane/filters/rate-limit/algorithms/naive.ts';

/** Its keys outlive this test, as they are over by Redis's clock, and not by the one that is told. */
const script = counterScript
  .replace("redis.call('TIME')", '{ ARGV[#ARGV - 1], ARGV[#ARGV] }')
  .replaceAll("'PX', ", "'PX', 60000 + ");

const day = 86_400_000;
const minutes = { kind: 'Even', lengthMs: 60_000 } as const;

describe('the script', { skip: redisMissing() }, () => {
  const client = givenRedisClient();

  /** What the script says of one request of so many units when its clock shows `epochMs`. */
  async function asked(rule: LimitRule, key: string, epochMs: number, units = 1): Promise<readonly number[]> {
    const values = [4, 1, units, units, units, 0];
    rule.meters[0]?.tell(values, 0, 0);
    return told(key, epochMs, values);
  }

  /** The same where so much is owed for answers. */
  async function charged(rule: LimitRule, key: string, epochMs: number, owed: number) {
    const values = [4, 1, 1, 0, 0, 0];
    rule.meters[0]?.tell(values, owed, 0);
    return told(key, epochMs, values);
  }

  async function told(key: string, epochMs: number, values: readonly number[]): Promise<readonly number[]> {
    const time = [Math.floor(epochMs / 1000), (epochMs % 1000) * 1000];
    const answer = await client().eval(script, 1, key, ...values, ...time);
    assert.ok(Array.isArray(answer));
    return answer.slice(1).map(Number);
  }

  test('windows of the calendar go by Redis’s clock, also where the data plane’s is a little off', async () => {
    const midnight = Date.UTC(2026, 11, 1);
    const windows = { kind: 'Calendar', period: 'Day', timeZone: 'UTC' } as const;
    const limit = { name: 'day', algorithm: 'FixedWindow', requests: 1, windows } as const;
    const told = (epochMs: number) =>
      ruleFor(rateLimit({ limits: [limit] }), new KeyedHash(1, 2), () => epochMs);
    const key = `test:${randomUUID()}`;
    const late = told(midnight - 2000);
    const early = told(midnight + 2000);
    assert.deepEqual(await asked(early, key, midnight - 1000), [1, 1e6, 0, 1e6]);
    assert.deepEqual(await asked(late, key, midnight - 500), [0, 5e5, 0, 5e5]);
    assert.deepEqual(await asked(late, key, midnight), [1, 864e8, 0, 864e8]);
    assert.equal((await asked(early, key, midnight + 1000))[0], 0);
  });

  const month = { kind: 'Calendar', period: 'Month', timeZone: 'UTC' } as const;
  const ofTwo: readonly (readonly [string, TimedLimit, number])[] = [
    ['FixedWindow', { name: 'only', algorithm: 'FixedWindow', requests: 2, windows: minutes }, 60_000],
    [
      'FixedWindow by the calendar',
      { name: 'only', algorithm: 'FixedWindow', requests: 2, windows: month },
      31 * day,
    ],
    ['SlidingWindow', { name: 'only', algorithm: 'SlidingWindow', requests: 2, windowMs: 60_000 }, 60_000],
  ];
  for (const [name, limit, nextMs] of ofTwo) {
    for (const offMs of [-2000, 0, 2000]) {
      test(`${name} opens no window twice when Redis's clock is set back, the data plane's being ${offMs} ms off`, async () => {
        const begin = Date.UTC(2026, 11, 1);
        const key = `test:${randomUUID()}`;
        const told = (ms: number) => {
          const epochMs = () => begin + ms + offMs;
          return asked(
            ruleFor(rateLimit({ limits: [limit] }), new KeyedHash(1, 2), epochMs),
            key,
            begin + ms,
          );
        };
        const granted = async (ms: number) => (await told(ms))[0];
        assert.equal(await granted(100), 1);
        // the clock of whoever takes over when a master fails
        assert.equal(await granted(-300), 1);
        const [none, waitMicros = 0] = await told(-200);
        assert.equal(none, 0);
        assert.ok(waitMicros / 1000 > nextMs, `${waitMicros}`);
        assert.equal(await granted(200), 0);
        if (limit.algorithm === 'FixedWindow') assert.equal(await granted(nextMs), 1);
      });
    }
  }

  test('who has used up a bucket waits no longer than a larger one takes that comes in its place', async () => {
    const of = (requests: number, windowMs: number) =>
      ruleFor(
        rateLimit({
          limits: [{ name: 'only', algorithm: 'TokenBucket', requests, windowMs, burst: requests }],
        }),
        new KeyedHash(1, 2),
        Date.now,
      );
    const key = `test:${randomUUID()}`;
    const epochMs = 1_790_000_000_123;
    assert.equal((await asked(of(1, 3_600_000), key, epochMs))[0], 1);
    const larger = of(1000, 60_000);
    assert.deepEqual((await asked(larger, key, epochMs + 10)).slice(0, 2), [0, 60_000]);
    assert.equal((await asked(larger, key, epochMs + 80))[0], 1);
  });

  for (const algorithm of ['FixedWindow', 'SlidingWindow'] as const) {
    test(`${algorithm} forgets nothing when a smaller limit that it was before is charged once more`, async () => {
      const of = (requests: number) => {
        const windows = { kind: 'Even', lengthMs: 3_600_000 } as const;
        const limit: TimedLimit =
          algorithm === 'FixedWindow'
            ? { name: 'only', algorithm, requests, windows }
            : { name: 'only', algorithm, requests, windowMs: 3_600_000 };
        return ruleFor(rateLimit({ limits: [limit], cost }), new KeyedHash(1, 2), Date.now);
      };
      const key = `test:${randomUUID()}`;
      const epochMs = Date.UTC(2026, 11, 1);
      assert.equal((await asked(of(10_000), key, epochMs, 9000))[0], 9000);
      await charged(of(10), key, epochMs, 5);
      assert.equal((await charged(of(10_000), key, epochMs, 0))[2], 1000);
    });
  }

  test('a burst that takes longer to come again than Redis can tell is counted all the same', async () => {
    const limit = {
      name: 'only',
      algorithm: 'TokenBucket',
      requests: 1,
      windowMs: 365 * day,
      burst: 1e9,
    } as const;
    const rule = ruleFor(rateLimit({ limits: [limit] }), new KeyedHash(1, 2), Date.now);
    const key = `test:${randomUUID()}`;
    const epochMs = 1_790_000_000_123;
    assert.equal((await asked(rule, key, epochMs, 1e9))[0], 1e9);
    const [granted, waitMicros = 0] = await asked(rule, key, epochMs, 1e9);
    assert.equal(granted, 0);
    assert.ok(waitMicros > 1e15, `${waitMicros}`);
  });

  for (const [algorithm, meaning] of Object.entries(meanings)) {
    test(`${algorithm} admits exactly what it means to, and leaves no key behind for ever`, async () => {
      await fc.assert(
        fc.asyncProperty(meaning, gaps, costs, async ({ limit, naive }, waits, taken) => {
          let now = 1_790_000_000_123;
          const rule = ruleFor(rateLimit({ limits: [limit] }), new KeyedHash(1, 2), () => now);
          const key = `test:${randomUUID()}`;
          const passes = naive();
          for (const [at, wait] of waits.entries()) {
            now += wait;
            const units = Math.min(taken[at % taken.length] ?? 1, rule.unitsMax);
            const [granted, waitMicros, left, fullMicros] = await asked(rule, key, now, units);
            const meant = passes(now, units);
            assert.equal(granted, meant === null ? 0 : units, `at ${now}`);
            const delayMs = rule.meters[0]?.delayMs(Number(fullMicros) / 1000, units, 1) ?? 0;
            assert.ok(
              meant === null || Math.abs(delayMs - meant) < 0.5,
              `waits ${delayMs} in place of ${meant}`,
            );
            assert.equal(Number(left) < units, Number(waitMicros) > 0, `${left} at ${now}`);
          }
          assert.notEqual(await client().pttl(key), -1);
        }),
        { numRuns: 30 },
      );
    });
  }

  for (const [algorithm, meaning] of Object.entries(debtMeanings)) {
    test(`${algorithm} owes for answers, and has that paid before more may go on`, async () => {
      await fc.assert(
        fc.asyncProperty(meaning, gaps, taken, async ({ limit, naive }, waits, units) => {
          let now = 1_790_000_000_123;
          const rule = ruleFor(rateLimit({ limits: [limit], cost }), new KeyedHash(1, 2), () => now);
          const key = `test:${randomUUID()}`;
          const counter = naive();
          for (const [at, wait] of waits.entries()) {
            now += wait;
            const [, waitMicros = 0, left = 0] = await charged(rule, key, now, 0);
            assert.equal(left >= 1, counter.isLeft(now), `${left} at ${now}`);
            assert.equal(left < 1, waitMicros > 0, `${left} and ${waitMicros} at ${now}`);
            if (waitMicros > 0 && waits.length % 2 === 0) {
              now += Math.ceil(waitMicros / 1000);
              assert.ok(((await charged(rule, key, now, 0))[2] ?? 0) >= 1, 'after its wait');
            }
            const took = units[at % units.length] ?? 0;
            await charged(rule, key, now, took);
            counter.charge(now, took);
          }
          assert.notEqual(await client().pttl(key), -1);
        }),
        { numRuns: 30 },
      );
    });
  }
});
