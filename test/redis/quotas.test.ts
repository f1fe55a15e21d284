// What becomes of a quota in a real Redis: over data planes, over a Redis that is killed, and at the end of its period.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { createRateLimiting, type RateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { nobody, type Exchange, type Verdict } from '#dataplane/http/exchange.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Plan } from '#snapshot/plan.ts';
import { variables } from '#test/cel/subject.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenRedis, ownRedisMissing } from '#test/given/redis.ts';
import type { GivenRedis } from '#test/given/redis.ts';
import { exchangeOf, fleetOf, redisStore } from '../dataplane/filters/rate-limit/given-rate-limit.ts';

const planes = 3;

const plan: Plan = {
  kind: 'Plan',
  id: resourceId('Plan', 'shop', 'monthly'),
  name: 'shop/monthly',
  limits: [
    {
      name: 'month',
      algorithm: 'FixedWindow',
      requests: 50,
      windows: { kind: 'Calendar', period: 'Month', timeZone: 'Europe/Berlin' },
    },
  ],
};

function callOf(consumer: string): Exchange {
  const exchange = exchangeOf();
  exchange.identity = { ...nobody, method: 'APIKey', consumer: `shop/${consumer}` };
  return exchange;
}

describe('a quota in Redis', { skip: ownRedisMissing() }, () => {
  let redis: GivenRedis;
  let client: Redis;
  let fleet: readonly RateLimiting[];

  before(async () => {
    redis = await givenRedis({ keeps: 'All' });
    client = new Redis(redis.url);
    client.on('error', () => {});
    fleet = Array.from({ length: planes }, () =>
      createRateLimiting({
        variables,
        now: () => performance.now(),
        random: Math.random,
        storeDeadlineMs: 5000,
      }),
    );
    for (const one of fleet) {
      one.configure(redisStore(redis.url), fleetOf(planes));
      one.usePlans([plan]);
    }
    await counting();
  });
  after(async () => {
    await Promise.all(fleet.map((one) => one.close()));
    client.disconnect();
    await redis.stop();
  });

  function counting(): Promise<void> {
    return eventually(() => assert.ok(fleet.every((one) => one.stats().store.available)));
  }

  /** How many of so many requests pass, sent to the data planes in turn. */
  async function passed(consumer: string, times: number): Promise<number> {
    const verdicts: (Verdict | undefined)[] = await Promise.all(
      Array.from({ length: times }, async (_, at) =>
        fleet[at % planes]?.limitsOfPlan(plan.name).apply(callOf(consumer)),
      ),
    );
    return verdicts.filter((verdict) => verdict === null).length;
  }

  /** The keys that there are for the plan's only quota, one for each consumer. */
  const keys = () => client.keys('turnpike:*:month:*');

  test('is one over all data planes, for each consumer by itself', async () => {
    assert.equal(await passed('ada', 90), 50);
    assert.equal(await passed('bob', 90), 50);
    const near = fleet.flatMap((one) => one.nearQuotas());
    assert.deepEqual([...new Set(near.map(({ quota, used }) => `${quota} ${String(used)}`))], ['month 50']);
  });

  test('is kept until its period is over, and no longer, in less than 200 bytes', async () => {
    const monthsEnd = Temporal.Now.zonedDateTimeISO('Europe/Berlin')
      .with({ day: 1 })
      .startOfDay()
      .add({ months: 1 });
    const found = await keys();
    assert.equal(found.length, 2);
    for (const key of found) {
      assert.ok(Math.abs((await client.pexpiretime(key)) - monthsEnd.epochMilliseconds) < 1000);
      assert.ok(Number(await client.memory('USAGE', key)) < 200);
    }
  });

  test('goes on where it was when Redis, which writes what it does, is killed and starts again', async () => {
    assert.equal(await passed('cleo', 30), 30);
    await redis.kill();
    await eventually(() => assert.ok(fleet.every((one) => !one.stats().store.available)));
    await redis.start();
    await counting();
    assert.equal(await passed('cleo', 60), 20);
  });

  test('is told to be in danger where Redis would throw it away when it is full', async () => {
    const told: string[] = [];
    const connect = () => {
      const one = createRateLimiting({
        variables,
        now: () => performance.now(),
        random: Math.random,
        onStoreEvicting: (policy) => told.push(policy),
      });
      one.configure(redisStore(redis.url), fleetOf(planes));
      return one;
    };
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const unbounded = connect();
    await eventually(() => assert.ok(unbounded.stats().store.available));
    await client.config('SET', 'maxmemory', '100mb');
    const bounded = connect();
    await eventually(() => assert.deepEqual(told, ['allkeys-lru']));
    await Promise.all([unbounded.close(), bounded.close()]);
  });

  test('is all there again in the next period', async () => {
    const others = new Set(await keys());
    assert.equal(await passed('ella', 40), 40);
    const key = (await keys()).find((one) => !others.has(one)) ?? '';
    const [start = ''] = ((await client.get(key)) ?? '').split(' ');
    // As Redis holds it when the next one begins.
    await client.set(key, `${Number(start) - 30 * 86_400_000_000} 40`, 'KEEPTTL');
    assert.equal(await passed('ella', 60), 50);
  });
});
