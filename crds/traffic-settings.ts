// The settings of a TrafficPolicy by groups. No group has defaults in the schema: what is left out must stay so, that
// groups of several levels can be told apart; what holds then is told in each description.
import * as z from 'zod';
import { backendGroups } from './backend-settings.ts';
import { duration, durationMs, octets, positiveDuration } from './fields.ts';
import { sessionPersistence } from './session-persistence.ts';
import { setOf, withRules, type Frozen, type Rule } from './grammar.ts';

const inOrder: Rule<{ readonly request?: string; readonly backendRequest?: string }> = {
  cel: "!has(self.request) || !has(self.backendRequest) || duration(self.request) == duration('0s') || duration(self.backendRequest) <= duration(self.request)",
  message: 'backendRequest must not be longer than request: shorten it, or lengthen request',
  holds: ({ request, backendRequest }) =>
    request === undefined ||
    backendRequest === undefined ||
    durationMs(request) === 0 ||
    durationMs(backendRequest) <= durationMs(request),
};

const timeouts = withRules(
  z.object({
    request: duration
      .exactOptional()
      .describe(
        "The whole exchange, all attempts included; 0s for none. An HTTPRoute's own timeouts come before it. Left out: none. Not for a Service.",
      ),
    backendRequest: duration
      .exactOptional()
      .describe(
        "One attempt at a backend, from its beginning to the end of the answer; 0s for none. An HTTPRoute's own timeouts come before it. Left out: none.",
      ),
    head: duration
      .exactOptional()
      .describe(
        'One attempt, from the end of the request to the head of the answer; 0s for none. Left out: 60s, or none where request or backendRequest say something.',
      ),
  }),
  [inOrder],
).describe('How long is waited. Those of a Service hold in rules that send requests to no other Service.');

/** Statuses of a call that failed (google.rpc.Code), in their order: the first is 1. */
export const grpcCodes = [
  'Cancelled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

const retry = z
  .object({
    attempts: z
      .int32()
      .min(0)
      .max(10)
      .describe('So many times after the first; 0: a request is never sent again, whatever failed.'),
    codes: setOf(z.int32().min(400).max(599))
      .max(16)
      .exactOptional()
      .describe('Status codes of answers that are not passed on while an attempt is left. Left out: none.'),
    grpcCodes: setOf(z.enum(grpcCodes))
      .max(16)
      .exactOptional()
      .describe(
        'Statuses of calls of gRPC that failed before they were answered (the status is in the head of the answer) that are not passed on while an attempt is left. What the backend asks for by grpc-retry-pushback-ms holds, up to maxBackoff. Left out: none.',
      ),
    conditions: setOf(z.enum(['ConnectFailure', 'Refused', 'Reset', 'Timeout']))
      .max(4)
      .exactOptional()
      .describe(
        'What is tried again. ConnectFailure: there was no connection. Refused: the backend says that it did not look at the request. Reset: it closed before it answered. Timeout: the attempt took too long; both of these only where a request may be repeated (RFC 9110 section 9.2.2). Left out: ConnectFailure and Refused.',
      ),
    backoff: duration
      .exactOptional()
      .describe('Most time before the first repetition, doubled before each further one. Left out: 25ms.'),
    maxBackoff: duration.exactOptional().describe('Most time before any repetition. Left out: 250ms.'),
    perTry: duration
      .exactOptional()
      .describe(
        'One attempt, where timeouts.backendRequest is longer; 0s for no limit of its own. Left out: 0s.',
      ),
  })
  .describe(
    "When a request is sent again whose content is still whole. An HTTPRoute's own retry comes before it, but not before overrides. That of a Service holds in rules that send requests to no other Service. Left out: connections that fail, and what may be repeated, at most twice.",
  );

const hedge = z
  .object({
    delay: positiveDuration.describe(
      'So long after a request was sent without an answer the next attempt begins; take what nearly all answers keep to.',
    ),
    attempts: z
      .int32()
      .min(1)
      .max(4)
      .exactOptional()
      .describe('So many beside the first, each after another delay. Left out: 1.'),
  })
  .describe(
    'Further attempts at other endpoints beside one that is slow; the first answer counts, and the others are given up. For GET, HEAD and OPTIONS alone, and within retryConstraint and circuitBreaker.maxRetries. That of a Service holds in rules that send requests to no other Service. Left out: none.',
  );

const maxBodyBytes = octets.describe(
  'Most content of a request, such as 10Mi; more: 413. 0 for the limit of the port alone, which holds in any case. Left out: 0. Not for a Service.',
);

/** The groups that concern a rule as a whole. */
const ruleGroups = { timeouts, retry, hedge, sessionPersistence, maxBodyBytes } as const;

/** The groups that a TrafficPolicy can set. */
export const trafficGroups = { ...ruleGroups, ...backendGroups } as const;

/** Settings of a TrafficPolicy, decoded. */
export type TrafficSettings = {
  readonly [Name in keyof typeof trafficGroups]?: Frozen<z.output<(typeof trafficGroups)[Name]>>;
};
