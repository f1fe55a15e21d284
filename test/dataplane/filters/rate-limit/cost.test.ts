// What requests take of a limit, by an expression.
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { needsNoIdentity } from '#dataplane/filters/rate-limit/expressions.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { variables } from '#test/cel/subject.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeOf, limitOf, rateLimit } from './given-rate-limit.ts';

const byHeader = { type: 'Request', expression: "int(request.headers['x-units'])" } as const;

/** What becomes of requests that name their units, one after the other. */
function asked(given: Partial<RateLimit>, ...units: readonly string[]) {
  const limiting = createRateLimiting({ variables, now: () => 0, random: () => 0 });
  const filter = limiting.filterFor(rateLimit({ cost: byHeader, ...given }));
  const told = units.map((each) => {
    const exchange = exchangeOf({ fields: { 'x-units': each } });
    const verdict = filter.apply(exchange);
    assert.ok(!(verdict instanceof Promise));
    const left = /;r=(\d+)/u.exec(exchange.answerFields.joined('ratelimit') ?? '')?.[1];
    return `${verdict === null ? 'passes' : verdict.kind}${left === undefined ? '' : ` ${left}`}`;
  });
  return { told, decisions: limiting.stats().rules[0]?.decisions };
}

const ten = { limits: [limitOf(10, 60_000)] };

test('a request takes what its cost comes to, all of it or nothing', () => {
  const { told } = asked(ten, '4', '7', '5', '1', '1');
  assert.deepEqual(told, ['passes 6', 'RateLimited 6', 'passes 1', 'passes 0', 'RateLimited 0']);
});

test('all limits of a rule must have what it takes, and one that has not charges none', () => {
  const limits = [limitOf(10, 60_000, 10, 'small'), limitOf(100, 60_000, 100, 'large')];
  assert.deepEqual(asked({ limits }, '8', '8', '2').told, ['passes 2', 'RateLimited 2', 'passes 0']);
});

test('a request that takes nothing is not counted', () => {
  const { told, decisions } = asked(ten, '10', '0', '1');
  assert.deepEqual(told, ['passes 0', 'passes', 'RateLimited 0']);
  assert.deepEqual(decisions, { Admitted: 1, Refused: 1, Unknown: 0, Skipped: 1 });
});

test('what takes more than a limit ever has is refused always, and takes nothing', () => {
  for (const units of ['11', '1000000000']) {
    assert.deepEqual(asked(ten, units, '10').told, ['RequestTooCostly', 'passes 0'], units);
  }
});

test('what nobody can tell the cost of is refused: neither text nor number, less than nothing, too much', () => {
  for (const units of ['', 'many', '1.5', '-1', '1000000001', '99999999999999999999']) {
    assert.deepEqual(asked(ten, units).told, ['RequestTooCostly'], units);
  }
  const cost = { type: 'Request', expression: 'no.such' } as const;
  assert.deepEqual(asked({ ...ten, cost }, '1').told, ['RequestTooCostly'], 'that this build cannot compile');
});

test('in shadow mode it is only counted', () => {
  const { told, decisions } = asked({ ...ten, mode: 'Shadow' }, '11', '10', '1');
  assert.deepEqual(told, ['passes', 'passes', 'passes']);
  assert.deepEqual(decisions, { Admitted: 1, Refused: 2, Unknown: 0, Skipped: 0 });
});

test('a limit by address whose cost asks who calls is asked once that is known', () => {
  const early = (expression: string): boolean =>
    needsNoIdentity(rateLimit({ cost: { type: 'Request', expression } }), variables);
  assert.ok(early("size(request.query['id'])"));
  assert.ok(!early('size(auth.groups)'));
});
