// The settings of a TrafficPolicy by groups. No group has defaults in the schema: what is left out must stay so, that
// groups of several levels can be told apart; what holds then is told in each description.
import * as z from 'zod';
import { duration, durationMs } from './fields.ts';
import { withRules, type Frozen, type Rule } from './grammar.ts';

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

/** The groups that a TrafficPolicy can set. */
export const trafficGroups = { timeouts } as const;

/** Settings of a TrafficPolicy, decoded. */
export type TrafficSettings = {
  readonly [Name in keyof typeof trafficGroups]?: Frozen<z.output<(typeof trafficGroups)[Name]>>;
};
