// What data planes remember together in a real Redis: what it takes, and what becomes of it without.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { RedisMemory, type RedisMemoryLimits } from '#dataplane/filters/redis/redis-memory.ts';
import type { LogEvents } from '#dataplane/filters/shared-memory.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenRedis, ownRedisMissing, type GivenRedis } from '#test/given/redis.ts';
import { memoryStore, redisStore } from '../dataplane/filters/rate-limit/given-rate-limit.ts';
import { givenSlowWay } from '#test/given/slow-way.ts';

/** Of those that docs/guides/rate-limiting.md tells. */
const rights = ['set', 'get', 'xadd', 'xread', 'xtrim', 'pexpire'];

describe('the memory of data planes', { skip: ownRedisMissing() }, () => {
  let redis: GivenRedis;
  let admin: Redis;
  const memories: RedisMemory[] = [];

  before(async () => {
    redis = await givenRedis();
    admin = new Redis(redis.url);
  });
  after(async () => {
    for (const memory of memories) memory.close();
    admin.disconnect();
    await redis.stop();
  });

  function memory(limits: Partial<RedisMemoryLimits> = {}) {
    const changes: string[] = [];
    const made = new RedisMemory({
      owner: 'shop/edge',
      now: Date.now,
      onChange: (available, reason) => void changes.push(`${available ? 'up' : 'down'}: ${reason}`),
      limits: { deadlineMs: 1000, everyMs: 5, ...limits },
    });
    memories.push(made);
    return { made, changes };
  }

  /** The URL of a user who may do that with the keys of ours. */
  async function urlOfUser(name: string, commands: readonly string[]): Promise<string> {
    await admin.acl('SETUSER', name, 'on', '>secret', '~turnpike:*', ...commands.map((one) => `+${one}`));
    const url = new URL(redis.url);
    url.username = name;
    url.password = 'secret';
    return url.href;
  }

  it('needs no more rights than are told of', async () => {
    const { made, changes } = memory();
    const told: string[] = [];
    made.follow('log', hearing(told));
    made.use(redisStore(await urlOfUser('few', rights)));
    await made.caughtUp(5000);
    assert.deepEqual(changes, ['up: connected']);
    assert.deepEqual(await made.take('key', 60_000), { kind: 'Taken' });
    assert.deepEqual(await made.take('key', 60_000), { kind: 'Held', value: '' });
    await made.put('key', 'value', 60_000);
    assert.deepEqual(await made.take('key', 60_000), { kind: 'Held', value: 'value' });
    assert.equal(await made.append('log', 'entry', 60_000), true);
    await eventually(() => assert.deepEqual(told.slice(0, 2), ['begun', 'entry']));
  });

  for (const right of rights) {
    it(`is none without the right to ${right}, which is told once`, async () => {
      const { made, changes } = memory();
      made.follow('log', hearing([]));
      const others = rights.filter((one) => one !== right);
      made.use(redisStore(await urlOfUser(`no-${right}`, others)));
      await made.caughtUp(5000);
      const before = await commandsSeen();
      await eventually(async () => assert.ok((await commandsSeen()) > before + 20), 5000);
      assert.equal(changes.length, 1);
      assert.match(changes[0] ?? '', /^down: .*NOPERM/u);
      assert.deepEqual(await made.take('other', 60_000), { kind: 'Unknown' });
      assert.equal(await made.append('log', 'entry', 60_000), false);
    });
  }

  async function commandsSeen(): Promise<number> {
    return Number(/total_commands_processed:(\d+)/u.exec(await admin.info('stats'))?.[1]);
  }

  it('that answers later than requests may wait is none, which is told once', async () => {
    using way = await givenSlowWay(Number(new URL(redis.url).port), 60);
    const { made, changes } = memory({ deadlineMs: 20 });
    const told: string[] = [];
    await admin.xadd('turnpike:shop/edge:slow', '*', 'e', 'entry');
    made.follow('slow', hearing(told));
    made.use(redisStore(`redis://127.0.0.1:${way.port}`));
    await eventually(() => changes.length > 0);
    for (let count = 0; count < 10; count += 1) {
      const looks = await commandsSeen();
      assert.deepEqual(await made.take(`slow ${count}`, 60_000), { kind: 'Unknown' });
      await eventually(async () => assert.ok((await commandsSeen()) > looks + 5));
    }
    assert.deepEqual(changes, ['down: it answers later than within 20 ms']);
    assert.deepEqual(told, ['begun', 'entry'], 'what logs say is heard all the same');
  });

  it('goes where it is told, and without a place nobody knows anything', async () => {
    const { made, changes } = memory();
    assert.deepEqual(await made.take('nowhere', 60_000), { kind: 'Unknown' });
    made.use(redisStore('http://example.com'));
    assert.match(changes.at(-1) ?? '', /^down: the URL is not/u);
    made.use(redisStore(redis.url));
    await made.caughtUp(5000);
    assert.deepEqual(await made.take('nowhere', 60_000), { kind: 'Taken' });
    made.use(memoryStore);
    assert.deepEqual(await made.take('nowhere', 60_000), { kind: 'Unknown' });
    assert.equal(changes.at(-1), 'up: connected', 'it is none that is lost');
  });
});

function hearing(told: string[]): LogEvents {
  return {
    begun: () => void told.push('begun'),
    told: (entry) => void told.push(entry),
    caughtUp: () => {},
  };
}
