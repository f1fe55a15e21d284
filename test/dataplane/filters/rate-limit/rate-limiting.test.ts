import { variables } from '#test/cel/subject.ts';
import { retryAfterSeconds } from '#dataplane/filters/rate-limit/answer-fields.ts';
import { answerTo, grpcAnswerTo } from '#dataplane/proxy/answer.ts';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { nobody, type RequestFilter, type Verdict } from '#dataplane/http/exchange.ts';
import type { Limit } from '#snapshot/limit.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeOf, fleetOf, limitOf, rateLimit, redisStore } from './given-rate-limit.ts';

/** Rate limiting under a clock that stands still until it is told. */
function given(): { limiting: ReturnType<typeof createRateLimiting>; clock: { ms: number } } {
  const clock = { ms: 5000 };
  return { limiting: createRateLimiting({ variables, now: () => clock.ms, random: () => 0.25 }), clock };
}

async function admitted(filter: RequestFilter, times: number, exchange = exchangeOf()): Promise<number> {
  let count = 0;
  for (let turn = 0; turn < times; turn += 1) {
    if ((await filter.apply(exchange)) === null) count += 1;
  }
  return count;
}

test('a burst passes at once, then requests pass at the steady rate', async () => {
  const { limiting, clock } = given();
  const filter = limiting.filterFor(rateLimit());
  assert.equal(await admitted(filter, 400), 100);
  clock.ms += 599;
  assert.equal(await admitted(filter, 3), 0);
  clock.ms += 1;
  assert.equal(await admitted(filter, 3), 1);
  let later = 0;
  for (let tenth = 0; tenth < 3000; tenth += 1) {
    clock.ms += 100;
    later += await admitted(filter, 1);
  }
  assert.equal(later, 500);
});

test('each client has a burst of its own, and an IPv6 client is its /64', async () => {
  const { limiting } = given();
  const filter = limiting.filterFor(rateLimit({ limits: [limitOf(2, 60_000)] }));
  assert.equal(await admitted(filter, 5, exchangeOf({ address: '192.0.2.1' })), 2);
  assert.equal(await admitted(filter, 5, exchangeOf({ address: '192.0.2.2' })), 2);
  assert.equal(await admitted(filter, 5, exchangeOf({ address: '2001:db8:0:7::1' })), 2);
  assert.equal(await admitted(filter, 5, exchangeOf({ address: '2001:db8:0:7:ffff::2' })), 0);
  assert.equal(await admitted(filter, 5, exchangeOf({ address: '2001:db8:0:8::1' })), 2);
});

test('every limit of a rule must hold, and a refused request is charged to none', async () => {
  const { limiting, clock } = given();
  const limits = [limitOf(2, 1000, 2, 'second'), limitOf(5, 60_000, 5, 'minute')];
  const filter = limiting.filterFor(rateLimit({ limits }));
  assert.equal(await admitted(filter, 50), 2);
  clock.ms += 1000;
  assert.equal(await admitted(filter, 50), 2);
  clock.ms += 1000;
  assert.equal(await admitted(filter, 50), 1);
});

test('a refusal tells when the next request will pass', async () => {
  const { limiting, clock } = given();
  const filter = limiting.filterFor(rateLimit({ limits: [limitOf(2, 60_000, 2, 'minute')] }));
  await admitted(filter, 2);
  clock.ms += 500;
  const exchange = exchangeOf();
  assert.deepEqual(await filter.apply(exchange), {
    kind: 'RateLimited',
    retryAfterS: 32, // 29.5 s, and a quarter (of this random number) of a quarter of it
    denial: null,
    detail: 'shop/limits/per-client/minute',
  } satisfies Verdict);
  assert.equal(exchange.answerFields.joined('ratelimit'), '"limits/per-client/minute";r=0;t=30');
  assert.equal(exchange.answerFields.joined('ratelimit-policy'), '"limits/per-client/minute";q=2;w=60');
});

