// What requests of a RateLimit are counted by.
import fc from 'fast-check';
import type { RateLimitKey } from '#snapshot/rate-limit.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const token = fc.stringMatching(/^[a-z0-9_-]{1,10}$/);
const onUnknown = fc.constantFrom('Skip', 'Share', 'Refuse');
const constant = <const T extends string>(value: T) => fc.constant(value);

export const rateLimitKey: fc.Arbitrary<RateLimitKey> = fc.oneof(
  fc.record({
    kind: constant('ClientAddress'),
    ipv4Prefix: fc.integer({ min: 1, max: 32 }),
    ipv6Prefix: fc.integer({ min: 1, max: 128 }),
  }),
  fc.record({ kind: fc.constantFrom('Route', 'Method') }),
  fc.record({ kind: constant('Consumer'), onUnknown }),
  fc.record({ kind: constant('Header'), header: token, onUnknown }),
  fc.record({ kind: constant('Cookie'), cookie: token, onUnknown }),
  fc.record({ kind: constant('Claim'), claim: text, onUnknown }),
  fc.record({ kind: constant('PathTemplate'), template: constant('/shops/{shop}/**'), onUnknown }),
  fc.record({
    kind: constant('Expressions'),
    expressions: fc.array(text, { minLength: 1, maxLength: 4 }),
    onUnknown,
  }),
);
