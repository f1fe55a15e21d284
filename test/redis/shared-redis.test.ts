// Every way in which a Redis can be made up keeps the same promises to data planes.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { RedisMemory } from '#dataplane/filters/redis/redis-memory.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { RateLimitStore } from '#snapshot/rate-limit.ts';
import { variables } from '#test/cel/subject.ts';
import { eventually } from '#test/given/eventually.ts';
import { ownRedisMissing } from '#test/given/redis.ts';
import { sharedRedises, type GivenSharedRedis } from '#test/given/shared-redis.ts';
import { exchangeOf, fleetOf, limitOf, rateLimit } from '../dataplane/filters/rate-limit/given-rate-limit.ts';

describe('a Redis that data planes share', { concurrency: true }, () => {
  for (const [title, start] of Object.entries(sharedRedises)) {
    const program = title.includes('Valkey') ? 'valkey-server' : 'redis-server';
    describe(title, { skip: ownRedisMissing(program), concurrency: false }, () => {
      let given: GivenSharedRedis;
      let store: RateLimitStore;
      const rubbish = new DisposableStack();

      before(async () => {
        given = await start();
        const id = resourceId('RateLimitStore', 'redis');
        store = { kind: 'RateLimitStore', id, type: 'Redis', ...given.redis };
      });
      after(async () => {
        rubbish.dispose();
        await given?.stop();
      });

      function dataPlane() {
        const told: string[] = [];
        const made = createRateLimiting({
          variables,
          now: () => performance.now(),
          random: Math.random,
          storeDeadlineMs: 5000,
          onStoreChange: (_, reason) => void told.push(reason),
        });
        rubbish.defer(() => void made.close());
        made.configure(store, fleetOf(3));
        return { made, told };
      }

      test('counts for three data planes together, each key for itself', async () => {
        const planes = Array.from({ length: 3 }, dataPlane);
        await eventually(() => {
          assert.ok(
            planes.every(({ made }) => made.stats().store.available),
            planes.map(({ told }) => told.join()).join('\n'),
          );
        }, 10_000);
        const limit = rateLimit({
          name: `test/${randomUUID()}/r`,
          limits: [limitOf(10, 60_000_000, 10, 'few'), limitOf(1000, 60_000_000, 1000, 'many')],
        });
        const filters = planes.map(({ made }) => made.filterFor(limit));
        // More keys than a Cluster has masters, and all of them in one turn of the loop.
        const addresses = Array.from({ length: 20 }, (_, at) => `192.0.2.${at}`);
        const passed = async (): Promise<readonly number[]> =>
          Promise.all(
            addresses.map(async (address) => {
              const verdicts = await Promise.all(
                Array.from({ length: 30 }, async (_, at) =>
                  filters[at % filters.length]?.apply(exchangeOf({ address })),
                ),
              );
              return verdicts.filter((verdict) => verdict === null).length;
            }),
          );
        assert.deepEqual(
          await passed(),
          addresses.map(() => 10),
        );
        await given.forgetScripts();
        assert.deepEqual(
          await passed(),
          addresses.map(() => 0),
        );
        assert.ok(planes.every(({ made }) => made.stats().store.available));
      });

      test('remembers what logins share', async () => {
        const heard: string[] = [];
        const memory = () => {
          const made = new RedisMemory({
            owner: 'shop/edge',
            now: Date.now,
            onChange: (_, reason) => void heard.push(reason),
            limits: { deadlineMs: 5000, everyMs: 20 },
          });
          rubbish.defer(() => made.close());
          made.use(store);
          return made;
        };
        const [one, other] = [memory(), memory()];
        const told: string[] = [];
        const hears = { begun: () => {}, told: (entry: string) => void told.push(entry), caughtUp: () => {} };
        for (const log of ['ends:shop', 'ends:bank', 'ends:mail']) other.follow(log, hears);
        await Promise.all([one.caughtUp(10_000), other.caughtUp(10_000)]);
        assert.deepEqual(heard, ['connected', 'connected']);
        for (let key = 0; key < 20; key += 1) {
          assert.deepEqual(await one.take(`key ${key}`, 60_000), { kind: 'Taken' });
          await one.put(`key ${key}`, 'value', 60_000);
          assert.deepEqual(await other.take(`key ${key}`, 60_000), { kind: 'Held', value: 'value' });
        }
        for (const log of ['ends:shop', 'ends:bank', 'ends:mail']) {
          assert.equal(await one.append(log, log, 60_000), true);
        }
        await eventually(() => assert.deepEqual(told.toSorted(), ['ends:bank', 'ends:mail', 'ends:shop']));
      });
    });
  }
});
