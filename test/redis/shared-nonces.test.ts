// Nonces of signed requests, over data planes that have a real Redis.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { RedisMemory } from '#dataplane/filters/redis/redis-memory.ts';
import type { HttpSignatureAuthentication } from '#snapshot/http-signature.ts';
import { eventually } from '#test/given/eventually.ts';
import { createdS, givenSignedWay, givenSigner, signedExchange } from '#test/given/http-signature.ts';
import { givenRedis, ownRedisMissing, type GivenRedis } from '#test/given/redis.ts';
import { redisStore } from '../dataplane/filters/rate-limit/given-rate-limit.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { gate, told } from '../dataplane/filters/authenticate/gate.ts';

const ada = givenSigner('hmac-sha256', 'ada');

describe('nonces of data planes with a Redis', { skip: ownRedisMissing() }, () => {
  let redis: GivenRedis;
  let reader: Redis;
  const memories: RedisMemory[] = [];
  const unhandled: unknown[] = [];
  const remember = (reason: unknown): void => void unhandled.push(reason);

  before(async () => {
    process.on('unhandledRejection', remember);
    redis = await givenRedis();
    reader = new Redis(redis.url);
    reader.on('error', () => {});
  });
  after(async () => {
    for (const memory of memories) memory.close();
    reader.disconnect();
    await redis.stop();
    process.off('unhandledRejection', remember);
    assert.deepEqual(unhandled, []);
  });

  /** Asks one more data plane what it makes of a request with a nonce. */
  async function plane(
    rule: Partial<HttpSignatureAuthentication> = { nonce: 'Required' },
    deadlineMs = 1000,
  ) {
    const changes: boolean[] = [];
    const memory = new RedisMemory({
      owner: 'shop/edge',
      now: Date.now,
      onChange: (available) => void changes.push(available),
      limits: { deadlineMs, silenceMs: 300 },
    });
    memories.push(memory);
    memory.use(redisStore(redis.url));
    await eventually(() => changes.at(-1) === true);
    const made = gate({}, undefined, memory);
    const filter = made.filter(givenAuthentication(givenSignedWay(rule)), ada.keySet);
    const ask = async (nonce: string): Promise<string> => {
      const parameters = `;created=${createdS};keyid="ada";nonce="${nonce}"`;
      return told(await filter.apply(signedExchange(ada, { parameters })));
    };
    return { ask, changes };
  }

  it('one counts once at all of them, for as long as its signature is good', async () => {
    const [one, two] = [await plane(), await plane()];
    const all = await Promise.all([one, two, one, two].map(({ ask }) => ask('a')));
    assert.deepEqual(all.toSorted(), ['invalid', 'invalid', 'invalid', 'pass']);
    assert.equal(await two.ask('b'), 'pass');
    assert.equal(await one.ask('b'), 'invalid');
    const late = await plane();
    assert.equal(await late.ask('a'), 'invalid');
    const keys = await reader.keys('turnpike:nonce:*');
    assert.equal(keys.length, 2);
    for (const key of keys) {
      const leftMs = await reader.pttl(key);
      assert.ok(leftMs > 320_000 && leftMs <= 330_000, String(leftMs));
    }
  });

  it('where they need not be, each remembers its own, and Redis is not asked', async () => {
    const [one, two] = [await plane({}), await plane({})];
    const keys = await reader.dbsize();
    for (const { ask } of [one, two]) {
      assert.equal(await ask('c'), 'pass');
      assert.equal(await ask('c'), 'invalid');
    }
    assert.ok((await reader.dbsize()) <= keys);
  });

  it('while Redis hangs or is gone each remembers its own, and soon nobody waits', async () => {
    const deadlineMs = 100;
    const [one, two] = [await plane(undefined, deadlineMs), await plane(undefined, deadlineMs)];
    redis.process?.kill('SIGSTOP');
    let beganMs = performance.now();
    assert.equal(await one.ask('d'), 'pass');
    assert.ok(performance.now() - beganMs < deadlineMs + 400);
    beganMs = performance.now();
    assert.equal(await one.ask('d'), 'invalid');
    for (let at = 0; at < 20; at += 1) assert.equal(await one.ask(`hung-${at}`), 'pass');
    assert.ok(performance.now() - beganMs < 20 * deadlineMs, 'one deadline was enough');
    redis.process?.kill('SIGCONT');
    await eventually(() => one.changes.at(-1) === true);
    await redis.kill();
    for (const { changes } of [one, two]) await eventually(() => changes.at(-1) === false);
    for (const { ask } of [one, two]) {
      assert.equal(await ask('e'), 'pass');
      assert.equal(await ask('e'), 'invalid');
    }
    await redis.start();
    for (const { changes } of [one, two]) await eventually(() => changes.at(-1) === true);
    assert.equal(await one.ask('f'), 'pass');
    assert.equal(await two.ask('f'), 'invalid');
  });
});
