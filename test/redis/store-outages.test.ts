// Redis goes away, hangs, comes back empty: requests are decided all the same, at once, and nothing breaks.
import { variables } from '#test/cel/subject.ts';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import type { RateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import type { RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenRedis, ownRedisMissing } from '#test/given/redis.ts';
import type { GivenRedis } from '#test/given/redis.ts';
import { givenSlowWay } from '#test/given/slow-way.ts';
import { Redis } from 'ioredis';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  exchangeOf,
  fleetOf,
  limitOf,
  rateLimit,
  redisStore,
} from '../dataplane/filters/rate-limit/given-rate-limit.ts';

const deadlineMs = 150;
/** What a busy machine may add. */
const graceMs = 400;

describe('when Redis fails', { skip: ownRedisMissing() }, () => {
  let redis: GivenRedis;
  let limiting: RateLimiting;
  const changes: string[] = [];
  const unhandled: unknown[] = [];
  const remember = (reason: unknown): void => void unhandled.push(reason);

  before(async () => {
    process.on('unhandledRejection', remember);
    redis = await givenRedis();
  });
  after(async () => {
    await redis.stop();
    process.off('unhandledRejection', remember);
    assert.deepEqual(unhandled, []);
  });
  afterEach(async () => {
    await limiting.close();
  });

  async function givenFilter(parts: Partial<RateLimit> = {}): Promise<RequestFilter> {
    limiting = createRateLimiting({
      variables,
      now: () => performance.now(),
      random: Math.random,
      storeDeadlineMs: deadlineMs,
      onStoreChange: (available, reason) => changes.push(`${available ? 'up' : 'down'}: ${reason}`),
    });
    limiting.configure(redisStore(redis.url), fleetOf(2));
    await eventually(() => available());
    const limits = [limitOf(100, 3_600_000, 100)];
    return limiting.filterFor(rateLimit({ name: `test/${randomUUID()}/r`, limits, ...parts }));
  }

  const available = (): boolean => limiting.stats().store.available;

  async function all(filter: RequestFilter, times: number): Promise<Verdict[]> {
    return Promise.all(Array.from({ length: times }, async () => filter.apply(exchangeOf())));
  }

  const passed = (verdicts: readonly Verdict[]): number => verdicts.filter((each) => each === null).length;

  async function took(work: () => Promise<unknown>): Promise<number> {
    const began = performance.now();
    await work();
    return performance.now() - began;
  }

  test('a killed Redis leaves each data plane its share, at once, and one that is back is used again', async () => {
    const filter = await givenFilter();
    assert.equal(passed(await all(filter, 10)), 10);
    await redis.kill();
    const ms = await took(async () => {
      // 50 is the share of one among two; ten of it were used while Redis was there.
      const verdicts = await all(filter, 200);
      assert.equal(passed(verdicts), 40);
      assert(verdicts.every((each) => each === null || each.kind === 'RateLimited'));
    });
    assert(ms < deadlineMs + graceMs, `${ms} ms`);
    await eventually(() => !available());
    assert(!(filter.apply(exchangeOf()) instanceof Promise));
    await redis.start();
    await eventually(() => available());
    // It came back empty, and is told of the 40 that passed without it.
    assert.equal(passed(await all(filter, 300)), 60);
  });

  test('a Redis that hangs costs the requests of one moment the deadline, and those after nothing', async () => {
    const filter = await givenFilter();
    await all(filter, 1);
    redis.process?.kill('SIGSTOP');
    try {
      const ms = await took(async () => assert.equal(passed(await all(filter, 20)), 20));
      assert(ms >= deadlineMs - 5 && ms < deadlineMs + graceMs, `${ms} ms`);
      assert(!available());
      for (let turn = 0; turn < 50; turn += 1) assert(!(filter.apply(exchangeOf()) instanceof Promise));
      // Longer than the silence after which the connection itself is given up.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert(!available());
    } finally {
      redis.process?.kill('SIGCONT');
    }
    await eventually(() => available());
    assert.equal(passed(await all(filter, 1)), 1);
  });

  test('what a late answer granted is given back, and what passed instead is charged', async () => {
    const filter = await givenFilter();
    redis.process?.kill('SIGSTOP');
    try {
      assert.equal(passed(await all(filter, 30)), 30);
    } finally {
      redis.process?.kill('SIGCONT');
    }
    await eventually(() => available());
    let left = 0;
    await eventually(async () => {
      const seen = exchangeOf();
      await filter.apply(seen);
      left = Number(/r=(\d+)/.exec(seen.answerFields.get('ratelimit') ?? '')?.[1]);
      return left >= 50;
    }, 2000);
    assert(left < 70, `${left} left of 100 after 30`);
  });

  test('a paused Redis that answers again is used again', async () => {
    const filter = await givenFilter();
    const other = new Redis(redis.url);
    await other.call('CLIENT', 'PAUSE', '400', 'ALL');
    assert.equal(passed(await all(filter, 20)), 20);
    assert(!available());
    await eventually(() => available());
    other.disconnect();
  });

  test('a Redis that answers later than requests may wait is one that is away, which is told', async () => {
    await givenFilter();
    changes.length = 0;
    using way = await givenSlowWay(Number(new URL(redis.url).port), deadlineMs + 50);
    limiting.configure(redisStore(`redis://127.0.0.1:${way.port}`), fleetOf(2));
    await eventually(() => changes.at(-1) === `down: it answers later than within ${deadlineMs} ms`);
    const name = `test/${randomUUID()}/r`;
    assert.equal(passed(await all(limiting.filterFor(rateLimit({ name })), 100)), 50);
    assert(!available());
  });

  test('a Redis that forgot the script is given it again, and no request notices', async () => {
    const filter = await givenFilter();
    assert.equal(passed(await all(filter, 60)), 60);
    const other = new Redis(redis.url);
    await other.script('FLUSH');
    assert.equal(passed(await all(filter, 60)), 40);
    assert(available());
    other.disconnect();
  });

  test('a rule may open or close while Redis is away', async () => {
    const open = await givenFilter({ onStoreError: 'Open' });
    const closed = limiting.filterFor(rateLimit({ name: `test/${randomUUID()}/c`, onStoreError: 'Closed' }));
    const shadow = limiting.filterFor(
      rateLimit({ name: `test/${randomUUID()}/s`, onStoreError: 'Closed', mode: 'Shadow' }),
    );
    await redis.kill();
    await eventually(() => !available());
    assert.equal(passed(await all(open, 500)), 500);
    assert.deepEqual(await all(closed, 1), [{ kind: 'RateLimitUnavailable' }]);
    assert.equal(passed(await all(shadow, 5)), 5);
    await redis.start();
    await eventually(() => available());
    assert.equal(passed(await all(closed, 1)), 1);
  });

  test('a Redis that does not let us in is one that is away, and the password is told to nobody', async () => {
    const filter = await givenFilter();
    const other = new Redis(redis.url);
    await other.config('SET', 'requirepass', 'right');
    changes.length = 0;
    const limits = rateLimit({ name: `test/${randomUUID()}/r` });
    limiting.configure(redisStore(redis.url.replace('redis://', 'redis://:hunter2@')), fleetOf(2));
    await eventually(() => changes.some((change) => /WRONGPASS|NOAUTH/.test(change)));
    assert(!available());
    assert.equal(passed(await all(limiting.filterFor(limits), 100)), 50);
    limiting.configure(redisStore(redis.url.replace('redis://', 'redis://:right@')), fleetOf(2));
    await eventually(() => available());
    assert.equal(passed(await all(filter, 1)), 1);
    assert.doesNotMatch(changes.join('\n'), /hunter2|right/);
    await other.config('SET', 'requirepass', '');
    other.disconnect();
  });

  test('a URL that is none leaves each data plane its share', async () => {
    await givenFilter();
    changes.length = 0;
    for (const url of ['http://127.0.0.1', 'redis://[', 'redis://u:%zz@h', '']) {
      limiting.configure(redisStore(url), fleetOf(2));
      assert(!available());
      const name = `test/${randomUUID()}/r`;
      assert.equal(passed(await all(limiting.filterFor(rateLimit({ name })), 100)), 50);
    }
    assert.equal(changes.filter((change) => change.includes('the URL is not')).length, 4);
  });

  test('changes of the store are told once each, without its password', async () => {
    await givenFilter();
    changes.length = 0;
    await redis.kill();
    await eventually(() => changes.length > 0);
    await redis.start();
    await eventually(() => available());
    assert.equal(changes.length, 2);
    assert.match(changes[0] ?? '', /^down: /);
    assert.match(changes[1] ?? '', /^up: /);
  });
});
