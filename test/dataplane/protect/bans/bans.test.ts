// Bans that rules make, at one data plane: when they begin and end, and what they cost at most.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { Bans } from '#dataplane/protect/bans/bans.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { MadeBan } from '#dataplane/protect/bans/policy-bans.ts';
import { noSharedMemory, type LogEvents, type SharedMemory } from '#dataplane/filters/shared-memory.ts';
import { eventually } from '#test/given/eventually.ts';
import { recordOf } from '#test/dataplane/observe/given-record.ts';
import { aProtection, guesses } from './given-bans.ts';

function given(memory: SharedMemory = noSharedMemory) {
  const clock = { ms: 0, looks: 0 };
  const made: MadeBan[] = [];
  const bans = new Bans({
    memory,
    now: () => clock.ms,
    wallClock: () => {
      clock.looks += 1;
      return clock.ms;
    },
    isClient: () => true,
    onBan: (ban) => void made.push(ban),
    countersMax: 4096,
  });
  const answer = (address: string, status = 401, port = 80): void => {
    const { client } = recordOf();
    bans.answered(recordOf({ port, status, client: { ...client, address } }));
  };
  const isBanned = (address: string, port = 80): boolean => bans.at(port, address) !== null;
  return { bans, clock, made, answer, isBanned };
}

test('the answer that is one too many begins the ban, and its time ends it', () => {
  const { bans, clock, answer, isBanned, made } = given();
  bans.use([], [aProtection([guesses])]);
  for (let at = 0; at < 4; at += 1) answer('192.0.2.7');
  answer('192.0.2.7', 404);
  answer('192.0.2.7', 401, 81);
  assert.equal(isBanned('192.0.2.7'), false);
  answer('192.0.2.7');
  assert.equal(isBanned('192.0.2.7'), true);
  assert.equal(isBanned('192.0.2.8'), false);
  assert.equal(isBanned('192.0.2.7', 81), false, 'no policy holds there');
  assert.equal(made.length, 1);
  answer('192.0.2.7');
  clock.ms = guesses.durationMs - 1;
  assert.equal(isBanned('192.0.2.7'), true);
  clock.ms = guesses.durationMs;
  assert.equal(isBanned('192.0.2.7'), false);
  for (let at = 0; at < 4; at += 1) answer('192.0.2.7');
  assert.equal(isBanned('192.0.2.7'), false, 'it is counted anew');
});

test('within any window fewer answers than the rule says ban nobody; twice as many in two windows ban', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 20, maxLength: 60 }), (gaps) => {
      const { bans, clock, answer, isBanned } = given();
      bans.use([], [aProtection([guesses])]);
      const times: number[] = [];
      clock.ms = 100_000;
      for (const gap of gaps) {
        clock.ms += gap;
        answer('192.0.2.7');
        times.push(clock.ms);
        const within = (ms: number): number => times.filter((one) => one > clock.ms - ms).length;
        const { answers, windowMs } = guesses;
        if (isBanned('192.0.2.7')) {
          assert.ok(within(2 * windowMs) >= answers, times.join(' '));
          return;
        }
        assert.ok(within(windowMs) < 2 * answers, times.join(' '));
      }
    }),
    { numRuns: 300 },
  );
});

test('a rule that is gone bans nobody any more, one in Shadow keeps nobody out, and others go on', () => {
  const { bans, answer, isBanned } = given();
  const other = { ...guesses, name: 'other', statuses: [404] };
  bans.use([], [aProtection([guesses, other])]);
  for (let at = 0; at < 5; at += 1) {
    answer('192.0.2.7', 401);
    answer('192.0.2.8', 404);
  }
  bans.use([], [aProtection([{ ...guesses, mode: 'Shadow' }, other])]);
  assert.deepEqual(bans.at(80, '192.0.2.7'), {
    detail: 'ProtectionPolicy shop/edge bans/guesses',
    isShadow: true,
  });
  bans.use([], [aProtection([other])]);
  assert.equal(isBanned('192.0.2.7'), false);
  assert.equal(isBanned('192.0.2.8'), true);
  bans.use([], []);
  assert.equal(isBanned('192.0.2.8'), false);
});

