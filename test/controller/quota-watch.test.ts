import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QuotaWatch } from '#controller/quota-watch.ts';
import type { QuotaUse } from '#controller/translate/input.ts';
import type { NearQuota } from '#snapshot/message.ts';
import { ManualClock } from '#test/given/clock.ts';

const minute = 60_000;

function given() {
  const clock = new ManualClock();
  const observed: (readonly (readonly [string, readonly QuotaUse[]])[])[] = [];
  const watch = new QuotaWatch(clock, (quotas) => void observed.push([...quotas]));
  const near = (used: number, more: Partial<NearQuota> = {}): NearQuota => ({
    consumer: 'shop/ada',
    plan: 'gold',
    quota: 'day',
    used,
    endsMs: clock.now() + 12 * minute,
    ...more,
  });
  return { clock, observed, watch, near };
}

test('what data planes tell of quotas is handed on at once, then every five minutes at most, and only news', () => {
  const { clock, observed, watch, near } = given();
  const { endsMs } = near(80);
  watch.told([near(80), near(7, { consumer: 'shop/bob', quota: 'hour' })]);
  clock.advance(0);
  const ofAda = (used: number) => ['shop/ada', [{ plan: 'gold', quota: 'day', used, endsMs }]] as const;
  const ofBob = ['shop/bob', [{ plan: 'gold', quota: 'hour', used: 7, endsMs }]] as const;
  assert.deepEqual(observed, [[ofAda(80), ofBob]]);
  for (const used of [81, 90, 85]) {
    clock.advance(minute);
    watch.told([near(used, { endsMs })]);
  }
  assert.equal(observed.length, 1);
  clock.advance(2 * minute);
  assert.deepEqual(observed[1], [ofAda(90), ofBob], 'the most of what was told');

  watch.told([near(90, { endsMs })]);
  watch.told([]);
  clock.advance(5 * minute);
  assert.equal(observed.length, 2, 'a data plane that is gone, or says the same again, is no news');
});

test('what was used is forgotten when the period has ended, and then nothing waits', () => {
  const { clock, observed, watch, near } = given();
  watch.told([near(80)]);
  clock.advance(15 * minute);
  assert.deepEqual(observed.at(-1), []);
  assert.deepEqual(clock.waiting, []);
  watch.told([near(80, { endsMs: clock.now() })]);
  assert.deepEqual(clock.waiting, [], 'what has ended already is none');
  watch.told([near(1)]);
  clock.advance(5 * minute);
  assert.equal(observed.at(-1)?.length, 1);
  watch.stop();
  assert.deepEqual(clock.waiting, []);
});

test('no more is remembered than there is room for', () => {
  const { clock, observed, watch, near } = given();
  watch.told(Array.from({ length: 12_000 }, (_, at) => near(80, { consumer: `shop/c${String(at)}` })));
  clock.advance(0);
  assert.equal(observed[0]?.length, 10_000);
  watch.stop();
});
