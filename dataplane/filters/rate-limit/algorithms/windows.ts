// Windows of the wall clock, in the time of the monotonic one: looked at when one ends, never for a request.
import type { Period, Windows } from '#snapshot/limit.ts';

/** From `startMs` until just before `endMs`, milliseconds since 1970. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** The window in which `epochMs` lies. */
export function windowAt(windows: Windows, epochMs: number): Window {
  if (windows.kind === 'Calendar') return periodAt(windows.period, windows.timeZone, epochMs);
  const startMs = epochMs - (epochMs % windows.lengthMs);
  return { startMs, endMs: startMs + windows.lengthMs };
}

const hourMs = 3_600_000;

/** Hours go by the offset of the moment; where clocks change by half an hour, one ends and the next begins with that. */
function periodAt(period: Period, timeZone: string, epochMs: number): Window {
  const time = Temporal.Instant.fromEpochMilliseconds(Math.floor(epochMs)).toZonedDateTimeISO(timeZone);
  if (period === 'Hour') {
    const startMs = epochMs - ((epochMs + time.offsetNanoseconds / 1e6) % hourMs);
    const changed = time.add({ milliseconds: 1 }).getTimeZoneTransition('previous');
    const changes = time.getTimeZoneTransition('next');
    return {
      startMs: Math.max(startMs, changed?.epochMilliseconds ?? startMs),
      endMs: Math.min(startMs + hourMs, changes?.epochMilliseconds ?? startMs + hourMs),
    };
  }
  const first = firstDay[period](time);
  const start = first.startOfDay();
  const end = first.add(lengthOf[period]).startOfDay();
  return { startMs: start.epochMilliseconds, endMs: end.epochMilliseconds };
}

const firstDay = {
  Day: (time) => time,
  Week: (time) => time.subtract({ days: time.dayOfWeek - 1 }),
  Month: (time) => time.with({ day: 1 }),
  Year: (time) => time.with({ month: 1, day: 1 }),
} satisfies Record<Exclude<Period, 'Hour'>, (time: Temporal.ZonedDateTime) => Temporal.ZonedDateTime>;

const lengthOf = { Day: { days: 1 }, Week: { weeks: 1 }, Month: { months: 1 }, Year: { years: 1 } } as const;

type Boundaries = readonly [number, number, number, number];

function boundariesOf(windows: Windows, { startMs, endMs }: Window): Boundaries {
  const before = windowAt(windows, startMs - 1);
  return [before.startMs, startMs, endMs, windowAt(windows, endMs).endMs];
}

function serialOf(startMs: number): number {
  return Math.floor(startMs / 1000) >>> 0;
}

/** A wall clock that is set is followed after so long, if no window ends before. */
const followMs = 60_000;

/**
 * The window of now. A wall clock that is set back by less than a window does not open one for the second time.
 *
 * Hot path: one comparison a request.
 */
export class WindowClock {
  /** Of the window, by the monotonic clock. */
  startMs = 0;
  endMs = 0;
  /** Tells the window from those near it: 32 bits, unsigned. */
  serial = 0;
  /** Of the window before. */
  serialBefore = 0;
  /** By the wall clock. */
  current: Window;
  readonly #windows: Windows;
  readonly #epochMs: () => number;
  #lookMs = -Infinity;
  #boundaries: Boundaries | null = null;

  constructor(windows: Windows, epochMs: () => number) {
    this.#windows = windows;
    this.#epochMs = epochMs;
    this.current = windowAt(windows, epochMs());
  }

  /** Makes sure that the window is that of `now`. */
  turnTo(now: number): void {
    if (now >= this.#lookMs) this.#look(now);
  }

  /** The ends of four windows by the wall clock: the one before, this one, and the one after. */
  boundaries(): Boundaries {
    this.#boundaries ??= boundariesOf(this.#windows, this.current);
    return this.#boundaries;
  }

  #look(now: number): void {
    const epochMs = this.#epochMs();
    const { startMs, endMs } = this.current;
    const isNear = epochMs < endMs && epochMs >= startMs - (endMs - startMs);
    if (!isNear) {
      this.current = windowAt(this.#windows, epochMs);
      this.#boundaries = null;
    }
    this.startMs = now + this.current.startMs - epochMs;
    this.endMs = now + this.current.endMs - epochMs;
    this.serial = serialOf(this.current.startMs);
    this.serialBefore = serialOf(windowAt(this.#windows, this.current.startMs - 1).startMs);
    this.#lookMs = Math.min(this.endMs, now + followMs);
  }
}
