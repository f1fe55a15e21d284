import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GuessCounters } from '#dataplane/filters/rate-limit/guess-counters.ts';
import type { GuessBlock } from '#dataplane/filters/rate-limit/guess-counters.ts';
import type { GuessProtection } from '#snapshot/authentication.ts';

const protection: GuessProtection = { failures: 3, accountFailures: 5, windowMs: 60_000, blockMs: 300_000 };

function given(changes: Partial<GuessProtection> = {}, countersMax?: number) {
  const told: GuessBlock[] = [];
  const waits: { ms: number; over: () => void }[] = [];
  const counters = new GuessCounters({
    onBlock: (block) => void told.push(block),
    wait: (ms) => new Promise((over) => waits.push({ ms, over })),
    ...(countersMax === undefined ? {} : { countersMax }),
  });
  const terms = { ...protection, ...changes };
  return { counters, told, waits, guard: counters.guardFor('shop/staff', terms), terms };
}

const client = '192.0.2.1';

describe('an address', () => {
  it('is blocked at its failure too many, for the time told, and told of once', () => {
    const { guard, told, counters } = given();
    for (const nowMs of [1000, 1001]) {
      guard.failed(client, [], nowMs);
      assert.equal(guard.blockedMs(client, nowMs), 0);
    }
    guard.failed(client, [], 1002);
    assert.equal(guard.blockedMs(client, 1002), 300_000);
    // requests that were under way when it began
    guard.failed(client, [], 1003);
    assert.equal(guard.blockedMs(client, 2002), 299_000);
    assert.equal(guard.blockedMs('192.0.2.2', 2002), 0);
    assert.equal(guard.blockedMs(client, 301_002), 0);
    assert.deepEqual(told, [{ policy: 'shop/staff', client, blockMs: 300_000 }]);
    assert.deepEqual(counters.figures(), [
      { policy: 'shop/staff', failures: 4, slowed: 0, blocks: 1, refused: 2 },
    ]);
  });

  it('that fails now and then is not', () => {
    const { guard, told } = given();
    for (let nowMs = 1000; nowMs < 10_000_000; nowMs += 21_000) guard.failed(client, [], nowMs);
    assert.deepEqual(told, []);
  });

  it('of IPv6 stands for its /64', () => {
    const { guard } = given();
    for (const last of ['1', '2', '3']) guard.failed(`2001:db8:0:1::${last}`, [], 1000);
    assert.ok(guard.blockedMs('2001:db8:0:1:ffff::9', 1000) > 0);
    assert.equal(guard.blockedMs('2001:db8:0:2::1', 1000), 0);
  });

  it('is never blocked where that is switched off', () => {
    const { guard, told } = given({ failures: 0 });
    for (let nowMs = 1000; nowMs < 2000; nowMs += 1) guard.failed(client, [], nowMs);
    assert.equal(told.length, 0);
  });

  it('is blocked for one policy only, and stays so when the policy is made anew', () => {
    const { counters, guard, terms } = given();
    for (const nowMs of [1000, 1001, 1002]) guard.failed(client, [], nowMs);
    assert.equal(counters.guardFor('shop/other', terms).blockedMs(client, 1003), 0);
    assert.ok(counters.guardFor('shop/staff', { ...terms, failures: 100 }).blockedMs(client, 1003) > 0);
  });
});

describe('an account', () => {
  it('that is guessed from everywhere blocks an address at its first failure, and no other', () => {
    const { guard, told } = given();
    for (let at = 1; at <= 4; at += 1) guard.failed(`198.51.100.${at}`, ['ada'], 1000);
    assert.equal(told.length, 0);
    guard.failed('198.51.100.5', ['ada'], 1000);
    guard.failed('198.51.100.6', ['ada'], 1001);
    guard.failed('198.51.100.7', ['bob'], 1001);
    assert.deepEqual(
      told.map((block) => block.client),
      ['198.51.100.5', '198.51.100.6'],
    );
    assert.equal(guard.blockedMs(client, 1002), 0, 'whoever knows the password may go on');
  });

  it('is not counted where that is switched off', () => {
    const { guard, told } = given({ accountFailures: 0 });
    for (let at = 1; at <= 100; at += 1) guard.failed(`198.51.100.${at}`, ['ada'], 1000);
    assert.deepEqual(told, []);
  });
});

describe('a failure', () => {
  const slowing = { failures: 10, accountFailures: 4 };

  it('is answered a second late from more than half of what blocks on', async () => {
    const { guard, waits, counters } = given(slowing);
    const answers = Array.from({ length: 10 }, () => guard.failed(client, [], 1000));
    assert.deepEqual(
      answers.map((one) => one !== null),
      [false, false, false, false, false, true, true, true, true, false],
      'and the last one blocks',
    );
    assert.deepEqual(
      waits.map(({ ms }) => ms),
      [1000, 1000, 1000, 1000],
    );
    waits[0]?.over();
    await answers[5];
    assert.equal(counters.figures()[0]?.slowed, 4);
  });

  it('is answered late for its account too, wherever it comes from', () => {
    const { guard } = given(slowing);
    const late = [1, 2, 3].map((at) => guard.failed(`198.51.100.${at}`, ['ada'], 1000) !== null);
    assert.deepEqual(late, [false, false, true]);
    assert.equal(guard.failed('198.51.100.9', ['bob'], 1000), null);
  });

  it('is answered at once where 256 wait already', async () => {
    const { guard, waits } = given({ failures: 2000, accountFailures: 0 });
    const answers = Array.from({ length: 1500 }, () => guard.failed(client, [], 1000) ?? Promise.resolve());
    assert.equal(waits.length, 256);
    for (const { over } of waits) over();
    await Promise.all(answers);
    assert.notEqual(guard.failed(client, [], 1001), null);
  });
});

it('no number of clients makes the counters grow without bound', () => {
  const { guard } = given({ failures: 2 }, 4096);
  for (let at = 0; at < 20_000; at += 1) {
    guard.failed(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, [`user ${at}`], 1000);
  }
  for (const nowMs of [1001, 1002]) guard.failed(client, [], nowMs);
  assert.ok(guard.blockedMs(client, 1003) > 0, 'who comes now is counted all the same');
});