test('what one policy bans another does not, and no policy fills the table of another', () => {
  const { bans, answer, isBanned } = given();
  bans.use(
    [],
    [aProtection([guesses]), aProtection([{ ...guesses, answers: 1 }], { port: 81, policy: 'tenant/own' })],
  );
  for (let at = 0; at < 5; at += 1) answer('192.0.2.7');
  assert.equal(isBanned('192.0.2.7', 81), false);
  for (let at = 0; at < 40_000; at += 1) answer(`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, 401, 81);
  assert.equal(isBanned('192.0.2.7'), true);
  const [, shop, tenant] = bans.figures();
  assert.deepEqual(shop, { cause: 'shop/edge/guesses', mode: 'Enforce', addresses: 1, made: 1 });
  assert.deepEqual(tenant, { cause: 'tenant/own/guesses', mode: 'Enforce', addresses: 16_384, made: 40_000 });
  assert.equal(isBanned('10.0.156.63', 81), true, 'of a full table the oldest are let in again');
  assert.equal(isBanned('10.0.0.0', 81), false);
});

test('an operator bans who came a moment ago, and what was remembered of them is forgotten', () => {
  const { bans, clock, isBanned } = given();
  const ban = { kind: 'Ban', id: resourceId('Ban', 'shop', 'office'), action: 'Refuse' } as const;
  const other = { ...ban, addresses: ['203.0.113.0/24'], expiresS: 0 };
  bans.use([other], []);
  for (const address of ['192.0.2.7', '2001:db8:0:7::1']) assert.equal(isBanned(address), false);
  bans.use([other, { ...ban, addresses: ['192.0.2.0/24', '2001:db8::/32'], expiresS: 5 }], []);
  for (const address of ['192.0.2.7', '2001:db8:0:7::1']) assert.equal(isBanned(address), true);
  clock.ms = 5000;
  for (const address of ['192.0.2.7', '2001:db8:0:7::1']) assert.equal(isBanned(address), false);
});

/** What data planes tell each other, by hand. */
function givenLog() {
  const appended: string[] = [];
  const log = { takes: true, events: null as LogEvents | null };
  const memory: SharedMemory = {
    ...noSharedMemory,
    append: (_log, entry) => {
      if (log.takes) appended.push(entry);
      return Promise.resolve(log.takes);
    },
    follow: (_log, events) => void (log.events = events),
  };
  return { memory, log, appended };
}

test('of bans that nobody could be told of the newest ten thousand are told when somebody can', async () => {
  const { memory, log, appended } = givenLog();
  const { bans, answer } = given(memory);
  bans.use([], [aProtection([{ ...guesses, answers: 1 }])]);
  log.takes = false;
  for (let at = 0; at < 10_050; at += 1) answer(`10.0.${at >> 8}.${at & 255}`);
  await setImmediate();
  log.takes = true;
  log.events?.begun();
  log.events?.caughtUp();
  await eventually(() => appended.length >= 10_000);
  await setImmediate();
  assert.equal(appended.length, 10_000);
  assert.match(appended[0] ?? '', /"10\.0\.0\.50"/u, 'the oldest are given up');
});

test('whom an operator lets come no other data plane bans here, and others it does', () => {
  const { memory, log } = givenLog();
  const { bans, isBanned } = given(memory);
  const lift = { kind: 'Ban', id: resourceId('Ban', 'shop', 'lift'), action: 'Lift' } as const;
  bans.use([{ ...lift, addresses: ['192.0.2.0/24'], expiresS: 0 }], [aProtection([guesses])]);
  for (const group of ['192.0.2.7', '198.51.100.7'])
    log.events?.told(JSON.stringify({ rule: guesses.name, group, ms: 60_000 }), 0);
  assert.equal(isBanned('192.0.2.7'), false);
  assert.equal(isBanned('198.51.100.7'), true);
});

test('no more addresses are remembered as free than have room, however many come', () => {
  const { bans, clock, isBanned } = given();
  const ban = { kind: 'Ban', id: resourceId('Ban', 'shop', 'office'), action: 'Refuse' } as const;
  bans.use([{ ...ban, addresses: ['203.0.113.0/24'], expiresS: 0 }], []);
  const looksFor = (address: string): number => {
    const before = clock.looks;
    assert.equal(isBanned(address), false);
    return clock.looks - before;
  };
  assert.equal(looksFor('192.0.2.7'), 1);
  assert.equal(looksFor('192.0.2.7'), 0, 'it is remembered');
  for (let at = 0; at < 4096; at += 1) looksFor(`10.0.${at >> 8}.${at & 255}`);
  assert.equal(looksFor('192.0.2.7'), 1, 'it is not, once as many others have come');
});
