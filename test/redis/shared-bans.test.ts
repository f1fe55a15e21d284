// Bans over several data planes of a Gateway that have a real Redis.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { Bans } from '#dataplane/protect/bans/bans.ts';
import { RedisMemory } from '#dataplane/filters/redis/redis-memory.ts';
import type { Ban } from '#snapshot/ban.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Protection } from '#snapshot/protection.ts';
import { redisStore } from '#test/dataplane/filters/rate-limit/given-rate-limit.ts';
import { aProtection, guesses } from '#test/dataplane/protect/bans/given-bans.ts';
import { recordOf } from '#test/dataplane/observe/given-record.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenRedis, ownRedisMissing, type GivenRedis } from '#test/given/redis.ts';

/** What one data plane does holds at all others within that. */
const soonMs = 1000;

const hourMs = 3_600_000;

const lift: Ban = {
  kind: 'Ban',
  id: resourceId('Ban', 'shop', 'lift'),
  addresses: ['192.0.2.0/24'],
  action: 'Lift',
  expiresS: 0,
};

describe('bans of several data planes', { skip: ownRedisMissing() }, () => {
  let redis: GivenRedis;
  const memories: RedisMemory[] = [];

  before(async () => {
    redis = await givenRedis();
  });
  after(async () => {
    for (const memory of memories) memory.close();
    await redis.stop();
  });

  interface Choices {
    readonly owner?: string;
    readonly protection?: Protection;
    readonly bans?: readonly Ban[];
    /** What its wall clock is ahead. */
    readonly aheadMs?: number;
  }

  /** A data plane that has heard what there was; each has a policy of the test's own. */
  async function aPlane(policy: string, choices: Choices = {}) {
    const { owner = 'shop/edge', aheadMs = 0, bans: byHand = [] } = choices;
    const clock = { ms: 0 };
    const now = (): number => performance.now() + clock.ms;
    const memory = new RedisMemory({
      owner,
      now: () => Date.now() + aheadMs,
      onChange: () => {},
      limits: { deadlineMs: 1000 },
    });
    memories.push(memory);
    const protection = choices.protection ?? aProtection([guesses], { policy });
    const bans = new Bans({ memory, now, wallClock: Date.now, isClient: () => true, onBan: () => {} });
    memory.use(redisStore(redis.url));
    bans.use(byHand, [protection]);
    await memory.caughtUp(5000);
    return {
      bans,
      clock,
      memory,
      lift: (): void => bans.use([lift], [protection]),
      forget: (): void => bans.use([], [protection]),
      guess: (address: string, count = guesses.answers): void => {
        const record = recordOf({ port: 80, status: 401, client: { ...recordOf().client, address } });
        for (let at = 0; at < count; at += 1) bans.answered(record);
      },
      isBanned: (address: string): boolean => bans.at(80, address) !== null,
    };
  }

  type Plane = Awaited<ReturnType<typeof aPlane>>;

  async function until(plane: Plane, address: string, isBanned: boolean): Promise<void> {
    await eventually(() => assert.equal(plane.isBanned(address), isBanned), soonMs);
  }

  it('hold at the others within a second, and at one that starts later', async () => {
    const [one, other] = [await aPlane('shop/all'), await aPlane('shop/all')];
    one.guess('192.0.2.7');
    one.guess('2001:db8:0:7::1');
    assert.equal(one.isBanned('192.0.2.7'), true);
    await until(other, '192.0.2.7', true);
    await until(other, '2001:db8:0:7::2', true);
    const late = await aPlane('shop/all');
    assert.equal(late.isBanned('192.0.2.7'), true);
    assert.equal(late.isBanned('192.0.2.8'), false);
  });

  it('are over at all of them when their time is, however long one has been there', async () => {
    const one = await aPlane('shop/time');
    one.guess('192.0.2.7');
    await until(await aPlane('shop/time'), '192.0.2.7', true);
    const late = await aPlane('shop/time');
    for (const plane of [one, late]) {
      plane.clock.ms = guesses.durationMs - 5000;
      assert.equal(plane.isBanned('192.0.2.7'), true);
      plane.clock.ms = guesses.durationMs;
      assert.equal(plane.isBanned('192.0.2.7'), false);
    }
  });

  it('last as long as they should where the clocks of pods are hours apart', async () => {
    const ahead = await aPlane('shop/clocks', { aheadMs: 2 * hourMs });
    const behind = await aPlane('shop/clocks', { aheadMs: -2 * hourMs });
    ahead.guess('192.0.2.7');
    behind.guess('192.0.2.8');
    for (const plane of [ahead, behind, await aPlane('shop/clocks', { aheadMs: hourMs })]) {
      for (const address of ['192.0.2.7', '192.0.2.8']) {
        await until(plane, address, true);
        plane.clock.ms = guesses.durationMs - 5000;
        assert.equal(plane.isBanned(address), true, 'until then');
        plane.clock.ms = guesses.durationMs + 5000;
        assert.equal(plane.isBanned(address), false, 'and no longer');
        plane.clock.ms = 0;
      }
    }
    assert.equal(
      await redis_().xlen('turnpike:shop/edge:bans:shop/clocks'),
      2,
      'nobody has trimmed by a clock of its own',
    );
  });

  it('of one Gateway, or of one policy, hold at no other', async () => {
    const one = await aPlane('shop/tenants');
    const others = [await aPlane('shop/tenants', { owner: 'tenant/edge' }), await aPlane('tenant/own')];
    const same = await aPlane('shop/tenants');
    one.guess('192.0.2.7');
    await until(same, '192.0.2.7', true);
    for (const other of others) assert.equal(other.isBanned('192.0.2.7'), false);
  });

  it('are lifted at all by an operator, and do not come back when the lift is gone', async () => {
    const [one, other] = [await aPlane('shop/lift'), await aPlane('shop/lift')];
    one.guess('192.0.2.7');
    await until(other, '192.0.2.7', true);
    one.lift();
    assert.equal(one.isBanned('192.0.2.7'), false);
    await until(other, '192.0.2.7', false);
    assert.equal((await aPlane('shop/lift')).isBanned('192.0.2.7'), false);
    other.guess('192.0.2.7');
    await until(other, '192.0.2.7', true);
    const marker = await aPlane('shop/lift');
    assert.equal(marker.isBanned('192.0.2.7'), true, 'a ban that was made after it');
    assert.equal(one.isBanned('192.0.2.7'), false, 'to whom the operator still says so');
  });

  it('made and lifted at the same moment are lifted', async () => {
    const [one, other] = [await aPlane('shop/race'), await aPlane('shop/race')];
    for (const last of [1, 2, 3, 4, 5, 6, 7, 8]) {
      one.guess(`192.0.2.${last}`);
      one.lift();
      one.forget();
    }
    one.guess('198.51.100.1');
    await until(other, '198.51.100.1', true);
    for (const plane of [one, other, await aPlane('shop/race')]) {
      for (const last of [1, 2, 3, 4, 5, 6, 7, 8]) await until(plane, `192.0.2.${last}`, false);
    }
  });

  it('are few in Redis however many are made, and gone from it by themselves', async () => {
    const one = await aPlane('shop/full');
    one.guess('192.0.2.7');
    await until(await aPlane('shop/full'), '192.0.2.7', true);
    const left = await redis_().pttl('turnpike:shop/edge:bans:shop/full');
    assert.ok(left > guesses.durationMs - 10_000 && left <= guesses.durationMs, `${left}`);
  });

  it('go on where Redis is away, and are told when an empty one is back', async () => {
    const one = await aPlane('shop/away');
    one.guess('192.0.2.7');
    await until(await aPlane('shop/away'), '192.0.2.7', true);
    await redis.kill();
    one.guess('192.0.2.8');
    for (const address of ['192.0.2.7', '192.0.2.8']) assert.equal(one.isBanned(address), true);
    await redis.start();
    const late = await aPlane('shop/away');
    for (const address of ['192.0.2.7', '192.0.2.8'])
      await eventually(() => assert.equal(late.isBanned(address), true), 5000);
  });

  let admin: Redis | null = null;
  after(() => admin?.disconnect());
  function redis_(): Redis {
    return (admin ??= new Redis(redis.url));
  }
});
