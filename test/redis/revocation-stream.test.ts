// Revoked tokens in a stream of a real Redis: followed by a data plane's own connection, without a request that waits.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { createAuthenticating } from '#dataplane/filters/authenticate/authenticating.ts';
import { StreamFollower, type StreamFollowerLimits } from '#dataplane/filters/redis/stream-follower.ts';
import { GuessCounters } from '#dataplane/filters/rate-limit/guess-counters.ts';
import { resourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';
import type { RevocationStream, TokenRevocations } from '#snapshot/token-revocations.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenRedis, ownRedisMissing, type GivenRedis } from '#test/given/redis.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey, nowMs } from '#test/given/token.ts';
import { bearing, verdictOf } from '../dataplane/filters/authenticate/gate.ts';

const id = resourceId('TokenRevocations', 'Redis', 'shop', 'staff', 'revoked');
const key = await issuerKey('one');
const [one, two] = [await key.sign({ jti: 'one', sub: 'ada' }), await key.sign({ jti: 'two', sub: 'bob' })];

describe('revoked tokens in a stream', { skip: ownRedisMissing() }, () => {
  let redis: GivenRedis;
  let writer: Redis;
  let port = 0;
  let streams = 0;

  before(async () => {
    redis = await givenRedis();
    port = Number(new URL(redis.url).port);
    writer = new Redis(redis.url);
    writer.on('error', () => {});
  });
  after(async () => {
    writer.disconnect();
    await redis.stop();
  });

  function stream(changes: Partial<RevocationStream> = {}): RevocationStream {
    streams += 1;
    return {
      cluster: resourceId('Cluster', 'shop', 'redis', '6379', 'asked'),
      key: `revoked-${streams}`,
      username: '',
      password: null,
      tls: null,
      maxStaleMs: 60_000,
      ...changes,
    };
  }

  /** A data plane that follows it. Its clock runs with the real one, and can be put forward. */
  function following(
    of: RevocationStream,
    limits: Partial<StreamFollowerLimits> = {},
    to: () => number = () => port,
  ) {
    const startedMs = performance.now();
    let aheadMs = 0;
    const told: string[] = [];
    const now = (): number => nowMs + aheadMs + performance.now() - startedMs;
    const authenticating = createAuthenticating({
      now,
      onMissingKey: () => {},
      limitsOfPlan: () => ({ kind: 'Plan', apply: () => null }),
      guards: new GuessCounters({ onBlock: () => {} }),
      call: () => Promise.resolve({ kind: 'Failed', detail: '' }),
      follow: (stream, events) =>
        new StreamFollower({
          stream,
          events,
          endpoint: () => ({ address: '127.0.0.1', port: to() }),
          now,
          limits: { everyMs: 10, againMs: 20, ...limits },
        }),
      onFollowed: (list, available, reason) => told.push(`${list} ${available ? 'read' : reason}`),
    });
    const list: TokenRevocations = { kind: 'TokenRevocations', id, tokens: [], subjects: [], stream: of };
    authenticating.useRevocations([list]);
    const authentication = givenAuthentication(givenJwt({ revocation: id }));
    const { filter } = authenticating.filterFor(authentication, [givenKeySet('ids', key)]);
    return {
      authenticating,
      told,
      wait: (ms: number) => void (aheadMs += ms),
      verdict: (token: string) => verdictOf(filter, bearing(token)),
      until: (token: string, verdict: string) =>
        eventually(async () => assert.equal(await verdictOf(filter, bearing(token)), verdict)),
      [Symbol.dispose]: () => authenticating.stop(),
    };
  }

  it('hold within a second, by token and by subject, also of tokens that passed before', async () => {
    const of = stream();
    await writer.xadd(of.key, '*', 'none', '');
    using plane = following(of);
    await plane.until(one, 'pass');
    await plane.until(two, 'pass');
    await writer.xadd(of.key, '*', 'jti', 'one', 'why', 'lost');
    await plane.until(one, 'invalid');
    assert.equal(await plane.verdict(two), 'pass');
    await writer.xadd(of.key, '*', 'sub', 'bob');
    await plane.until(two, 'invalid');
    assert.deepEqual(plane.told, ['Redis/shop/staff/revoked read']);
    const [figures] = plane.authenticating.followedLists();
    assert.equal(figures?.entries, 2);
    assert((figures.ageMs ?? Number.POSITIVE_INFINITY) < 1_000);
  });

  it('are all read at first, however many, and those that are taken out are let in again in time', async () => {
    const of = stream();
    const pipeline = writer.pipeline();
    for (let at = 0; at < 2_500; at += 1) pipeline.xadd(of.key, '*', 'jti', `t${at}`);
    pipeline.xadd(of.key, '*', 'jti', 'one');
    await pipeline.exec();
    using plane = following(of, { wholeEveryMs: 100 });
    await plane.until(one, 'invalid');
    assert.equal(await plane.verdict(two), 'pass');
    assert.equal(plane.authenticating.followedLists()[0]?.entries, 2_501);
    const [[last] = []] = await writer.xrevrange(of.key, '+', '-', 'COUNT', 1);
    assert(last !== undefined);
    await writer.xdel(of.key, last);
    await plane.until(one, 'pass');
  });

  it('are unknown, and nobody is let in, while there is no stream, or it is empty or no stream', async () => {
    const of = stream();
    using plane = following(of);
    await eventually(() => assert.match(plane.told.join(), /no such key/u));
    assert.equal(await plane.verdict(one), 'KeysUnavailable');
    await writer.set(of.key, 'a');
    assert.equal(await plane.verdict(one), 'KeysUnavailable');
    await writer.del(of.key);
    const added = await writer.xadd(of.key, '*', 'none', '');
    assert(added !== null);
    await plane.until(one, 'pass');
    await writer.xdel(of.key, added);
    await eventually(() => assert.match(plane.told.at(-1) ?? '', /is empty/u));
    assert.equal(await plane.verdict(one), 'pass', 'what is known holds');
    plane.wait(60_000);
    assert.equal(await plane.verdict(one), 'KeysUnavailable', 'but not for ever');
  });

  it('are what they were while Redis is away, until that is too long, and go on when it is back', async () => {
    const own = await givenRedis();
    const to = Number(new URL(own.url).port);
    const setter = new Redis(own.url);
    setter.on('error', () => {});
    try {
      const of = stream();
      await setter.xadd(of.key, '*', 'jti', 'one');
      using plane = following(of, {}, () => to);
      await plane.until(one, 'invalid');
      await own.kill();
      await eventually(() => assert.equal(plane.told.length, 2));
      assert.equal(await plane.verdict(one), 'invalid');
      assert.equal(await plane.verdict(two), 'pass');
      plane.wait(60_000);
      assert.equal(await plane.verdict(two), 'KeysUnavailable');
      await own.start();
      await eventually(() => setter.xadd(of.key, '*', 'jti', 'two'));
      await plane.until(two, 'invalid');
      assert.equal(await plane.verdict(one), 'invalid', 'what Redis has lost is not forgotten at once');
    } finally {
      setter.disconnect();
      await own.stop();
    }
  });

  it('are not known any better by an entry that nobody understands', async () => {
    const of = stream();
    await writer.xadd(of.key, '*', 'jti', 'one');
    using plane = following(of);
    await plane.until(one, 'invalid');
    const bad = await writer.xadd(of.key, '*', 'token', 'two');
    assert(bad !== null);
    await eventually(() => assert.match(plane.told.at(-1) ?? '', /an entry has none of/u));
    plane.wait(60_000);
    await plane.until(two, 'KeysUnavailable');
    await writer.xdel(of.key, bad);
    await plane.until(two, 'pass');
  });

  it('are unknown where there are more than can be kept', async () => {
    const of = stream();
    for (const jti of ['a', 'b', 'c']) await writer.xadd(of.key, '*', 'jti', jti);
    using plane = following(of, { entriesMax: 2 });
    await eventually(() => assert.match(plane.told.join(), /more than 2 entries/u));
    assert.equal(await plane.verdict(two), 'KeysUnavailable');
  });

  it('are read as a user with a password, and not with another', async () => {
    const of = stream({ username: 'turnpike', password: new Secret('right') });
    await writer.xadd(of.key, '*', 'none', '');
    await writer.call(
      'ACL',
      'SETUSER',
      'turnpike',
      'on',
      '>right',
      `~${of.key}`,
      '+xinfo',
      '+xrange',
      '+select',
    );
    using plane = following(of);
    await plane.until(one, 'pass');
    using wrong = following({ ...of, password: new Secret('wrong') });
    await eventually(() => assert.match(wrong.told.join(), /WRONGPASS|invalid username/u));
    assert.equal(await wrong.verdict(one), 'KeysUnavailable');
    assert(!wrong.told.join().includes('"wrong"'));
  });

  it('are followed anew when their terms change, and no more when nobody wants them', async () => {
    const of = stream();
    await writer.xadd(of.key, '*', 'jti', 'one');
    using plane = following(of);
    await plane.until(one, 'invalid');
    const other = stream();
    await writer.xadd(other.key, '*', 'jti', 'two');
    const list: TokenRevocations = { kind: 'TokenRevocations', id, tokens: [], subjects: [], stream: other };
    plane.authenticating.useRevocations([list]);
    await plane.until(two, 'invalid');
    await plane.until(one, 'pass');
    plane.authenticating.useRevocations([{ ...list, stream: { ...other } }]);
    assert.equal(await plane.verdict(one), 'pass', 'the same terms are the same stream');
    plane.authenticating.useRevocations([]);
    assert.deepEqual(plane.authenticating.followedLists(), []);
  });
});
