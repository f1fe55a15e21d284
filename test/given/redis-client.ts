import { Redis } from 'ioredis';
import { after, before } from 'node:test';
import { givenAnyRedis, type GivenRedis } from './redis.ts';

/** A client of some Redis, for the tests of the suite that this is called in. */
export function givenRedisClient(): () => Redis {
  let redis: GivenRedis;
  let client: Redis;
  before(async () => {
    redis = await givenAnyRedis();
    client = new Redis(redis.url);
  });
  after(async () => {
    client.disconnect();
    await redis.stop();
  });
  return () => client;
}
