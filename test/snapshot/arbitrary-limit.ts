// What a RateLimit or a Plan lets pass.
import fc from 'fast-check';
import type { Limit } from '#snapshot/limit.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const constant = <const T extends string>(value: T) => fc.constant(value);
const some = fc.integer({ min: 1 });
const windows = fc.oneof(
  fc.record({ kind: constant('Even'), lengthMs: some }),
  fc.record({
    kind: constant('Calendar'),
    period: fc.constantFrom('Hour', 'Day', 'Week', 'Month', 'Year'),
    timeZone: fc.constantFrom('UTC', 'Europe/Berlin'),
  }),
);

export const limit: fc.Arbitrary<Limit> = fc.oneof(
  fc.record({
    name: text,
    algorithm: constant('TokenBucket'),
    requests: some,
    windowMs: some,
    burst: some,
  }),
  fc.record({ name: text, algorithm: constant('FixedWindow'), requests: some, windows }),
  fc.record({ name: text, algorithm: constant('SlidingWindow'), requests: some, windowMs: some }),
  fc.record({ name: text, algorithm: constant('LeakyBucket'), requests: some, windowMs: some, queue: some }),
  fc.record({ name: text, algorithm: constant('Concurrency'), requests: some }),
);
