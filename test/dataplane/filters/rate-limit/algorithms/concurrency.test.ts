import { Gates } from '#dataplane/filters/rate-limit/algorithms/concurrency.ts';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { variables } from '#test/cel/subject.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeOf, fleetOf, limitOf, rateLimit, redisStore } from '../given-rate-limit.ts';

const atATime = (requests: number) => ({ name: 'at-a-time', algorithm: 'Concurrency', requests }) as const;

test('never more requests of a key are in flight than may be, and whoever finds room is let in', () => {
  const requests = fc.integer({ min: 1, max: 6 });
  const share = fc.integer({ min: 1, max: 3 });
  const events = fc.array(
    fc.oneof(fc.record({ comes: fc.constantFrom('a', 'b') }), fc.record({ goes: fc.nat({ max: 20 }) })),
    { maxLength: 100 },
  );
  fc.assert(
    fc.property(requests, share, events, (max, among, all) => {
      const gate = new Gates().of(rateLimit({ limits: [atATime(max), atATime(max + 3)] }));
      assert.ok(gate);
      const inFlight: string[] = [];
      for (const event of all) {
        if ('comes' in event) {
          const count = inFlight.filter((key) => key === event.comes).length;
          // All data planes together let in no more than the limit, but each lets one in.
          const hasRoom = count === 0 || (count + 1) * among <= max;
          assert.equal(gate.enter(event.comes, among), hasRoom);
          if (hasRoom) inFlight.push(event.comes);
        } else {
          const [gone] = inFlight.splice(event.goes, 1);
          if (gone !== undefined) gate.leave(gone);
        }
      }
    }),
  );
});

test('a place is free again when the exchange is over, also by a rule made anew, and one refused elsewhere takes none', () => {
  const limiting = createRateLimiting({ variables, now: () => 0, random: () => 0 });
  const limits = [atATime(2), limitOf(3, 60_000)];
  const kindOf = (exchange = exchangeOf()): string | undefined => {
    const verdict = limiting.filterFor(rateLimit({ limits })).apply(exchange);
    assert.ok(!(verdict instanceof Promise));
    // The proxy ends the exchange that a filter refuses.
    if (verdict !== null) exchange.atEnd(null);
    return verdict?.kind;
  };
  const [first, second] = [exchangeOf(), exchangeOf()];
  assert.equal(kindOf(first), undefined);
  assert.equal(kindOf(second), undefined);
  assert.equal(kindOf(), 'RateLimited');
  first.atEnd(null);
  const third = exchangeOf();
  assert.equal(kindOf(third), undefined, 'the one refused was charged to no limit');
  third.atEnd(null);
  assert.equal(kindOf(), 'RateLimited', 'three in the minute');
  assert.equal(kindOf(), 'RateLimited');
  const only = limiting.filterFor(rateLimit({ limits: [atATime(2)] }));
  assert.equal(only.apply(exchangeOf()), null, 'one is in flight');
  assert.notEqual(only.apply(exchangeOf()), null);
});

test('a rule without limits over time tells nothing of them', () => {
  const limiting = createRateLimiting({ variables, now: () => 0, random: () => 0 });
  const filter = limiting.filterFor(rateLimit({ limits: [atATime(1)] }));
  const [first, second] = [exchangeOf(), exchangeOf()];
  assert.equal(filter.apply(first), null);
  assert.deepEqual(filter.apply(second), {
    kind: 'RateLimited',
    retryAfterS: 1,
    denial: null,
    detail: 'shop/limits/per-client/at-a-time',
  });
  assert.equal(first.answerFields.size + second.answerFields.size, 0);
  assert.deepEqual(limiting.stats().rules[0]?.decisions, { Admitted: 1, Refused: 1, Unknown: 0, Skipped: 0 });
});

test('data planes that count together each let their part in', async (t) => {
  const limiting = createRateLimiting({ variables, now: () => 0, random: () => 0 });
  t.after(() => limiting.close());
  limiting.configure(redisStore('redis://127.0.0.1:1'), fleetOf(3));
  const filter = limiting.filterFor(rateLimit({ limits: [atATime(7)] }));
  const verdicts = Array.from({ length: 4 }, () => filter.apply(exchangeOf()));
  assert.equal(verdicts.filter((verdict) => verdict === null).length, 2);
});
