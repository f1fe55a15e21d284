// The order in which the filters of one request are applied. It is told here once and nowhere else.
import type { RequestFilter } from '#dataplane/http/exchange.ts';

/**
 * The phases of a request at its rule, in their order and with the reason for it. What its listener asks (GEP-5224) comes
 * before there is a rule, in the order that the listener tells.
 *
 * 1. `crossOrigin`: browsers ask whether they may call without any credential, so their preflights are answered
 *    before anything looks for one; and what it adds to answers stands on refusals too, so that pages can read them.
 * 2. `addressLimits`: they need nothing but the client's address and cost next to nothing, and so they shield the
 *    dear work behind them: an address that guesses tokens is stopped before signatures are checked.
 * 3. `authentications`: by level, the farthest first. Each removes the client's own fields that carry its claims
 *    before it looks at anything, and writes them once it has let the request pass.
 * 4. `identityLimits`: limits by claim or header count who was let in; nobody can use up another's share by
 *    naming them.
 * 5. `plans`: after all other limits, so that what those refuse is not taken from a quota.
 * 6. `metering`: what a Consumer uses is counted once nothing refuses it any more.
 * 7. `edits`: header edits and rewrites in the order the route tells them. They come last, so that all policies
 *    judge what the client sent; and the filters of the chosen backend come after those of the rule.
 */
export interface RequestPhases {
  readonly crossOrigin: readonly RequestFilter[];
  readonly addressLimits: readonly RequestFilter[];
  readonly authentications: readonly RequestFilter[];
  readonly identityLimits: readonly RequestFilter[];
  readonly plans: readonly RequestFilter[];
  readonly metering: readonly RequestFilter[];
  readonly edits: readonly RequestFilter[];
}

/** The filters of all phases, in order. */
export function inOrder(phases: RequestPhases): readonly RequestFilter[] {
  return [
    ...phases.crossOrigin,
    ...phases.addressLimits,
    ...phases.authentications,
    ...phases.identityLimits,
    ...phases.plans,
    ...phases.metering,
    ...phases.edits,
  ];
}
