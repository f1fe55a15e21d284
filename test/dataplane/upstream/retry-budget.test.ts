import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { RetryBudget } from '#dataplane/upstream/retry-budget.ts';

const terms = { percent: 20, intervalMs: 10_000, retriesPerSecondMin: 10 };

/** How many of as many as are wanted may be. */
function granted(budget: RetryBudget, wanted: number, nowMs: number): number {
  return Array.from({ length: wanted }, () => budget.mayRetry(nowMs)).filter(Boolean).length;
}

function begin(budget: RetryBudget, requests: number): void {
  for (let at = 0; at < requests; at += 1) budget.began();
}

describe('a retry budget', () => {
  it('grants its percentage of the interval, and its minimum of the interval beside that', () => {
    const budget = new RetryBudget(terms, 0);
    begin(budget, 1_000);
    assert.equal(granted(budget, 1_000, 0), 300);
  });

  it('grants its minimum each second when nothing else is asked', () => {
    const budget = new RetryBudget(terms, 0);
    assert.equal(granted(budget, 1_000, 0), 100);
    assert.equal(granted(budget, 1_000, 500), 5);
    assert.equal(granted(budget, 1_000, 60_000), 100);
  });

  it('forgets requests and retries that are older than the interval', () => {
    const budget = new RetryBudget({ ...terms, retriesPerSecondMin: 0 }, 0);
    begin(budget, 100);
    assert.equal(granted(budget, 100, 1_000), 20);
    begin(budget, 100);
    assert.equal(granted(budget, 100, 5_000), 20);
    assert.equal(granted(budget, 100, 12_000), 0);
    assert.equal(granted(budget, 100, 25_000), 0);
    begin(budget, 10);
    assert.equal(granted(budget, 100, 26_000), 2);
  });

  it('counts requests of long ago no more, though nobody asked for a retry meanwhile', () => {
    const budget = new RetryBudget({ ...terms, retriesPerSecondMin: 0 }, 0);
    begin(budget, 1_000_000);
    for (let nowMs = 0; nowMs < 30_000; nowMs += 250) budget.sweep(nowMs);
    assert.equal(granted(budget, 10, 30_000), 0);
  });

  it('never grants more than its percentage and its minimum together, however they are spread', () => {
    const steps = fc.array(fc.tuple(fc.nat(400), fc.nat(50), fc.nat(50)), { minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 0, max: 20 }),
        (all, percent, min) => {
          const budget = new RetryBudget({ percent, intervalMs: 2_000, retriesPerSecondMin: min }, 0);
          let nowMs = 0;
          let requests = 0;
          let retries = 0;
          for (const [passedMs, begun, wanted] of all) {
            nowMs += passedMs;
            budget.sweep(nowMs);
            begin(budget, begun);
            requests += begun;
            retries += granted(budget, wanted, nowMs);
            const most = (requests * percent) / 100 + ((2_000 + nowMs) * min) / 1_000;
            assert.ok(retries <= most + 1e-6, `${retries} of ${most}`);
          }
        },
      ),
    );
  });
});
