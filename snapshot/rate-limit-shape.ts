import { cookieName, fieldName, fieldValue, network } from './field-shapes.ts';
import { limitShape } from './limit-shape.ts';
import { addressKeyDefaults, rateLimitDefaults } from './rate-limit.ts';
import type { Adaptive, OnUnknownKey, RateLimit, RateLimitKey, RateLimitScope } from './rate-limit.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';

const onUnknown: Shape<OnUnknownKey> = shape.oneOf('Skip', 'Share', 'Refuse');

const rateLimitKeys = {
  ClientAddress: object({
    kind: shape.oneOf('ClientAddress'),
    ...shape.defaulted(
      { ipv4Prefix: shape.integer(1, 32), ipv6Prefix: shape.integer(1, 128) },
      addressKeyDefaults,
    ),
  }),
  Route: object({ kind: shape.oneOf('Route') }),
  Method: object({ kind: shape.oneOf('Method') }),
  Consumer: object({ kind: shape.oneOf('Consumer'), onUnknown }),
  Cookie: object({ kind: shape.oneOf('Cookie'), cookie: cookieName, onUnknown }),
  Header: object({ kind: shape.oneOf('Header'), header: fieldName, onUnknown }),
  Claim: object({ kind: shape.oneOf('Claim'), claim: shape.text, onUnknown }),
  PathTemplate: object({
    kind: shape.oneOf('PathTemplate'),
    template: shape.pattern(/^(\/[^/]+)+$/, 'a path template'),
    onUnknown,
  }),
  Expressions: object({
    kind: shape.oneOf('Expressions'),
    expressions: shape.list(shape.text, 1, 4),
    onUnknown,
  }),
} satisfies Record<RateLimitKey['kind'], Shape<RateLimitKey>>;

const adaptive: Shape<Adaptive> = object({
  latencyMs: shape.nullable(shape.integer(1)),
  errorPercentMax: shape.nullable(shape.integer(1, 99)),
  concurrencyMin: shape.integer(1),
  concurrencyMax: shape.integer(1),
});

/** Reads a RateLimit; the caller sees to members that this build does not know. */
export const rateLimitShape: Shape<RateLimit> = object({
  kind: shape.oneOf('RateLimit'),
  id: shape.idOf('RateLimit'),
  name: shape.text,
  key: variant<RateLimitKey>('kind', rateLimitKeys),
  ...shape.defaulted(
    {
      when: shape.nullable(shape.text),
      scope: variant<RateLimitScope>('kind', {
        Policy: object({ kind: shape.oneOf('Policy') }),
        Shared: object({ kind: shape.oneOf('Shared'), name: shape.text }),
        Pod: object({ kind: shape.oneOf('Pod') }),
      }),
      values: shape.list(object({ values: shape.list(shape.text), limits: shape.list(limitShape) })),
      adaptive: shape.nullable(adaptive),
      cost: shape.nullable(object({ type: shape.oneOf('Request', 'Response'), expression: shape.text })),
      exempt: object({ addresses: shape.list(network), consumers: shape.list(shape.text) }),
      denial: shape.nullable(object({ contentType: fieldValue, body: shape.text })),
      answerFields: shape.oneOf('Draft', 'XRateLimit', 'Both', 'None'),
    },
    rateLimitDefaults,
  ),
  limits: shape.list(limitShape),
  onStoreError: shape.oneOf('Local', 'Open', 'Closed'),
  mode: shape.oneOf('Enforce', 'Shadow'),
});
