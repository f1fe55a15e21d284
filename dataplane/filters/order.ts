// The order in which the filters of one request are applied. It is told here once and nowhere else.
import type { RequestFilter } from '#dataplane/http/exchange.ts';

/**
 * The phases of a request, in their order and with the reason for it.
 *
 * 1. `addressLimits`: they need nothing but the client's address and cost next to nothing, and so they shield the
 *    dear work behind them: an address that guesses tokens is stopped before signatures are checked.
 * 2. `authentications`: by level, the farthest first. Each removes the client's own fields that carry its claims
 *    before it looks at anything, and writes them once it has let the request pass.
 * 3. `identityLimits`: limits by claim or header count who was let in; nobody can use up another's share by
 *    naming them.
 * 4. `edits`: header edits and rewrites in the order the route tells them. They come last, so that all policies
 *    judge what the client sent; and the filters of the chosen backend come after those of the rule.
 */
export interface RequestPhases {
  readonly addressLimits: readonly RequestFilter[];
  readonly authentications: readonly RequestFilter[];
  readonly identityLimits: readonly RequestFilter[];
  readonly edits: readonly RequestFilter[];
}

/** The filters of all phases, in order. */
export function inOrder(phases: RequestPhases): readonly RequestFilter[] {
  return [...phases.addressLimits, ...phases.authentications, ...phases.identityLimits, ...phases.edits];
}
