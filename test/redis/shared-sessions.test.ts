// Sessions of people who log in, over several data planes of a Gateway that have a real Redis.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { RedisMemory, type RedisMemoryLimits } from '#dataplane/filters/redis/redis-memory.ts';
import type { OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenForgedProvider } from '#test/given/forged-provider.ts';
import { LoginBrowser, shopHost } from '#test/given/login.ts';
import { givenRedis, ownRedisMissing, type GivenRedis } from '#test/given/redis.ts';
import { redisStore } from '../dataplane/filters/rate-limit/given-rate-limit.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenKeySet, issuerKey } from '#test/given/token.ts';
import { told } from '../dataplane/filters/authenticate/gate.ts';
import { besides, givenShop, shopOf } from '../dataplane/filters/authenticate/login-gate.ts';

/** What one data plane does is known to all others within that. */
const soonMs = 1000;

/** Tokens are good for 40 s, and refreshed when 30 s of them are over. */
const choices = { accessTokenSeconds: 40 };
const renewMs = 31_000;
const overMs = 41_000;

type Plane = ReturnType<typeof besides> & {
  readonly memory: RedisMemory;
  readonly changes: string[];
};

describe('sessions of data planes with a Redis', { skip: ownRedisMissing() }, () => {
  let redis: GivenRedis;
  let writer: Redis;
  const unhandled: unknown[] = [];
  const remember = (reason: unknown): void => void unhandled.push(reason);

  before(async () => {
    process.on('unhandledRejection', remember);
    redis = await givenRedis();
    writer = new Redis(redis.url);
    writer.on('error', () => {});
  });
  after(async () => {
    writer.disconnect();
    await redis.stop();
    process.off('unhandledRejection', remember);
    assert.deepEqual(unhandled, []);
  });

  /** Another data plane, as far as it has got when it opens its ports. */
  async function plane(
    shop: Parameters<typeof besides>[0],
    rule: Partial<OpenIdConnectAuthentication> = {},
    limits: Partial<RedisMemoryLimits> = {},
  ): Promise<Plane> {
    const changes: string[] = [];
    const memory = new RedisMemory({
      owner: `shop/${shop.provider.port}`,
      now: Date.now,
      onChange: (available, reason) => void changes.push(`${available ? 'up' : 'down'}: ${reason}`),
      // a machine with other work
      limits: { deadlineMs: 1000, ...limits },
    });
    const made = besides(shop, rule, memory);
    memory.use(redisStore(redis.url));
    await memory.caughtUp(5000);
    return {
      ...made,
      memory,
      changes,
      [Symbol.dispose]() {
        made[Symbol.dispose]();
        memory.close();
      },
    };
  }

  /** Two data planes of a shop, at the first of which Ada has logged in. */
  async function givenTwo(settings: Parameters<typeof givenShop>[1] = {}) {
    await using made = new AsyncDisposableStack();
    const shop = made.use(await givenShop({}, settings));
    const one = made.use(await plane(shop));
    const two = made.use(await plane(shop));
    const ada = one.browser();
    await ada.logIn();
    const all = made.move();
    return { shop, one, two, ada, [Symbol.asyncDispose]: () => all.disposeAsync() };
  }

  it('a logout at one ends the session at all others within a second, and at one that starts later', async () => {
    await using given = await givenTwo();
    const { shop, one, two, ada } = given;
    const bob = one.browser();
    await bob.logIn('/', 'bob');
    const [adaAtTwo, bobAtTwo] = [copyOf(ada, two), copyOf(bob, two)];
    for (const browser of [adaAtTwo, bobAtTwo]) assert.equal(await statusOf(browser), 'pass');
    await ada.ask('/oauth2/logout');
    await eventually(async () => assert.notEqual(await statusOf(adaAtTwo), 'pass'), soonMs);
    assert.equal(await statusOf(bobAtTwo), 'pass');
    using late = await plane(shop);
    assert.notEqual(await statusOf(copyOf(adaAtTwo, late)), 'pass');
    assert.equal(await statusOf(copyOf(bobAtTwo, late)), 'pass');
  });

  it('what the provider tells one of them, all know', async () => {
    const key = await issuerKey('first');
    const rule = { backChannelPath: '/oauth2/told' };
    await using shop = shopOf(await givenForgedProvider(key), givenKeySet('ids', key), rule);
    using one = await plane(shop, rule);
    using two = await plane(shop, rule);
    const ada = two.browser();
    await ada.logInForged(shop.provider);
    assert.equal(await statusOf(ada), 'pass');
    const iat = Math.floor(one.made.clock / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const claims = { iss: shop.provider.issuer, aud: 'shop', iat, exp: iat + 60, jti: 'one', events };
    const request = givenRequest({ method: 'POST', host: shopHost, target: rule.backChannelPath });
    const content = Buffer.from(`logout_token=${await key.sign({ ...claims, sub: 'ada' })}`);
    const verdict = await one.filter.apply(givenExchange(request, { content }));
    assert.equal(verdict?.kind, 'Answered');
    await eventually(async () => assert.notEqual(await statusOf(ada), 'pass'), soonMs);
  });

  it('logouts while Redis is away are told when it is back, and those of before too, though it is empty', async () => {
    await using shop = await givenShop();
    using one = await plane(shop);
    using two = await plane(shop);
    const [before, meanwhile] = [one.browser(), one.browser()];
    for (const browser of [before, meanwhile]) await browser.logIn();
    const copies = [before, meanwhile].map((browser) => copyOf(browser, two));
    await before.ask('/oauth2/logout');
    await eventually(async () => assert.notEqual(await statusOf(copies[0]), 'pass'), soonMs);
    await redis.kill();
    await eventually(() => assert.match(two.changes.at(-1) ?? '', /^down/u));
    await meanwhile.ask('/oauth2/logout');
    assert.equal(await statusOf(copies[1]), 'pass');
    await redis.start();
    await eventually(async () => assert.notEqual(await statusOf(copies[1]), 'pass'), 5000);
    await eventually(async () => assert.equal(await writer.xlen(logOf(shop)), 2));
    using late = await plane(shop);
    for (const copy of copies) assert.notEqual(await statusOf(copyOf(copy, late)), 'pass');
  });

  it('who can write to Redis ends no session', async () => {
    await using shop = await givenShop();
    using one = await plane(shop);
    using two = await plane(shop);
    const [ada, bob] = [one.browser(), one.browser()];
    for (const browser of [ada, bob]) await browser.logIn();
    await bob.ask('/oauth2/logout');
    await eventually(async () => assert.equal(await writer.xlen(logOf(shop)), 1));
    const [first] = await writer.xrange(logOf(shop), '-', '+');
    const sealedEnd = first?.[1][1] ?? '';
    assert.match(sealedEnd, /^[\w-]{60,}$/u);
    const forged = ['', '{}', `${sealedEnd.slice(0, -4)}AAAA`, 'x'.repeat(100_000)];
    for (const entry of forged) await writer.xadd(logOf(shop), '*', 'e', entry);
    await writer.xadd(logOf(shop), '*', 'other', 'x');
    const last = one.browser();
    await last.logIn();
    await last.ask('/oauth2/logout');
    const copy = copyOf(last, two);
    await eventually(async () => assert.notEqual(await statusOf(copy), 'pass'), soonMs);
    assert.equal(await statusOf(copyOf(ada, two)), 'pass');
  });

  it('what is told is kept no longer than sessions last, and there is a bound to it', async () => {
    await using shop = await givenShop();
    using one = await plane(shop, {}, { entriesMax: 100 });
    for (let at = 0; at < 3; at += 1) {
      const browser = one.browser();
      await browser.logIn();
      await browser.ask('/oauth2/logout');
    }
    await eventually(async () => assert.equal(await writer.xlen(logOf(shop)), 3));
    const week = 7 * 86_400_000;
    const leftMs = await writer.pttl(logOf(shop));
    assert.ok(leftMs > week - 60_000 && leftMs <= week, String(leftMs));
    for (let at = 0; at < 500; at += 1) await one.memory.append('ends:shop', 'x', week);
    const length = await writer.xlen(logOf(shop));
    assert.ok(length >= 100 && length <= 200, String(length));
    await eventually(async () => {
      await one.memory.append('ends:shop', 'x', 1);
      assert.ok((await writer.xlen(logOf(shop))) <= 100, 'whole blocks of 100 go');
    });
  });

  it('is refreshed by one of them, and the others tell their browsers what came of it', async () => {
    await using given = await givenTwo(choices);
    const { shop, one, two, ada } = given;
    const atTwo = copyOf(ada, two);
    assert.equal(await statusOf(atTwo), 'pass');
    const asked = shop.provider.asked('POST /token');
    for (const { made } of [one, two]) made.clock += renewMs;
    const all = await Promise.all([ada, atTwo, copyOf(ada, one), copyOf(ada, two)].map(statusOf));
    assert.deepEqual(new Set(all), new Set(['pass']));
    assert.equal(shop.provider.asked('POST /token'), asked + 1);
    // whoever has not heard of it yet, does
    two.made.clock += 1000;
    assert.equal(await statusOf(atTwo), 'pass');
    await statusOf(ada);
    assert.deepEqual(atTwo.cookies, ada.cookies);
    assert.equal(shop.provider.asked('POST /token'), asked + 1);
    // the provider would have ended it, had anybody used the refresh token twice
    for (const { made } of [one, two]) made.clock += renewMs;
    assert.equal(await statusOf(atTwo), 'pass');
    assert.equal(await statusOf(copyOf(atTwo, one)), 'pass');
    assert.equal(shop.provider.asked('POST /token'), asked + 2);
  });

  it('that is over waits for whoever refreshes it', async () => {
    await using given = await givenTwo(choices);
    const { shop, one, two, ada } = given;
    const asked = shop.provider.asked('POST /token');
    for (const { made } of [one, two]) made.clock += overMs;
    const all = await Promise.all([ada, copyOf(ada, two)].map(statusOf));
    assert.deepEqual(all, ['pass', 'pass']);
    assert.equal(shop.provider.asked('POST /token'), asked + 1);
  });

  it('that nobody can refresh is so for all, and is tried again', async () => {
    await using given = await givenTwo(choices);
    const { shop, one, two, ada } = given;
    const atTwo = copyOf(ada, two);
    shop.provider.state = 'Failing';
    for (const { made } of [one, two]) made.clock += overMs;
    assert.deepEqual(await Promise.all([ada, atTwo].map(statusOf)), ['KeysUnavailable', 'KeysUnavailable']);
    shop.provider.state = 'Up';
    // what the one has told the other is soon over
    await eventually(async () => assert.deepEqual(await failedOnes(), []));
    for (const { made } of [one, two]) made.clock += 10_000;
    assert.deepEqual(await Promise.all([ada, atTwo].map(statusOf)), ['pass', 'pass']);
  });

  async function failedOnes(): Promise<readonly string[]> {
    const keys = await writer.keys('turnpike:session:*');
    const values = await Promise.all(keys.map((key) => writer.get(key)));
    return keys.filter((_, at) => values[at] === 'failed');
  }

  it('whose refresh has ended with its data plane is refreshed by another', async () => {
    await using shop = await givenShop({}, choices);
    using one = await plane(shop);
    const ada = one.browser();
    await ada.logIn();
    one.made.clock += renewMs;
    // as if somebody were at it
    const take = one.memory.take.bind(one.memory);
    let taken = '';
    one.memory.take = async (key, ms) => {
      if (taken === '') await writer.set(`turnpike:${key}`, '', 'PX', 300);
      taken = key;
      return take(key, ms);
    };
    const asked = shop.provider.asked('POST /token');
    assert.equal(await statusOf(ada), 'pass', 'it is good for 9 s more');
    assert.equal(shop.provider.asked('POST /token'), asked);
    one.made.clock += overMs - renewMs;
    assert.equal(await statusOf(ada), 'pass');
    assert.equal(shop.provider.asked('POST /token'), asked + 1);
  });

  it('takes nothing in its place that is another session', async () => {
    await using shop = await givenShop({}, choices);
    using one = await plane(shop);
    const [ada, eve] = [one.browser(), one.browser()];
    await ada.logIn();
    await eve.logIn('/', 'bob');
    const [evesText = ''] = [...eve.cookies]
      .filter(([name]) => !name.endsWith('-tally'))
      .map(([, text]) => text);
    one.made.clock += renewMs;
    const take = one.memory.take.bind(one.memory);
    one.memory.take = async (key, ms) => {
      await writer.set(`turnpike:${key}`, evesText.slice(1), 'PX', 1000);
      return take(key, ms);
    };
    const { verdict, exchange } = await ada.ask('/');
    assert.equal(told(verdict), 'pass');
    assert.equal(exchange.identity?.subject, 'ada');
    assert.notDeepEqual(ada.cookies, eve.cookies);
  });

  it('a Redis that hangs holds nobody up, and one that is lost changes nothing but what it is for', async () => {
    await using shop = await givenShop({}, choices);
    using one = await plane(shop, {}, { deadlineMs: 100, silenceMs: 300 });
    const [ada, bob] = [one.browser(), one.browser()];
    for (const browser of [ada, bob]) await browser.logIn();
    redis.process?.kill('SIGSTOP');
    one.made.clock += renewMs;
    const beganMs = performance.now();
    assert.equal(await statusOf(ada), 'pass');
    await bob.ask('/oauth2/logout');
    assert.notEqual(await statusOf(copyOf(bob, one)), 'pass');
    assert.ok(performance.now() - beganMs < 1000, 'a deadline or two, and the provider');
    await eventually(() => assert.match(one.changes.at(-1) ?? '', /^down: no answer/u));
    one.made.clock += renewMs;
    const againMs = performance.now();
    assert.equal(await statusOf(ada), 'pass');
    assert.ok(performance.now() - againMs < 500);
    redis.process?.kill('SIGCONT');
    await eventually(() => assert.match(one.changes.at(-1) ?? '', /^up/u), 10_000);
    await eventually(async () => assert.equal(await writer.xlen(logOf(shop)), 1));
  });
});

function logOf({ provider }: { readonly provider: { readonly port: number } }): string {
  return `turnpike:shop/${provider.port}:ends:shop`;
}

function copyOf(browser: LoginBrowser | undefined, { filter }: Pick<Plane, 'filter'>): LoginBrowser {
  const copy = new LoginBrowser(filter);
  for (const [name, value] of browser?.cookies ?? []) copy.cookies.set(name, value);
  return copy;
}

async function statusOf(browser: LoginBrowser | undefined): Promise<string> {
  return told((await browser?.ask('/'))?.verdict ?? null);
}
