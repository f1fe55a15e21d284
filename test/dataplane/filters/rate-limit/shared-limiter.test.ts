import type { Ask, CounterStore, Grant } from '#dataplane/filters/rate-limit/counter-store.ts';
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import { ruleFor } from '#dataplane/filters/rate-limit/rule.ts';
import type { LimitRule } from '#dataplane/filters/rate-limit/rule.ts';
import { SharedLimiter } from '#dataplane/filters/rate-limit/shared-limiter.ts';
import { eventually } from '#test/given/eventually.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitOf, rateLimit } from './given-rate-limit.ts';

/** A store that grants what it is told to, and remembers what it was asked. */
class GenerousStore implements CounterStore {
  available = true;
  readonly asked: Ask[] = [];
  grant: (ask: Ask) => Grant = (ask) => ({
    granted: ask.want,
    at: 7,
    waitMs: 0,
    remaining: [50],
    fullMs: [10],
  });
  calls = 0;

  async ask(asks: readonly Ask[]): Promise<readonly (Grant | null)[]> {
    this.calls += 1;
    this.asked.push(...asks);
    return asks.map((ask) => (this.available ? this.grant(ask) : null));
  }

  async close(): Promise<void> {}
}

interface Given {
  readonly store: GenerousStore;
  readonly limiter: SharedLimiter;
  readonly clock: { ms: number };
  readonly ruleOf: (requests: number, windowMs: number) => LimitRule;
}

function given(leasesMax = 100): Given {
  const store = new GenerousStore();
  const clock = { ms: 1000 };
  const hash = new KeyedHash(1, 2);
  const local = new LocalLimiter(4096, hash);
  const limiter = new SharedLimiter({ store, local, now: () => clock.ms, random: () => 0.5, leasesMax }, 2);
  return {
    store,
    limiter,
    clock,
    ruleOf: (requests, windowMs) =>
      ruleFor(rateLimit({ limits: [limitOf(requests, windowMs)] }), hash, Date.now),
  };
}

/** Requests one after the other, `gapMs` apart; how many had to wait for the store. */
async function inTurn(
  { limiter, clock }: Given,
  rule: LimitRule,
  times: number,
  gapMs: number,
): Promise<number> {
  let waited = 0;
  for (let turn = 0; turn < times; turn += 1) {
    const outcome = limiter.take(rule, 'key');
    if (outcome instanceof Promise) waited += 1;
    await outcome;
    clock.ms += gapMs;
  }
  return waited;
}

test('requests of one turn are asked for together, those of one key as one', async () => {
  const { limiter, store, ruleOf } = given();
  const rule = ruleOf(100, 60_000);
  await Promise.all(['a', 'b', 'a', 'a'].map(async (key) => limiter.take(rule, key)));
  assert.equal(store.calls, 1);
  assert.deepEqual(
    store.asked.map(({ need, want }) => [need, want]),
    [
      [3, 3],
      [1, 1],
    ],
  );
});

test('a small limit is asked for at each request', async () => {
  const all = given();
  assert.equal(await inTurn(all, all.ruleOf(100, 60_000), 50, 5), 50);
  assert(all.store.asked.every(({ need, want }) => need === 1 && want === 1));
});

test('a large limit is leased after the first requests, never more than its bound', async () => {
  const all = given();
  const waited = await inTurn(all, all.ruleOf(1000, 1000), 500, 1);
  assert(waited < 50, `${waited} waited`);
  const largest = Math.max(...all.store.asked.map(({ need, want }) => want - need));
  assert(largest > 10 && largest <= 100, `${largest}`);
});

