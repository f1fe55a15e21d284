import { WindowClock, windowAt } from '#dataplane/filters/rate-limit/algorithms/windows.ts';
import type { Period, Windows } from '#snapshot/limit.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

const hour = { hour: 'numeric', timeZoneName: 'longOffset' } as const;
const day = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;

/** What a calendar on the wall says of the period, without any arithmetic. */
const onTheWall = {
  Hour: { ...day, ...hour },
  Day: day,
  Month: { year: 'numeric', month: 'numeric' },
  Year: { year: 'numeric' },
} satisfies Record<Exclude<Period, 'Week'>, Intl.DateTimeFormatOptions>;

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Auckland',
  'America/Havana',
];
const moments = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2037, 0) });

describe('windows of the calendar', () => {
  for (const [period, options] of Object.entries(onTheWall)) {
    test(`${period}: from the first moment that bears its name to the last`, () => {
      fc.assert(
        fc.property(moments, fc.constantFrom(...zones), (epochMs, timeZone) => {
          const named = new Intl.DateTimeFormat('en', { ...options, timeZone });
          const windows: Windows = { kind: 'Calendar', period: period as Period, timeZone };
          const { startMs, endMs } = windowAt(windows, epochMs);
          assert.ok(startMs <= epochMs && epochMs < endMs);
          const name = named.format(epochMs);
          assert.equal(named.format(startMs), name);
          assert.equal(named.format(endMs - 1), name);
          assert.notEqual(named.format(startMs - 1), name);
          assert.notEqual(named.format(endMs), name);
        }),
        { numRuns: 300 },
      );
    });
  }

  test('Week: seven days, from Monday', () => {
    const windows = { kind: 'Calendar', period: 'Week', timeZone: 'Europe/Berlin' } as const;
    // A Sunday evening in the week in which summer time ends, and the Monday after.
    const sunday = windowAt(windows, Date.parse('2026-10-25T22:30:00Z'));
    assert.equal(new Date(sunday.startMs).toISOString(), '2026-10-18T22:00:00.000Z');
    assert.equal(new Date(sunday.endMs).toISOString(), '2026-10-25T23:00:00.000Z');
    assert.equal(windowAt(windows, sunday.endMs).startMs, sunday.endMs);
  });
});

test('hours follow each other also where clocks change by half of one', () => {
  const windows = { kind: 'Calendar', period: 'Hour', timeZone: 'Australia/Lord_Howe' } as const;
  for (const [from, minutes] of [
    ['2026-04-04T13:00:00Z', [60, 60, 30, 60, 60]], // until 15:00 UTC it is +11:00, then +10:30
    ['2026-10-03T13:30:00Z', [60, 60, 30, 60, 60]], // until 15:30 UTC it is +10:30, then +11:00
  ] as const) {
    let epochMs = Date.parse(from);
    for (const length of minutes) {
      const window = windowAt(windows, epochMs);
      const first = new Date(epochMs).toISOString();
      assert.deepEqual(window, { startMs: epochMs, endMs: epochMs + length * 60_000 }, first);
      assert.deepEqual(windowAt(windows, window.endMs - 1), window, first);
      epochMs = window.endMs;
    }
  }
});

describe('the clock of windows', () => {
  const minutes = { kind: 'Even', lengthMs: 60_000 } as const;

  test('opens no window for the second time when the wall clock is set back a little', () => {
    let epochMs = 120_005;
    const clock = new WindowClock(minutes, () => epochMs);
    clock.turnTo(0);
    const { serial } = clock;
    epochMs = 119_000;
    clock.turnTo(59_995);
    assert.equal(clock.serial, serial);
    assert.equal(clock.endMs, 59_995 + 61_000);
  });

  test('follows a wall clock that is set far back or ahead within a minute', () => {
    let epochMs = 10 * 365 * 86_400_000;
    const clock = new WindowClock({ kind: 'Calendar', period: 'Month', timeZone: 'UTC' }, () => epochMs);
    clock.turnTo(0);
    assert.equal(clock.current.startMs, Date.UTC(1979, 11));
    epochMs = Date.UTC(2026, 5, 15);
    clock.turnTo(60_000);
    assert.equal(clock.current.startMs, Date.UTC(2026, 5));
    epochMs = Date.UTC(2025, 0, 1);
    clock.turnTo(120_000);
    assert.equal(clock.current.startMs, Date.UTC(2025, 0));
  });
});