test('of several limits the log names the one that refuses', async () => {
  const { limiting, clock } = given();
  const limits = [limitOf(2, 1000, 2, 'second'), limitOf(3, 60_000, 3, 'minute')];
  const filter = limiting.filterFor(rateLimit({ limits }));
  const refusal = async () => {
    const verdict = await filter.apply(exchangeOf());
    return verdict?.kind === 'RateLimited' ? verdict.detail : verdict;
  };
  assert.equal(await admitted(filter, 2), 2);
  assert.equal(await refusal(), 'shop/limits/per-client/second');
  clock.ms += 1000;
  assert.equal(await admitted(filter, 1), 1);
  assert.equal(await refusal(), 'shop/limits/per-client/minute');
});

test('a refusal may be told in the words of its rule', async () => {
  const { limiting } = given();
  const denial = { contentType: 'application/json', body: '{"error": {status}, "id": "{requestId}"}' };
  const filter = limiting.filterFor(rateLimit({ denial, limits: [limitOf(1, 60_000)] }));
  await admitted(filter, 1);
  const verdict = await filter.apply(exchangeOf());
  assert(verdict?.kind === 'RateLimited');
  const answer = answerTo(verdict);
  assert.equal(answer.status, 429);
  assert.equal(answer.fields.get('content-type'), 'application/json');
  assert.equal(answer.fields.get('retry-after'), String(verdict.retryAfterS));
  assert.equal(answer.body.toString(), '{"error": 429, "id": ""}');
  assert.equal(grpcAnswerTo(verdict).fields.get('grpc-status'), '8', 'calls of gRPC have their own words');
});

test('an answer tells what is left of each limit', async () => {
  const { limiting } = given();
  const limits = [limitOf(10, 1000, 20, 'second'), limitOf(100, 60_000, 50, 'min"ute')];
  const filter = limiting.filterFor(rateLimit({ limits }));
  const exchange = exchangeOf();
  assert.equal(await filter.apply(exchange), null);
  assert.equal(
    exchange.answerFields.joined('ratelimit'),
    '"limits/per-client/second";r=19;t=1, "limits/per-client/min\\"ute";r=49;t=1',
  );
  assert.equal(
    exchange.answerFields.joined('ratelimit-policy'),
    '"limits/per-client/second";q=10;w=1, "limits/per-client/min\\"ute";q=100;w=60',
  );
});

test('in shadow mode requests are counted, never refused, and the client learns nothing', async () => {
  const { limiting } = given();
  const filter = limiting.filterFor(rateLimit({ mode: 'Shadow', limits: [limitOf(2, 60_000)] }));
  const exchange = exchangeOf();
  assert.equal(await admitted(filter, 5, exchange), 5);
  assert.equal(exchange.answerFields.size, 0);
  assert.deepEqual(limiting.stats().rules, [
    { rule: 'shop/limits/per-client', decisions: { Admitted: 2, Refused: 3, Unknown: 0, Skipped: 0 } },
  ]);
});

test('counters outlive a change of the rule and of its object', async () => {
  const { limiting } = given();
  assert.equal(await admitted(limiting.filterFor(rateLimit()), 90), 90);
  assert.equal(await admitted(limiting.filterFor(rateLimit({ onStoreError: 'Open' })), 90), 10);
  const fewer = limiting.filterFor(rateLimit({ limits: [limitOf(100, 60_000, 5, 'minute')] }));
  assert.equal(await admitted(fewer, 10), 0);
  const other = limiting.filterFor(rateLimit({ name: 'shop/limits/other' }));
  assert.equal(await admitted(other, 200), 100);
});

test('a missing header is skipped, shared or refused as the rule says', async () => {
  const limits = [limitOf(1, 60_000)];
  for (const [onUnknown, expected] of [
    ['Skip', 3],
    ['Share', 1],
    ['Refuse', 0],
  ] as const) {
    const { limiting } = given();
    const filter = limiting.filterFor(
      rateLimit({ limits, key: { kind: 'Header', header: 'x-team', onUnknown } }),
    );
    assert.equal(await admitted(filter, 3), expected, onUnknown);
    assert.equal(await admitted(filter, 3, exchangeOf({ fields: { 'x-team': 'red' } })), 1);
    assert.equal(await admitted(filter, 3, exchangeOf({ fields: { 'x-team': 'blue' } })), 1);
  }
});

