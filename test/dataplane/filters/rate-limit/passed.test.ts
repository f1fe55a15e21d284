// Waits of requests that a limit delays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { variables } from '#test/cel/subject.ts';
import { exchangeOf, rateLimit } from './given-rate-limit.ts';

test('a client that leaves while its request waits holds no place any more', { timeout: 5000 }, async () => {
  const limiting = createRateLimiting({ variables, now: () => 5000, random: () => 0 });
  const limits = [
    { name: 'hour', algorithm: 'LeakyBucket', requests: 1, windowMs: 3_600_000, queue: 5 },
  ] as const;
  const filter = limiting.filterFor(rateLimit({ limits }));
  assert.equal(await filter.apply(exchangeOf()), null);
  const exchange = exchangeOf();
  const waiting = filter.apply(exchange);
  assert.ok(waiting instanceof Promise);
  exchange.atEnd({ kind: 'ClientGone' });
  await waiting;
});
