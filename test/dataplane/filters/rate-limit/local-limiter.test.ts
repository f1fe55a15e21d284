import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { LocalLimiter } from '#dataplane/filters/rate-limit/local-limiter.ts';
import { ruleFor } from '#dataplane/filters/rate-limit/rule.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitOf, rateLimit } from './given-rate-limit.ts';

const plenty = 2 ** 16;

/** The most requests of `times` that lie in one window beyond what burst and rate allow there. */
function worstExcess(times: readonly number[], burst: number, intervalMs: number): number {
  let worst = -Infinity;
  for (let first = 0; first < times.length; first += 1) {
    for (let last = first; last < times.length; last += 1) {
      const allowed = burst + ((times[last] ?? 0) - (times[first] ?? 0)) / intervalMs;
      worst = Math.max(worst, last - first + 1 - allowed);
    }
  }
  return worst;
}

test('no window of any length admits more than burst + rate * length', () => {
  const gaps = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 400, noNaN: true })), {
    minLength: 1,
    maxLength: 120,
  });
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 20 }),
      (waits, requests, windowMs, burst) => {
        const hash = new KeyedHash(1, 2);
        const limiter = new LocalLimiter(plenty, hash);
        const rule = ruleFor(rateLimit({ limits: [limitOf(requests, windowMs, burst)] }), hash, Date.now);
        const times: number[] = [];
        let now = 0;
        for (const wait of waits) {
          now += wait;
          if (limiter.take(rule, 'key', 1, now).verdict === 'Admitted') times.push(now);
        }
        assert(worstExcess(times, burst, windowMs / requests) <= 0.01);
      },
    ),
  );
});

test('a client that keeps to the told wait is never refused, and uses all of its rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 60_000 }),
      (requests, windowMs) => {
        const hash = new KeyedHash(1, 2);
        const limiter = new LocalLimiter(plenty, hash);
        const rule = ruleFor(rateLimit({ limits: [limitOf(requests, windowMs, 3)] }), hash, Date.now);
        let now = 10_000;
        let admitted = 0;
        for (let turn = 0; turn < 60; turn += 1) {
          const outcome = limiter.take(rule, 'key', 1, now);
          if (outcome.verdict === 'Admitted') admitted += 1;
          now += outcome.waitMs;
        }
        // Each refusal is followed by an admission: 3 at once, then every second turn.
        assert.equal(admitted, 3 + Math.floor(57 / 2));
      },
    ),
  );
});

test('the share of one among N data planes is an Nth of burst and rate, and at least one', () => {
  const hash = new KeyedHash(1, 2);
  const limiter = new LocalLimiter(plenty, hash);
  const rule = ruleFor(rateLimit({ limits: [limitOf(100, 60_000, 100)] }), hash, Date.now);
  let admitted = 0;
  for (let turn = 0; turn < 200; turn += 1) {
    if (limiter.take(rule, 'key', 3, 1000).verdict === 'Admitted') admitted += 1;
  }
  assert.equal(admitted, 33);
  for (let at = 1000; at <= 61_000; at += 100) {
    if (limiter.take(rule, 'key', 3, at).verdict === 'Admitted') admitted += 1;
  }
  assert.equal(admitted, 33 + 33);
  const small = ruleFor(rateLimit({ name: 'a/b/c', limits: [limitOf(2, 60_000, 2)] }), hash, Date.now);
  assert.equal(limiter.take(small, 'key', 3, 1000).verdict, 'Admitted');
  assert.equal(limiter.take(small, 'key', 3, 1000).verdict, 'Refused');
});

test('charges made elsewhere leave no burst to take over with', () => {
  const hash = new KeyedHash(1, 2);
  const limiter = new LocalLimiter(plenty, hash);
  const rule = ruleFor(rateLimit(), hash, Date.now);
  for (let turn = 0; turn < 500; turn += 1) limiter.charge(rule, 'key', 1, 1000);
  assert.equal(limiter.take(rule, 'key', 1, 1000).verdict, 'Refused');
  assert.equal(limiter.take(rule, 'key', 1, 1600).verdict, 'Admitted');
});

test('more keys than there is room for: memory stays, and a key that was given up gets one more burst at most', () => {
  const hash = new KeyedHash(3, 4);
  const limiter = new LocalLimiter(4096, hash);
  const rule = ruleFor(rateLimit({ limits: [limitOf(2, 60_000, 2)] }), hash, Date.now);
  const before = limiter.usage().bytes;
  for (let turn = 0; turn < 2; turn += 1) {
    for (let key = 0; key < 50_000; key += 1) limiter.take(rule, `key-${key}`, 1, 1000 + turn);
  }
  const { bytes, taken, evicted } = limiter.usage();
  assert.equal(bytes, before);
  assert.equal(bytes, 4096 * 16);
  assert(taken <= 4096 && taken > 4000);
  assert(evicted > 90_000);
  let admitted = 0;
  for (let turn = 0; turn < 10; turn += 1) {
    if (limiter.take(rule, 'key-1', 1, 2000).verdict === 'Admitted') admitted += 1;
  }
  assert(admitted <= 2);
});

test('a flood of new keys does not push out a key that is at its limit', () => {
  const hash = new KeyedHash(3, 4);
  const limiter = new LocalLimiter(4096, hash);
  const rule = ruleFor(rateLimit({ limits: [limitOf(10, 60_000, 10)] }), hash, Date.now);
  for (let turn = 0; turn < 10; turn += 1) limiter.take(rule, 'abuser', 1, 1000);
  for (let key = 0; key < 50_000; key += 1) limiter.take(rule, `key-${key}`, 1, 1000);
  assert.equal(limiter.take(rule, 'abuser', 1, 1000).verdict, 'Refused');
});

