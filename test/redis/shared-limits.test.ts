// Limits that several data planes keep together through a real Redis.
import { variables } from '#test/cel/subject.ts';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import type { RateLimiting, RateLimitingOptions } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenAnyRedis, redisMissing } from '#test/given/redis.ts';
import type { GivenRedis } from '#test/given/redis.ts';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  exchangeOf,
  fleetOf,
  limitOf,
  rateLimit,
  redisStore,
} from '../dataplane/filters/rate-limit/given-rate-limit.ts';

/** Redis keeps its own time, so the clock of these tests is the real one. */
const options: RateLimitingOptions = {
  variables,
  now: () => performance.now(),
  random: Math.random,
  // A machine that is busy with other tests must not look like a Redis that hangs.
  storeDeadlineMs: 5000,
};

describe('limits shared through Redis', { skip: redisMissing() }, () => {
  let redis: GivenRedis;
  const open: RateLimiting[] = [];

  before(async () => {
    redis = await givenAnyRedis();
  });
  after(async () => {
    await Promise.all(open.map((each) => each.close()));
    await redis.stop();
  });

  /** Data planes that use the Redis, with a filter each for the same limit. */
  async function dataPlanes(count: number, limit: RateLimit, given = options): Promise<RequestFilter[]> {
    const planes = Array.from({ length: count }, () => createRateLimiting(given));
    open.push(...planes);
    for (const plane of planes) plane.configure(redisStore(redis.url), fleetOf(count));
    await eventually(() => planes.every((plane) => plane.stats().store.available));
    return planes.map((plane) => plane.filterFor(limit));
  }

  /** How many of `times` requests pass, sent in turn to each filter. */
  async function admitted(filters: readonly RequestFilter[], times: number): Promise<number> {
    const known = await Promise.all(
      Array.from({ length: times }, async (_, at) => filters[at % filters.length]?.apply(exchangeOf())),
    );
    return known.filter((verdict) => verdict === null).length;
  }

  const fresh = (parts: Partial<RateLimit>): RateLimit =>
    rateLimit({ name: `test/${randomUUID()}/r`, ...parts });

  test('of 400 requests at once over three data planes exactly the 100 of the limit pass', async () => {
    const filters = await dataPlanes(3, fresh({ limits: [limitOf(100, 60_000_000, 100)] }));
    assert.equal(await admitted(filters, 400), 100);
    assert.equal(await admitted(filters, 400), 0);
  });

  test('rules with one shared name count together, also at other data planes; those of a pod ask nobody', async () => {
    const limits = [limitOf(20, 60_000_000, 20)];
    const scope = { kind: 'Shared', name: `test/${randomUUID()}` } as const;
    const [one] = await dataPlanes(1, fresh({ scope, limits }));
    const [other] = await dataPlanes(1, fresh({ scope, limits }));
    assert(one && other);
    assert.equal(await admitted([one], 15), 15);
    assert.equal(await admitted([other], 15), 5);
    const pods = await dataPlanes(2, fresh({ scope: { kind: 'Pod' }, limits }));
    assert.equal(await admitted(pods, 100), 40);
  });

  test('the same holds when all requests but a few meet one data plane', async () => {
    const filters = await dataPlanes(3, fresh({ limits: [limitOf(100, 60_000_000, 100)] }));
    const [busy] = filters;
    assert(busy);
    assert.equal(await admitted([busy], 90), 90);
    assert.equal(await admitted(filters, 30), 10);
  });

  test('after the burst requests pass at the rate of the limit, give or take one', async () => {
    const filters = await dataPlanes(3, fresh({ limits: [limitOf(20, 1000, 10)] }));
    const began = performance.now();
    let passed = 0;
    let turn = 0;
    while (performance.now() - began < 2000) {
      passed += await admitted([filters[turn++ % 3] ?? assert.fail()], 1);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const expected = 10 + ((performance.now() - began) * 20) / 1000;
    assert(Math.abs(passed - expected) <= 2, `${passed} of ${expected} passed`);
  });

  test('a request that one limit of a rule refuses is charged to none', async () => {
    const limits = [limitOf(2, 60_000_000, 2, 'small'), limitOf(100, 60_000_000, 100, 'large')];
    const filters = await dataPlanes(1, fresh({ limits }));
    assert.equal(await admitted(filters, 50), 2);
    const exchange = exchangeOf();
    await filters[0]?.apply(exchange);
    assert.match(exchange.answerFields.joined('ratelimit') ?? '', /small";r=0;t=\d+, .*large";r=98;t=/);
  });

  test('requests of several units take them all or not at all, leased or not, and leave the rest to smaller ones', async () => {
    const cost = { type: 'Request', expression: "int(request.headers['x-units'])" } as const;
    const taking = (units: number) => exchangeOf({ fields: { 'x-units': String(units) } });
    for (const windowMs of [60_000_000, 6000]) {
      const filters = await dataPlanes(2, fresh({ cost, limits: [limitOf(100, windowMs * 100, 100)] }));
      const passed = async (units: number, times: number): Promise<number> => {
        const asks = Array.from({ length: times }, async (_, at) => filters[at % 2]?.apply(taking(units)));
        return (await Promise.all(asks)).filter((verdict) => verdict === null).length;
      };
      assert.equal(await passed(30, 6), 3);
      assert.equal(await passed(30, 2), 0);
      assert.equal(await passed(7, 4), 1);
      assert.equal(await passed(1, 10), 3);
    }
  });

  test('what answers at one data plane took is known to the others, and no request waits to learn it', async () => {
    const cost = { type: 'Response', expression: "int(response.headers['x-rows'])" } as const;
    const filters = await dataPlanes(2, fresh({ cost, limits: [limitOf(100, 60_000_000)] }));
    const [one, other] = filters;
    assert(one && other);
    assert.equal(await admitted(filters, 2), 2);
    const exchange = exchangeOf();
    assert.equal(one.apply(exchange), null);
    const fields = new Fields();
    fields.append('x-rows', '150');
    exchange.atAnswer({ status: 200, fields });
    exchange.atEnd(null);
    await eventually(() => {
      const asked = exchangeOf();
      const verdicts = [one.apply(asked), other.apply(exchangeOf())];
      assert.deepEqual(
        verdicts.map((verdict) => (verdict instanceof Promise ? 'waits' : verdict?.kind)),
        ['RateLimited', 'RateLimited'],
      );
      // 50 are owed, and one more must be there.
      assert.match(asked.answerFields.joined('ratelimit') ?? '', /r=0;t=306\d\d$/u);
    });
  });

  test('requests of one caller wait in one queue, whichever data plane they meet', async () => {
    const waits: number[] = [];
    const wait = async (ms: number): Promise<void> => void waits.push(ms);
    const limit = {
      name: 'evenly',
      algorithm: 'LeakyBucket',
      requests: 1,
      windowMs: 10_000,
      queue: 5,
    } as const;
    const filters = await dataPlanes(2, fresh({ limits: [limit] }), { ...options, wait });
    assert.equal(await admitted(filters, 8), 6);
    const places = waits.map((ms) => Math.round(ms / 10_000)).sort((a, b) => a - b);
    assert.deepEqual(places, [1, 2, 3, 4, 5]);
  });

  test('a large limit is leased: most decisions need no answer from Redis, and none is given twice', async () => {
    const limit = fresh({ limits: [limitOf(1000, 1000, 500)] });
    const filters = await dataPlanes(2, limit);
    const began = performance.now();
    let passed = 0;
    let asked = 0;
    let decided = 0;
    while (performance.now() - began < 2000) {
      for (let turn = 0; turn < 12; turn += 1) {
        const verdict = filters[turn % 2]?.apply(exchangeOf());
        decided += 1;
        if (verdict instanceof Promise) asked += 1;
        if ((await verdict) === null) passed += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    const elapsedMs = performance.now() - began;
    const allowed = 500 + elapsedMs + 200;
    assert(passed <= allowed, `${passed} passed, ${allowed} allowed`);
    assert(passed >= 0.9 * Math.min(decided, 500 + elapsedMs), `${passed} of ${decided} passed`);
    assert(asked < decided / 5, `${asked} of ${decided} waited`);
  });
});