test('claims are found by their own name first, then by their dots; only plain values count', async () => {
  const { limiting } = given();
  const key = { kind: 'Claim', claim: 'org.id', onUnknown: 'Skip' } as const;
  const filter = limiting.filterFor(rateLimit({ limits: [limitOf(1, 60_000)], key }));
  assert.equal(await admitted(filter, 3, exchangeOf({ claims: { org: { id: 7 } } })), 1);
  assert.equal(await admitted(filter, 3, exchangeOf({ claims: { 'org.id': '7' } })), 0);
  assert.equal(await admitted(filter, 3, exchangeOf({ claims: { 'org.id': 'seven', org: { id: 7 } } })), 1);
  assert.equal(await admitted(filter, 3, exchangeOf({ claims: { org: { id: ['7'] } } })), 3);
  assert.equal(await admitted(filter, 3, exchangeOf({ claims: {} })), 3);
  const inherited = limiting.filterFor(
    rateLimit({ limits: [limitOf(1, 60_000)], key: { ...key, claim: 'constructor.name' } }),
  );
  assert.equal(await admitted(inherited, 3, exchangeOf({ claims: {} })), 3);
});

test('very long values are told apart though they are not kept', async () => {
  const { limiting } = given();
  const key = { kind: 'Header', header: 'x-team', onUnknown: 'Skip' } as const;
  const filter = limiting.filterFor(rateLimit({ limits: [limitOf(1, 60_000)], key }));
  const long = 'a'.repeat(8000);
  assert.equal(await admitted(filter, 3, exchangeOf({ fields: { 'x-team': `${long}1` } })), 1);
  assert.equal(await admitted(filter, 3, exchangeOf({ fields: { 'x-team': `${long}2` } })), 1);
});

test('those who are refused together come back one after another, and none too early', () => {
  for (const [waitMs, earliest, latest] of [
    [1, 1, 2],
    [1500, 2, 3],
    [60_000, 60, 75],
    [2_592_000_000, 2_592_000, 2_592_060],
  ] as const) {
    assert.equal(retryAfterSeconds(waitMs, 0), earliest);
    assert.equal(retryAfterSeconds(waitMs, 0.999_999), latest);
  }
});

test('X-RateLimit tells of the one limit that is nearest to its end, over all rules', async () => {
  const { limiting, clock } = given();
  const answerFields = 'XRateLimit';
  const limits = [limitOf(10, 10_000, 10, 'some'), limitOf(3, 60_000, 3, 'few')];
  const near = limiting.filterFor(rateLimit({ limits, answerFields }));
  const far = limiting.filterFor(
    rateLimit({ name: 'shop/limits/other', limits: [limitOf(100, 1000)], answerFields }),
  );
  const told = async () => {
    const exchange = exchangeOf();
    for (const filter of [far, near, far]) await filter.apply(exchange);
    return exchange.answerFields.flat.filter((_, at) => at % 2 === 1).join('');
  };
  const lines = (left: number, resetS: number) =>
    `X-RateLimit-Limit: 3\r\nX-RateLimit-Remaining: ${left}\r\nX-RateLimit-Reset: ${resetS}\r\n`;
  assert.equal(await told(), lines(2, 20));
  assert.equal(await told(), lines(1, 40));
  assert.equal(await told(), lines(0, 20), 'until the next one passes');
  clock.ms += 500;
  assert.equal(await told(), lines(0, 20), 'also with a refusal');
});

