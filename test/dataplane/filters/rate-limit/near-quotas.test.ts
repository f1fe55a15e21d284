import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestVariables } from '#cel/request-variables.ts';
import { nobody, type Exchange } from '#dataplane/http/exchange.ts';
import { createRateLimiting, type RateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { NearQuotas } from '#dataplane/filters/rate-limit/near-quotas.ts';
import { emptyOutcome, type Outcome } from '#dataplane/filters/rate-limit/outcome.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Plan } from '#snapshot/plan.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';

const midday = Date.UTC(2026, 4, 5, 12);
const midnight = Date.UTC(2026, 4, 6);

const plan: Plan = {
  kind: 'Plan',
  id: resourceId('Plan', 'shop', 'gold'),
  name: 'shop/gold',
  limits: [
    { name: 'second', algorithm: 'TokenBucket', requests: 100, windowMs: 1000, burst: 100 },
    { name: 'concurrency', algorithm: 'Concurrency', requests: 1000 },
    {
      name: 'day',
      algorithm: 'FixedWindow',
      requests: 10,
      windows: { kind: 'Calendar', period: 'Day', timeZone: 'UTC' },
    },
  ],
};

function callOf(consumer: string): Exchange {
  return { ...givenExchange(givenRequest()), identity: { ...nobody, method: 'APIKey', consumer } };
}

interface Given {
  readonly limiting: RateLimiting;
  readonly pass: (ms: number) => void;
  readonly call: (consumer: string) => unknown;
}

function given(): Given {
  let now = 0;
  const limiting = createRateLimiting({
    now: () => now,
    epochMs: () => midday + now,
    variables: requestVariables(Date.now),
    random: () => 0.5,
  });
  limiting.usePlans([plan]);
  return {
    limiting,
    pass: (ms) => void (now += ms),
    call: (consumer) => limiting.limitsOfPlan(plan.name).apply(callOf(consumer)),
  };
}

test('who has used four fifths of a quota and more is told, until its period ends', () => {
  const { limiting, pass, call } = given();
  const told = (consumer: string, used: number) => ({
    consumer,
    plan: 'gold',
    quota: 'day',
    used,
    endsMs: midnight,
  });
  for (let at = 0; at < 7; at += 1) call('shop/ada');
  assert.deepEqual(limiting.nearQuotas(), []);
  call('shop/ada');
  call('shop/bob');
  assert.deepEqual(limiting.nearQuotas(), [told('shop/ada', 8)]);
  for (let at = 0; at < 5; at += 1) call('shop/ada');
  assert.deepEqual(limiting.nearQuotas(), [told('shop/ada', 10)]);
  pass(midnight - midday);
  assert.deepEqual(limiting.nearQuotas(), []);
  call('shop/ada');
  assert.deepEqual(limiting.nearQuotas(), []);
});

test('those that came last are told, as many as a message takes', () => {
  const { limiting, call } = given();
  for (let one = 0; one < 120; one += 1) for (let at = 0; at < 8; at += 1) call(`shop/c${String(one)}`);
  const near = limiting.nearQuotas();
  assert.equal(near.length, 100);
  assert.equal(near.at(-1)?.consumer, 'shop/c119');
});

test('a part of a limit, what nobody knows and what is of another period say nothing', () => {
  const near = new NearQuotas(() => midday);
  const watch = near.watchOf(plan);
  const outcome = (change: Partial<Outcome>): Outcome => ({
    ...emptyOutcome(),
    verdict: 'Admitted',
    remaining: [50, 1],
    resetMs: [0, midnight - midday],
    ...change,
  });
  for (const change of [{ share: 3 }, { verdict: 'Unknown' }, { resetMs: [0, 5] }] as const) {
    watch?.(callOf('shop/ada'), outcome(change as Partial<Outcome>));
  }
  assert.deepEqual(near.all, []);
  watch?.(callOf('shop/ada'), outcome({}));
  assert.equal(near.all.length, 1);
  assert.equal(near.watchOf({ ...plan, limits: plan.limits.slice(0, 2) }), null);
});
