import type { Ask, CounterStore, Grant } from '#dataplane/filters/rate-limit/counter-store.ts';
import { DebtLimiter } from '#dataplane/filters/rate-limit/debt-limiter.ts';
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import { ruleFor } from '#dataplane/filters/rate-limit/rule.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { eventually } from '#test/given/eventually.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { told } from './algorithms/naive-debts.ts';
import { limitOf, rateLimit } from './given-rate-limit.ts';

const plenty: Grant = { at: 0, granted: 0, waitMs: 0, remaining: [100], fullMs: [0] };
const nothingLeft: Grant = { at: 0, granted: 0, waitMs: 500, remaining: [0], fullMs: [60_000] };

/** A store that says what it is told to say, and remembers what it was asked. */
class TellingStore implements CounterStore {
  available = true;
  grant = plenty;
  readonly asked: Ask[] = [];

  async ask(asks: readonly Ask[]): Promise<readonly (Grant | null)[]> {
    this.asked.push(...asks);
    return asks.map(() => (this.available ? this.grant : null));
  }

  async close(): Promise<void> {}
}

function given(parts: Partial<RateLimit> = {}, keysMax = 100) {
  const store = new TellingStore();
  const clock = { ms: 1000 };
  const hash = new KeyedHash(1, 2);
  const local = new LocalLimiter(4096, hash);
  const limiter = new DebtLimiter({ store, local, now: () => clock.ms, keysMax }, () => 2);
  const rule = ruleFor(rateLimit({ cost: told, limits: [limitOf(100, 60_000)], ...parts }), hash, Date.now);
  const take = (key = 'key') => limiter.take(rule, key);
  /** The verdict of a request that waits for nobody. */
  const atOnce = (): string => {
    const outcome = take();
    assert.ok(!(outcome instanceof Promise));
    return outcome.verdict;
  };
  return { store, clock, limiter, rule, take, atOnce };
}

test('only the first request of a key waits for the store', async () => {
  const { store, limiter, rule, take, atOnce } = given();
  const first = [take(), take()];
  assert.ok(first.every((outcome) => outcome instanceof Promise));
  for (const outcome of await Promise.all(first)) assert.equal(outcome.verdict, 'Admitted');
  assert.equal(store.asked.length, 1);
  limiter.charge(rule, 'key', 30);
  limiter.charge(rule, 'key', 12);
  assert.equal(atOnce(), 'Admitted');
  await eventually(() =>
    assert.deepEqual(
      store.asked.map(({ owed }) => owed),
      [[], [42]],
    ),
  );
  assert.ok(store.asked.every(({ need, want }) => need === 0 && want === 0));
});

test('what the store said holds until a unit is left, and is asked anew after 100 ms by nobody who waits', async () => {
  const { store, clock, take, atOnce } = given();
  store.grant = nothingLeft;
  assert.deepEqual(await take(), {
    verdict: 'Refused',
    waitMs: 500,
    delayMs: 0,
    share: 1,
    remaining: [0],
    resetMs: [500],
  });
  clock.ms += 100;
  assert.equal(atOnce(), 'Refused');
  assert.equal(store.asked.length, 1);
  clock.ms += 1;
  store.grant = plenty;
  assert.equal(atOnce(), 'Refused');
  await eventually(() => assert.equal(atOnce(), 'Admitted'));
  assert.equal(store.asked.length, 2);
});

test('what is owed while the store is away is told when it is back, but for what is got over', async () => {
  const { store, clock, limiter, rule, take, atOnce } = given();
  await take();
  store.available = false;
  limiter.charge(rule, 'key', 60);
  assert.equal(atOnce(), 'Refused', 'a half of the limit is its own');
  clock.ms += 6000;
  store.available = true;
  limiter.sweep();
  await eventually(() => assert.deepEqual(store.asked.at(-1)?.owed, [50]));
});

test('what an answer of the store would have told is told again when there was none', async () => {
  const { store, limiter, rule, take } = given();
  await take();
  limiter.charge(rule, 'key', 5);
  store.available = false;
  await eventually(() => assert.equal(store.asked.length, 2));
  store.available = true;
  limiter.charge(rule, 'key', 2);
  await eventually(() =>
    assert.deepEqual(
      store.asked.map(({ owed }) => owed),
      [[], [5], [7]],
    ),
  );
});

test('without a store each rule does as it says', async () => {
  for (const [onStoreError, verdict] of [
    ['Local', 'Admitted'],
    ['Open', 'Unknown'],
    ['Closed', 'Unknown'],
  ] as const) {
    const { store, atOnce } = given({ onStoreError });
    store.available = false;
    assert.equal(atOnce(), verdict);
  }
});

test('no more keys are remembered than there is room for, and silent ones are forgotten', async () => {
  const { clock, limiter, take } = given({}, 2);
  for (const key of ['a', 'b', 'c']) await take(key);
  const waits = (key: string): boolean => take(key) instanceof Promise;
  assert.deepEqual(['a', 'b', 'c'].filter(waits), ['c']);
  clock.ms += 5001;
  await eventually(() => {
    limiter.sweep();
    assert.ok(waits('a'));
  });
});

test('nothing that is owed is lost when the data plane ends', async () => {
  const { store, limiter, rule } = given();
  limiter.charge(rule, 'key', 9);
  await limiter.release();
  assert.deepEqual(
    store.asked.map(({ owed }) => owed),
    [[9]],
  );
});
