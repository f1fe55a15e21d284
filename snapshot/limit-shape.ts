import type {
  ConcurrencyLimit,
  FixedWindowLimit,
  LeakyBucketLimit,
  Limit,
  SlidingWindowLimit,
  TokenBucketLimit,
  Windows,
} from './limit.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';
import { isTimeZone } from './time-zone.ts';

const timeZone: Shape<string> = (value) => {
  const name = shape.text(value);
  if (!isTimeZone(name)) throw new shape.Mismatch('', 'must be a time zone that this build knows');
  return name;
};

const windows = variant<Windows>('kind', {
  Even: object({ kind: shape.oneOf('Even'), lengthMs: shape.integer(1) }),
  Calendar: object({
    kind: shape.oneOf('Calendar'),
    period: shape.oneOf('Hour', 'Day', 'Week', 'Month', 'Year'),
    timeZone,
  }),
});

const some = shape.integer(1);

const limits = {
  TokenBucket: object<TokenBucketLimit>({
    name: shape.text,
    algorithm: shape.oneOf('TokenBucket'),
    requests: some,
    windowMs: some,
    burst: some,
  }),
  FixedWindow: object<FixedWindowLimit>({
    name: shape.text,
    algorithm: shape.oneOf('FixedWindow'),
    requests: some,
    windows,
  }),
  SlidingWindow: object<SlidingWindowLimit>({
    name: shape.text,
    algorithm: shape.oneOf('SlidingWindow'),
    requests: some,
    windowMs: some,
  }),
  LeakyBucket: object<LeakyBucketLimit>({
    name: shape.text,
    algorithm: shape.oneOf('LeakyBucket'),
    requests: some,
    windowMs: some,
    queue: some,
  }),
  Concurrency: object<ConcurrencyLimit>({
    name: shape.text,
    algorithm: shape.oneOf('Concurrency'),
    requests: some,
  }),
} satisfies Record<Limit['algorithm'], Shape<Limit>>;

/** Reads one limit of a RateLimit; that of an algorithm this build does not know is none. */
export const limitShape: Shape<Limit> = variant<Limit>('algorithm', limits);
