// Which requests count together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import { variables } from '#test/cel/subject.ts';
import { exchangeOf, limitOf, rateLimit } from './given-rate-limit.ts';

const scope = { kind: 'Shared', name: 'shop/checkout' } as const;

function given() {
  return createRateLimiting({ variables, now: () => 5000, random: () => 0 });
}

function admitted(filter: RequestFilter): number {
  return Array.from({ length: 10 }, () => filter.apply(exchangeOf())).filter((one) => one === null).length;
}

test('rules of one shared name count together, others for themselves', () => {
  const limiting = given();
  const limits = [limitOf(4, 60_000)];
  assert.equal(admitted(limiting.filterFor(rateLimit({ name: 'shop/a/r', scope, limits }))), 4);
  assert.equal(admitted(limiting.filterFor(rateLimit({ name: 'shop/b/r', scope, limits }))), 0);
  assert.equal(admitted(limiting.filterFor(rateLimit({ name: 'shop/b/r', limits }))), 4);
  const elsewhere = { ...scope, name: 'other/checkout' };
  assert.equal(admitted(limiting.filterFor(rateLimit({ name: 'other/b/r', scope: elsewhere, limits }))), 4);
});

test('what is under way counts together too', () => {
  const limiting = given();
  const limits = [{ name: 'at-a-time', algorithm: 'Concurrency', requests: 3 }] as const;
  assert.equal(admitted(limiting.filterFor(rateLimit({ name: 'shop/a/r', scope, limits }))), 3);
  assert.equal(admitted(limiting.filterFor(rateLimit({ name: 'shop/b/r', scope, limits }))), 0);
});
