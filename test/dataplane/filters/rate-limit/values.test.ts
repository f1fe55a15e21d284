// Other limits for keys that are just some text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import { variables } from '#test/cel/subject.ts';
import { exchangeOf, limitOf, rateLimit } from './given-rate-limit.ts';

const key = { kind: 'Header', header: 'x-tenant', onUnknown: 'Share' } as const;
const gold = { values: ['acme', 'initech'], limits: [limitOf(5, 60_000, 5, 'minute')] };

function given() {
  return createRateLimiting({ variables, now: () => 5000, random: () => 0 });
}

/** How many of 20 requests of a tenant are let in, and what the last of them is told of. */
function tried(filter: RequestFilter, tenant: string) {
  let admitted = 0;
  let told = '';
  for (let at = 0; at < 20; at += 1) {
    const exchange = exchangeOf({ fields: { 'x-tenant': tenant } });
    if (filter.apply(exchange) === null) admitted += 1;
    told = exchange.answerFields.joined('ratelimit-policy') ?? '';
  }
  return { admitted, told };
}

test('keys that are one of the texts have the limits beside them, each for itself', () => {
  const limits = [limitOf(2, 60_000, 2, 'minute')];
  const filter = given().filterFor(rateLimit({ key, limits, values: [gold] }));
  assert.deepEqual(tried(filter, 'acme'), { admitted: 5, told: '"limits/per-client/minute";q=5;w=60' });
  assert.equal(tried(filter, 'initech').admitted, 5);
  assert.deepEqual(tried(filter, 'umbrella'), { admitted: 2, told: '"limits/per-client/minute";q=2;w=60' });
  assert.equal(tried(filter, 'Acme').admitted, 2, 'texts are compared to the letter');
  assert.equal(tried(filter, '').admitted, 2, 'an unknown key has the usual limits');
});

test('what a key has used stays used when it gets other limits of the same name', () => {
  const limiting = given();
  const limits = [limitOf(2, 60_000, 2, 'minute')];
  assert.equal(tried(limiting.filterFor(rateLimit({ key, limits: gold.limits })), 'acme').admitted, 5);
  assert.equal(tried(limiting.filterFor(rateLimit({ key, limits, values: [gold] })), 'acme').admitted, 0);
  assert.equal(tried(limiting.filterFor(rateLimit({ key, limits })), 'acme').admitted, 0);
});

test('a text too long to be kept as it is has its own limits too', () => {
  const long = 'a'.repeat(200);
  const filter = given().filterFor(rateLimit({ key, values: [{ ...gold, values: [long] }] }));
  assert.equal(tried(filter, long).admitted, 5);
});

test('some keys may have a limit on what is under way where others have none', () => {
  const limits = [{ name: 'at-a-time', algorithm: 'Concurrency', requests: 3 }] as const;
  const filter = given().filterFor(rateLimit({ key, values: [{ values: ['acme'], limits }] }));
  assert.equal(tried(filter, 'acme').admitted, 3);
  assert.equal(tried(filter, 'umbrella').admitted, 20);
});