test('which fields tell what is left is a choice', async () => {
  const names = async (answerFields: RateLimit['answerFields']) => {
    const exchange = exchangeOf();
    await given().limiting.filterFor(rateLimit({ answerFields })).apply(exchange);
    return exchange.answerFields.flat.filter((_, at) => at % 2 === 0);
  };
  const draft = ['ratelimit', 'ratelimit-policy'];
  const xRateLimit = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];
  assert.deepEqual(await names('Draft'), draft);
  assert.deepEqual(await names('XRateLimit'), xRateLimit);
  assert.deepEqual(await names('Both'), [...draft, ...xRateLimit]);
  assert.deepEqual(await names('None'), []);
});

test('who is exempt is neither counted nor refused', async () => {
  const { limiting } = given();
  const exempt = { addresses: ['192.0.2.0/31', '2001:db8::/32'], consumers: ['shop/reports'] };
  const filter = limiting.filterFor(rateLimit({ exempt, limits: [limitOf(1, 60_000)] }));
  assert.equal(await admitted(filter, 3, exchangeOf({ address: '192.0.2.1' })), 3);
  assert.equal(await admitted(filter, 3, exchangeOf({ address: '192.0.2.2' })), 1);
  assert.equal(await admitted(filter, 3, exchangeOf({ address: '2001:db8:7::1' })), 3);
  assert.equal(await admitted(filter, 3, exchangeOf({ address: '2001:db9:7::1' })), 1);
  const of = (consumer: string, address: string) => {
    const exchange = exchangeOf({ address });
    exchange.identity = { ...nobody, method: 'APIKey', consumer };
    return exchange;
  };
  assert.equal(await admitted(filter, 3, of('shop/reports', '192.0.2.3')), 3);
  assert.equal(await admitted(filter, 3, of('cart/reports', '192.0.2.3')), 1);
  assert.equal(await admitted(filter, 3, of('', '192.0.2.4')), 1);
});

test('a rule that exempts consumers is asked once it is known who calls', () => {
  const { limiting } = given();
  const exempt = (consumers: readonly string[]) =>
    rateLimit({ exempt: { addresses: ['192.0.2.0/24'], consumers } });
  assert.equal(limiting.needsNoIdentity(exempt([])), true);
  assert.equal(limiting.needsNoIdentity(exempt(['shop/reports'])), false);
});

test('requests that wait in one namespace leave places to those of others', async () => {
  const wait = (): Promise<void> => new Promise(() => {});
  const limiting = createRateLimiting({ variables, now: () => 0, random: () => 0, wait });
  const slow: Limit = { name: 'slow', algorithm: 'LeakyBucket', requests: 1, windowMs: 1, queue: 50_000 };
  const waiting = (name: string): number => {
    const filter = limiting.filterFor(rateLimit({ name, limits: [slow] }));
    let count = 0;
    for (let turn = 0; turn < 30_000; turn += 1)
      if (filter.apply(exchangeOf()) instanceof Promise) count += 1;
    return count;
  };
  assert.deepEqual([waiting('a/limits/one'), waiting('a/limits/two')], [10_001, 0]);
  assert.equal(waiting('b/limits/one'), 5_000);
});

test('of a Redis of which nobody tells where it is, each rule does as its onStoreError says', async () => {
  const { limiting } = given();
  limiting.configure(redisStore(''), fleetOf(4));
  const named = (onStoreError: RateLimit['onStoreError']) =>
    limiting.filterFor(rateLimit({ name: `shop/limits/${onStoreError}`, onStoreError }));
  assert.equal(await admitted(named('Local'), 200), 25);
  assert.equal(await admitted(named('Open'), 200), 200);
  assert.equal(await admitted(named('Closed'), 200), 0);
  await limiting.close();
});

test('who has used up a limit waits no longer than a larger one takes that comes in its place', async () => {
  const { limiting, clock } = given();
  assert.equal(await admitted(limiting.filterFor(rateLimit({ limits: [limitOf(1, 3_600_000)] })), 2), 1);
  const larger = limiting.filterFor(rateLimit({ limits: [limitOf(100, 60_000)] }));
  assert.equal(await admitted(larger, 2), 0);
  clock.ms += 6000;
  assert.equal(await admitted(larger, 20), 10);
});