test('what is leased of a window dies with it, and goes back with what is asked next', async () => {
  const all = given();
  const windows = { kind: 'Even', lengthMs: 1000 } as const;
  const limit = { name: 'only', algorithm: 'FixedWindow', requests: 1000, windows } as const;
  const rule = ruleFor(rateLimit({ limits: [limit] }), new KeyedHash(1, 2), Date.now);
  let endMs = Infinity;
  all.store.grant = ({ want }) => ({
    granted: want,
    at: 7,
    waitMs: 0,
    remaining: [50],
    fullMs: [endMs - all.clock.ms],
  });
  endMs = all.clock.ms + 1000;
  assert(all.store.asked.length < (await inTurn(all, rule, 200, 1)) + 20, 'leased');
  const granted = all.store.asked.reduce((sum, { want }) => sum + want, 0);
  all.clock.ms = endMs;
  endMs += 1000;
  all.store.asked.length = 0;
  assert(all.limiter.take(rule, 'key') instanceof Promise);
  await all.limiter.take(rule, 'key');
  assert.deepEqual(
    all.store.asked.slice(0, 2).map(({ need, want, since }) => [need, Math.min(want, 2), since]),
    [
      [0, 200 - granted, 7],
      [2, 2, 0],
    ],
  );
});

test('no window is taken to last longer by an answer that was long under way', async () => {
  const all = given();
  const windows = { kind: 'Even', lengthMs: 1000 } as const;
  const limit = { name: 'only', algorithm: 'FixedWindow', requests: 1000, windows } as const;
  const rule = ruleFor(rateLimit({ limits: [limit] }), new KeyedHash(1, 2), Date.now);
  const fullMs = [100];
  all.store.grant = ({ want }) => {
    all.clock.ms += 60;
    return { granted: want + 10, at: 7, waitMs: 0, remaining: [50], fullMs };
  };
  await all.limiter.take(rule, 'key');
  assert(!(all.limiter.take(rule, 'key') instanceof Promise));
  all.clock.ms += 40;
  assert(all.limiter.take(rule, 'key') instanceof Promise);
});

test('the tokens of a lease are given back when they were not used in time', async () => {
  const all = given();
  await inTurn(all, all.ruleOf(1000, 1000), 200, 1);
  const granted = all.store.asked.reduce((sum, { want }) => sum + want, 0);
  all.store.asked.length = 0;
  all.limiter.sweep();
  assert.deepEqual(all.store.asked, []);
  all.clock.ms += 1000;
  all.limiter.sweep();
  assert.deepEqual(
    all.store.asked.map(({ need, want }) => [need, want]),
    [[0, 200 - granted]],
  );
  assert.equal(all.limiter.usage().leases, 0);
});

test('a sweep of many keys is made in steps, and misses none', async () => {
  const all = given(5000);
  const rule = all.ruleOf(1000, 1000);
  all.store.grant = ({ want }) => ({ granted: want + 1, at: 7, waitMs: 0, remaining: [50], fullMs: [10] });
  const keys = Array.from({ length: 2000 }, (_, at) => `key ${at}`);
  await Promise.all(keys.map(async (key) => all.limiter.take(rule, key)));
  all.clock.ms += 1000;
  all.store.asked.length = 0;
  all.limiter.sweep();
  const { leases } = all.limiter.usage();
  assert(leases < 2000 && leases >= 1000, `${leases} left after one step`);
  await eventually(() => all.limiter.usage().leases === 0);
  assert.equal(
    all.store.asked.reduce((sum, { want }) => sum + want, 0),
    -2000,
  );
});

test('all tokens are given back on release', async () => {
  const all = given();
  await inTurn(all, all.ruleOf(1000, 1000), 200, 1);
  const granted = all.store.asked.reduce((sum, { want }) => sum + want, 0);
  all.store.asked.length = 0;
  await all.limiter.release();
  assert.deepEqual(
    all.store.asked.map(({ want }) => want),
    [200 - granted],
  );
});

test('while the store has said that nothing is left, nobody asks it', async () => {
  const all = given();
  const rule = all.ruleOf(100, 60_000);
  all.store.grant = () => ({ granted: 0, at: 7, waitMs: 300, remaining: [0], fullMs: [60_000] });
  const first = await all.limiter.take(rule, 'key');
  assert.deepEqual([first.verdict, first.waitMs, first.resetMs], ['Refused', 300, [300]]);
  all.clock.ms += 100;
  const second = all.limiter.take(rule, 'key');
  assert(!(second instanceof Promise));
  assert.deepEqual([second.verdict, second.waitMs, second.resetMs], ['Refused', 200, [200]]);
  all.clock.ms += 200;
  assert(all.limiter.take(rule, 'key') instanceof Promise);
});

