// Rules of RateLimitPolicies, as data planes are told of them.
import fc from 'fast-check';
import type { RateLimitKey } from '#snapshot/rate-limit.ts';
import { limit } from './arbitrary-limit.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const token = fc.stringMatching(/^[a-z0-9_-]{1,10}$/);
const onUnknown = fc.constantFrom('Skip', 'Share', 'Refuse');
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 3 });
const constant = <const T extends string>(value: T) => fc.constant(value);

const rateLimitKey: fc.Arbitrary<RateLimitKey> = fc.oneof(
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

/** All of a RateLimit but its kind and id. */
export const rateLimitMembers = {
  name: text,
  key: rateLimitKey,
  limits: list(limit),
  scope: fc.oneof(
    fc.record({ kind: fc.constantFrom('Policy', 'Pod') }),
    fc.record({ kind: constant('Shared'), name: text }),
  ),
  values: list(fc.record({ values: list(text), limits: list(limit) })),
  when: fc.option(text),
  adaptive: fc.option(
    fc.record({
      latencyMs: fc.option(fc.integer({ min: 1 })),
      errorPercentMax: fc.option(fc.integer({ min: 1, max: 99 })),
      concurrencyMin: fc.integer({ min: 1 }),
      concurrencyMax: fc.integer({ min: 1 }),
    }),
  ),
  cost: fc.option(fc.record({ type: fc.constantFrom('Request', 'Response'), expression: text })),
  onStoreError: fc.constantFrom('Local', 'Open', 'Closed'),
  mode: fc.constantFrom('Enforce', 'Shadow'),
  answerFields: fc.constantFrom('Draft', 'XRateLimit', 'Both', 'None'),
  denial: fc.option(fc.record({ contentType: constant('text/html'), body: text })),
  exempt: fc.record({ addresses: list(constant('192.0.2.0/24')), consumers: list(text) }),
} as const;