test('a table that grows keeps what it holds', () => {
  const hash = new KeyedHash(5, 6);
  const limiter = new LocalLimiter(2 ** 17, hash);
  const rule = ruleFor(rateLimit({ limits: [limitOf(2, 60_000, 2)] }), hash, Date.now);
  for (let key = 0; key < 50_000; key += 1) limiter.take(rule, `key-${key}`, 1, 1000);
  let forgotten = 0;
  for (let key = 0; key < 50_000; key += 1) {
    if (limiter.take(rule, `key-${key}`, 1, 1000).remaining[0] !== 0) forgotten += 1;
  }
  assert(forgotten < 50, `${forgotten} forgotten`);
});

test('a table of windows grows too, to 24 bytes a place, and keeps what it holds', () => {
  const hash = new KeyedHash(5, 6);
  const limiter = new LocalLimiter(2 ** 17, hash);
  const windows = { kind: 'Even', lengthMs: 3_600_000 } as const;
  const limit = { name: 'hour', algorithm: 'FixedWindow', requests: 2, windows } as const;
  const rule = ruleFor(rateLimit({ limits: [limit] }), hash, () => 3_600_000);
  for (let key = 0; key < 50_000; key += 1) limiter.take(rule, `key-${key}`, 1, 1000);
  assert.ok(limiter.usage().bytes <= 2 ** 17 * 24);
  let forgotten = 0;
  for (let key = 0; key < 50_000; key += 1) {
    if (limiter.take(rule, `key-${key}`, 1, 1000).remaining[0] !== 0) forgotten += 1;
  }
  assert(forgotten < 50, `${forgotten} forgotten`);
});

test('places of keys whose time has passed are used again', () => {
  const hash = new KeyedHash(5, 6);
  const limiter = new LocalLimiter(2 ** 17, hash);
  const rule = ruleFor(rateLimit({ limits: [limitOf(100, 1000, 1)] }), hash, Date.now);
  for (let key = 0; key < 200_000; key += 1) limiter.take(rule, `key-${key}`, 1, key);
  assert.equal(limiter.usage().bytes, 4096 * 16);
  assert.equal(limiter.usage().evicted, 0);
});

test('a million callers have room in 48 MiB, and hardly one of them is given up', () => {
  const windows = { kind: 'Even', lengthMs: 3_600_000 } as const;
  const limit = { name: 'only', algorithm: 'FixedWindow', requests: 2, windows } as const;
  const hash = new KeyedHash(1, 2);
  const limiter = new LocalLimiter(2 ** 21, hash);
  const rule = ruleFor(rateLimit({ limits: [limit] }), hash, () => 0);
  let admitted = 0;
  for (let turn = 0; turn < 3; turn += 1) {
    for (let at = 0; at < 1_000_000; at += 1) {
      if (limiter.take(rule, `client ${at}`, 1, 0).verdict === 'Admitted') admitted += 1;
    }
  }
  const { bytes, evicted } = limiter.usage();
  assert.equal(bytes, 48 * 2 ** 20);
  assert.ok(evicted < 1000, `${evicted} given up`);
  assert.ok(admitted >= 2_000_000 && admitted <= 2_000_000 + 2 * evicted, `${admitted} admitted`);
});

test('a tenant with more keys and longer limits than there is room for takes no counter from another', () => {
  const hash = new KeyedHash(3, 4);
  const limiter = new LocalLimiter(4096, hash);
  const minute = limitOf(2, 60_000, 2);
  const year = limitOf(1, 31_536_000_000, 1);
  const modest = ruleFor(rateLimit({ limits: [minute] }), hash, Date.now);
  const greedy = ruleFor(rateLimit({ name: 'bulk/limits/yearly', limits: [year] }), hash, Date.now);
  const refusedOf = (name: string): number => {
    let refused = 0;
    for (let key = 0; key < 200; key += 1)
      if (limiter.take(modest, `${name}-${key}`, 1, 1000).verdict === 'Refused') refused += 1;
    return refused;
  };
  const spend = (name: string): void => {
    for (let turn = 0; turn < 2; turn += 1) assert.equal(refusedOf(name), 0);
  };
  spend('before');
  for (let key = 0; key < 50_000; key += 1) limiter.take(greedy, `key-${key}`, 1, 1000);
  assert.ok(refusedOf('before') >= 198, 'what was there before the flood');
  // half of the room is the modest tenant's own, and it uses a tenth
  spend('after');
  assert.ok(refusedOf('after') >= 198, 'what comes when the greedy one has all the room');
});

test('two tenants that both want more than there is have about half of it each', () => {
  const hash = new KeyedHash(3, 4);
  const limiter = new LocalLimiter(4096, hash);
  const year = limitOf(1, 31_536_000_000, 1);
  const minute = limitOf(1, 60_000, 1);
  const rules = [
    ruleFor(rateLimit({ name: 'bulk/limits/yearly', limits: [year] }), hash, Date.now),
    ruleFor(rateLimit({ limits: [minute] }), hash, Date.now),
  ];
  for (let key = 0; key < 50_000; key += 1)
    for (const rule of rules) limiter.take(rule, `key-${key}`, 1, 1000);
  // those that came last are there; times are the same, so of each tenant any may have been given up
  const known = rules.map((rule) => {
    let count = 0;
    for (let key = 0; key < 50_000; key += 1) count += limiter.charged(rule, `key-${key}`, 1, 1000)[0] ?? 0;
    return Math.round(count);
  });
  for (const count of known) assert.ok(count > 1800 && count < 2300, `${known.join(' and ')} of 4096`);
});