test('requests beyond what was granted are refused', async () => {
  const all = given();
  all.store.grant = () => ({ granted: 2, at: 7, waitMs: 700, remaining: [0], fullMs: [60_000] });
  const rule = all.ruleOf(100, 60_000);
  const outcomes = await Promise.all([1, 2, 3, 4].map(async () => all.limiter.take(rule, 'key')));
  assert.deepEqual(
    outcomes.map(({ verdict }) => verdict),
    ['Admitted', 'Admitted', 'Refused', 'Refused'],
  );
});

test('no more keys are remembered than there is room for; the others are asked for', async () => {
  const all = given(3);
  const rule = all.ruleOf(100, 60_000);
  all.store.grant = () => ({ granted: 0, at: 7, waitMs: 300, remaining: [0], fullMs: [60_000] });
  const keys = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(keys.map(async (key) => all.limiter.take(rule, key)));
  assert.equal(all.limiter.usage().leases, 3);
  const asked = keys.filter((key) => all.limiter.take(rule, key) instanceof Promise);
  assert.deepEqual(asked, ['d', 'e']);
});

test('keys of clients are not shown to the store', async () => {
  const { limiter, store, ruleOf } = given();
  await limiter.take(ruleOf(100, 60_000), 'alice@example.com');
  assert.match(store.asked[0]?.keys[0] ?? '', /^turnpike:\{[0-9a-f]{32}\}:only$/);
});

test('what was admitted while the store was away is charged to it, as far as it is not got over', async () => {
  const all = given();
  const rule = all.ruleOf(100, 60_000);
  all.store.available = false;
  for (let turn = 0; turn < 80; turn += 1) void all.limiter.take(rule, 'key');
  all.store.available = true;
  // A fleet of two: 50 were admitted here, and 10 seconds at 50 a minute have been got over.
  all.clock.ms += 12_000;
  all.limiter.sweep();
  await all.limiter.take(rule, 'key');
  assert.deepEqual(
    all.store.asked.map(({ need, owed }) => [need, owed.map(Math.round)]),
    [[1, [40]]],
  );
  await all.limiter.take(rule, 'key');
  assert.deepEqual(all.store.asked[1]?.owed, []);
});

test('debts are not forgotten when the store fails once more', async () => {
  const all = given();
  const rule = all.ruleOf(100, 60_000);
  all.store.available = false;
  for (let turn = 0; turn < 10; turn += 1) void all.limiter.take(rule, 'key');
  all.store.available = true;
  const asked = all.limiter.take(rule, 'key');
  all.store.available = false;
  await asked;
  all.store.available = true;
  await all.limiter.take(rule, 'key');
  assert.deepEqual(
    all.store.asked.map(({ owed }) => owed.map(Math.round)),
    [[10], [11]],
  );
});

test('when the store goes, its last word is shared out: what was nearly used up stays so', async () => {
  const all = given();
  const rule = all.ruleOf(100, 60_000);
  all.store.grant = () => ({ granted: 1, at: 7, waitMs: 1, remaining: [8], fullMs: [50_000] });
  await all.limiter.take(rule, 'key');
  all.store.available = false;
  let admitted = 0;
  for (let turn = 0; turn < 80; turn += 1) {
    if ((await all.limiter.take(rule, 'key')).verdict === 'Admitted') admitted += 1;
  }
  assert.equal(admitted, 4);
});

test('tokens in hand are used when the store has gone', async () => {
  const all = given();
  const rule = all.ruleOf(1000, 1000);
  await inTurn(all, rule, 200, 1);
  const granted = all.store.asked.reduce((sum, { want }) => sum + want, 0);
  all.store.grant = () => assert.fail('nobody asks');
  all.store.available = false;
  for (let turn = 0; turn < granted - 200; turn += 1) void all.limiter.take(rule, 'key');
  all.store.available = true;
  all.store.grant = () => ({ granted: 0, at: 7, waitMs: 1, remaining: [0], fullMs: [1000] });
  await all.limiter.take(rule, 'key');
  assert.deepEqual(all.store.asked.at(-1)?.owed, []);
});
