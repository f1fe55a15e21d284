// What answers take of a limit, charged when they have ended.
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { needsNoIdentity } from '#dataplane/filters/rate-limit/expressions.ts';
import type { Exchange, RequestFilter } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { variables } from '#test/cel/subject.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeOf, limitOf, rateLimit } from './given-rate-limit.ts';

const rows = { type: 'Response', expression: "int(response.headers['x-rows'])" } as const;
const hundred = limitOf(100, 60_000);

function given(parts: Partial<RateLimit> = {}) {
  const clock = { ms: 1000 };
  const limiting = createRateLimiting({ variables, now: () => clock.ms, random: () => 0 });
  const limit = rateLimit({ cost: rows, limits: [hundred], ...parts });
  return { clock, limiting, filter: limiting.filterFor(limit) };
}

/** A request that the filter was asked about, and what it said. */
function asked(filter: RequestFilter): { readonly exchange: Exchange; readonly verdict: string } {
  const exchange = exchangeOf();
  const verdict = filter.apply(exchange);
  assert.ok(!(verdict instanceof Promise));
  return { exchange, verdict: verdict === null ? 'passes' : verdict.kind };
}

function answered(exchange: Exchange, headers: Readonly<Record<string, string>>): void {
  const fields = new Fields();
  for (const [name, value] of Object.entries(headers)) fields.append(name, value);
  exchange.atAnswer({ status: 200, fields });
  // As a filter that hides it from the client.
  for (const name of Object.keys(headers)) fields.remove(name);
}

/** What is left for the next request, which takes nothing. */
function left(filter: RequestFilter): number {
  const { exchange } = asked(filter);
  return Number(/;r=(\d+)/u.exec(exchange.answerFields.joined('ratelimit') ?? '')?.[1]);
}

test('requests go on while a unit is left; what their answers take is charged at their end, as a debt too', () => {
  const { clock, filter } = given();
  const all = [asked(filter), asked(filter), asked(filter)];
  assert.deepEqual(
    all.map(({ verdict }) => verdict),
    ['passes', 'passes', 'passes'],
  );
  for (const { exchange } of all) answered(exchange, { 'x-rows': '60' });
  assert.equal(left(filter), 100, 'before they have ended');
  for (const { exchange } of all) exchange.atEnd(null);
  assert.equal(asked(filter).verdict, 'RateLimited');
  // 180 of 100: the 80, and one more, are there after 81 of 100 parts of a minute.
  clock.ms += 0.81 * 60_000 - 10;
  assert.equal(asked(filter).verdict, 'RateLimited');
  clock.ms += 10;
  assert.equal(asked(filter).verdict, 'passes');
});

test('no debt is more than the limit gives in a window', () => {
  const { clock, filter } = given();
  const { exchange } = asked(filter);
  answered(exchange, { 'x-rows': '1000000000' });
  exchange.atEnd(null);
  clock.ms += 60_000 + 590;
  assert.equal(asked(filter).verdict, 'RateLimited');
  clock.ms += 10;
  assert.equal(asked(filter).verdict, 'passes');
});

test('an answer of which nobody can tell what it takes counts as much as the smallest limit has', () => {
  for (const headers of [{}, { 'x-rows': 'many' }, { 'x-rows': '-1' }]) {
    const limits = [hundred, { ...limitOf(1000, 60_000), name: 'large' }];
    const { filter } = given({ limits });
    const { exchange } = asked(filter);
    answered(exchange, headers);
    exchange.atEnd(null);
    const { verdict, exchange: next } = asked(filter);
    assert.equal(verdict, 'RateLimited', JSON.stringify(headers));
    assert.match(next.answerFields.joined('ratelimit') ?? '', /only";r=0;.*large";r=900;/u);
  }
});

test('an exchange that no backend has answered takes one, and a refused one nothing', () => {
  const { filter } = given({ limits: [limitOf(2, 60_000)] });
  for (const expected of ['passes', 'passes', 'RateLimited', 'RateLimited']) {
    const { exchange, verdict } = asked(filter);
    assert.equal(verdict, expected);
    exchange.atEnd(null);
  }
});

test('status, octets and trailers can be what it takes, and so can the request', () => {
  const cases = [
    ['response.status == 200 ? 0 : 7', 100],
    ['response.bytes / 1024', 97],
    ["int(response.trailers['x-tokens'])", 96],
    ['response.trailers.size() + size(request.path)', 98],
  ] as const;
  for (const [expression, expected] of cases) {
    const { filter } = given({ cost: { type: 'Response', expression } });
    const { exchange } = asked(filter);
    answered(exchange, {});
    const trailers = new Fields();
    trailers.append('x-tokens', '4');
    Object.assign(exchange, { bytesOut: 3500, trailers }).atEnd(null);
    assert.equal(left(filter), expected, expression);
  }
});

test('in shadow mode debts are counted, and nobody is refused', () => {
  const { filter, limiting } = given({ mode: 'Shadow', limits: [limitOf(1, 60_000)] });
  for (let turn = 0; turn < 3; turn += 1) {
    const { exchange, verdict } = asked(filter);
    assert.equal(verdict, 'passes');
    exchange.atEnd(null);
  }
  assert.deepEqual(limiting.stats().rules[0]?.decisions, { Admitted: 1, Refused: 2, Unknown: 0, Skipped: 0 });
});

test('whom an answer was for may be asked without waiting for who calls', () => {
  const expression = "auth.plan == 'free' ? 2 : 1";
  assert.ok(needsNoIdentity(rateLimit({ cost: { type: 'Response', expression } }), variables));
});
