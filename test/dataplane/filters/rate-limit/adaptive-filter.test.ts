// Requests are shed by what the answers of the backend tell, and by nothing else.
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { needsNoIdentity } from '#dataplane/filters/rate-limit/expressions.ts';
import type { Exchange, RequestFilter, RuleName } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { variables } from '#test/cel/subject.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeOf, rateLimit } from './given-rate-limit.ts';

const adaptive = { latencyMs: 100, errorPercentMax: 10, concurrencyMin: 2, concurrencyMax: 50 };
const shop: RuleName = { route: 'HTTPRoute/shop/shop', name: '0' };

function given(parts: Partial<RateLimit> = {}) {
  const clock = { ms: 1000 };
  const limiting = createRateLimiting({ variables, now: () => clock.ms, random: () => 0 });
  const limit = rateLimit({ limits: [], adaptive, ...parts });
  return { clock, limiting, filter: limiting.filterFor(limit) };
}

/** A request of a route's rule; null where it is refused. */
function sent(filter: RequestFilter, rule = shop): Exchange | null {
  const exchange = Object.assign(exchangeOf(), { rule });
  const verdict = filter.apply(exchange);
  assert.ok(!(verdict instanceof Promise));
  if (verdict !== null) {
    assert.deepEqual(verdict, { kind: 'BackendOverloaded', detail: 'shop/limits/per-client' });
    return null;
  }
  exchange.atSent();
  return exchange;
}

/** As many requests as are let through. */
function all(filter: RequestFilter, rule = shop): Exchange[] {
  const exchanges: Exchange[] = [];
  for (let one = sent(filter, rule); one !== null; one = sent(filter, rule)) exchanges.push(one);
  return exchanges;
}

function answered(exchange: Exchange, status = 200): void {
  exchange.atAnswer({ status, fields: new Fields() });
}

const gone: Failure = { kind: 'ClientGone' };
const closed: Failure = { kind: 'BackendClosed', detail: '' };

/** How many may be under way after a second of rounds of which each request ends by `end`. */
function after(end: (exchange: Exchange) => void, ms = 20): number {
  const { clock, filter } = given();
  for (let round = 0; round < 50; round += 1) {
    const exchanges = all(filter);
    clock.ms += ms;
    for (const exchange of exchanges) {
      end(exchange);
      exchange.atEnd(null);
    }
  }
  return all(filter).length;
}

test('more are let through as answers are good and in time, and fewer when they are late or fail', () => {
  assert.equal(
    after((exchange) => answered(exchange)),
    50,
  );
  assert.equal(
    after((exchange) => answered(exchange), 101),
    2,
  );
  assert.equal(
    after((exchange) => answered(exchange, 500)),
    2,
  );
  assert.equal(
    after((exchange) => answered(exchange, 404)),
    50,
  );
  assert.equal(
    after((exchange) => exchange.atEnd(closed)),
    2,
  );
  assert.equal(
    after((exchange) => exchange.atEnd(gone)),
    2,
    'of which nothing was learned',
  );
});

test('places are free when answers begin, not when they have been read, or when nobody waits any more', () => {
  const { filter } = given();
  const [first, second] = all(filter);
  assert.ok(first && second);
  assert.equal(sent(filter), null);
  answered(first);
  const third = sent(filter);
  assert.ok(third);
  first.atEnd(null);
  assert.equal(sent(filter), null, 'not for the second time');
  second.atEnd(gone);
  third.atEnd(closed);
  assert.equal(all(filter).length, 2);
});

test('a request whose answer begins before all of it was sent takes no place for as long as that is read', () => {
  const { filter } = given();
  for (let turn = 0; turn < 5; turn += 1) {
    const exchange = Object.assign(exchangeOf(), { rule: shop });
    assert.equal(filter.apply(exchange), null);
    answered(exchange);
    exchange.atSent();
  }
  assert.equal(all(filter).length, 2);
});

test('who sends slowly takes no place, and its time is not the backend’s', () => {
  const { clock, filter } = given();
  const slow = Array.from({ length: 10 }, () => Object.assign(exchangeOf(), { rule: shop }));
  for (const exchange of slow) assert.equal(filter.apply(exchange), null);
  clock.ms += 10_000;
  assert.equal(all(filter).length, 2);
  for (const exchange of slow) exchange.atEnd(gone);
});

test('each rule of a route has places of its own', () => {
  const { filter } = given();
  assert.deepEqual(
    [all(filter).length, all(filter, { route: 'HTTPRoute/shop/cart', name: '0' }).length],
    [2, 2],
  );
});

test('in shadow mode nobody is refused; who is exempt or not meant is not counted', () => {
  const shadow = given({ mode: 'Shadow' });
  for (let turn = 0; turn < 5; turn += 1) assert.ok(sent(shadow.filter));
  assert.deepEqual(shadow.limiting.stats().rules[0]?.decisions, {
    Admitted: 2,
    Refused: 3,
    Unknown: 0,
    Skipped: 0,
  });
  const exempt = { addresses: ['192.0.2.1/32'], consumers: [] };
  for (const parts of [{ exempt }, { when: 'false' }]) {
    const { filter } = given(parts);
    for (let turn = 0; turn < 5; turn += 1) assert.ok(sent(filter));
  }
});

test('it is asked after authentication, whose time is none of the backend’s', () => {
  assert.ok(!needsNoIdentity(rateLimit({ adaptive, limits: [] }), variables));
});
