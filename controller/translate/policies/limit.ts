import type { AdaptiveLimit } from '#crds/adaptive-limit.ts';
import { durationMs } from '#crds/fields.ts';
import type { RequestLimit } from '#crds/request-limit.ts';
import type { Limit } from '#snapshot/limit.ts';
import type { Adaptive } from '#snapshot/rate-limit.ts';
import { isTimeZone } from '#snapshot/time-zone.ts';

/** What is wrong with a limit that its schema cannot tell; `field` is in the limit. Null when nothing is. */
export function limitProblem({ calendar }: RequestLimit): { field: string; detail: string } | null {
  const detail = calendar === undefined ? null : timeZoneProblem(calendar.timeZone);
  return detail === null ? null : { field: 'calendar.timeZone', detail };
}

/** What is wrong with the name of a time zone; null when nothing is. */
export function timeZoneProblem(timeZone: string): string | null {
  if (isTimeZone(timeZone)) return null;
  return `${timeZone} is no time zone; take one of the IANA data base such as Europe/Berlin, or UTC`;
}

/** The limit as data planes count by it. */
export function limitOf(limit: RequestLimit): Limit {
  const { name, algorithm, requests } = limit;
  // The schema lets none be without where it is needed.
  const windowMs = durationMs(limit.window ?? '');
  switch (algorithm) {
    case 'TokenBucket':
      return { name, algorithm, requests, windowMs, burst: limit.burst ?? requests };
    case 'FixedWindow': {
      const windows =
        limit.calendar === undefined
          ? ({ kind: 'Even', lengthMs: windowMs } as const)
          : ({ kind: 'Calendar', ...limit.calendar } as const);
      return { name, algorithm, requests, windows };
    }
    case 'SlidingWindow':
      return { name, algorithm, requests, windowMs };
    case 'LeakyBucket':
      return { name, algorithm, requests, windowMs, queue: limit.queue ?? requests };
    case 'Concurrency':
      return { name, algorithm, requests };
    default:
      return algorithm satisfies never;
  }
}

/** What backends are to hold, as data planes ask it of them. */
export function adaptiveOf(adaptive: AdaptiveLimit): Adaptive {
  const { latency, errors, minConcurrency, maxConcurrency } = adaptive;
  return {
    latencyMs: latency === undefined ? null : durationMs(latency),
    errorPercentMax: errors ?? null,
    concurrencyMin: minConcurrency,
    concurrencyMax: maxConcurrency,
  };
}
