import fc from 'fast-check';
import type { ResourceId } from '#snapshot/ids.ts';
import { Secret } from '#snapshot/secret.ts';

const nullable = <T>(item: fc.Arbitrary<T>) => fc.option(item, { nil: null });
const constant = <const T extends string>(value: T) => fc.constant(value);
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const secret = fc.string().map((value) => new Secret(value));

const topology = fc.oneof(
  fc.record({ kind: constant('Standalone') }),
  fc.record({ kind: constant('Cluster') }),
  fc.record({
    kind: constant('Sentinel'),
    masterName: text,
    username: text,
    password: nullable(secret),
  }),
);

const tls = fc.record({
  hostname: nullable(text),
  authorities: nullable(text),
  clientCertificate: nullable(fc.record({ chain: text, key: secret })),
});

/** Any place where counters live. */
export const rateLimitStore = (id: fc.Arbitrary<ResourceId>) =>
  fc.oneof(
    fc.record({ kind: constant('RateLimitStore'), id, type: constant('Memory') }),
    fc.record({
      kind: constant('RateLimitStore'),
      id,
      type: constant('Redis'),
      url: secret,
      topology,
      tls: nullable(tls),
    }),
  );
