// Sheds requests for which the backends of a route's rule have no time, by how soon and how well they answer.
import type { RequestSubject } from '#cel/request-variables.ts';
import type { Variables } from '#cel/variables.ts';
import {
  atAnswer,
  atEnd,
  atSent,
  type Exchange,
  type RequestFilter,
  type RuleName,
} from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Adaptive, RateLimit } from '#snapshot/rate-limit.ts';
import { Bound } from './algorithms/bound.ts';
import { exemptReader } from './exempt.ts';
import { countsReader } from './expressions.ts';
import type { Tally } from './tally.ts';

/** What a rule is asked with. */
export interface AdaptiveSurroundings {
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
  readonly tally: Tally;
  readonly variables: Variables<RequestSubject>;
}

/**
 * The filter of a rule that goes by what backends bear: of each rule of a route by itself, and of each data plane. It begins
 * anew when the limit or the route changes.
 */
export function adaptiveFilter(
  limit: RateLimit,
  adaptive: Adaptive,
  { now, tally, variables }: AdaptiveSurroundings,
): RequestFilter {
  const exempts = exemptReader(limit.exempt);
  const counts = countsReader(limit, variables);
  const bounds = new WeakMap<RuleName, Bound>();

  function boundOf(rule: RuleName): Bound {
    let bound = bounds.get(rule);
    if (bound === undefined) {
      bound = new Bound(adaptive);
      bounds.set(rule, bound);
    }
    return bound;
  }

  return {
    kind: 'RateLimit',
    apply(exchange) {
      const { rule } = exchange;
      if (rule === null || exempts?.(exchange) === true || counts?.(exchange) === false) {
        tally.count('Skipped');
        return null;
      }
      const bound = boundOf(rule);
      const isRefused = !bound.hasRoom;
      tally.count(isRefused ? 'Refused' : 'Admitted');
      if (isRefused && limit.mode === 'Enforce') return { kind: 'BackendOverloaded', detail: limit.name };
      follow(exchange, bound, now);
      return null;
    },
  };
}

/**
 * From when a backend has all of the request until its answer begins: neither who sends slowly nor who reads slowly tells
 * anything of the backend, or takes a place; nor does a request that is answered before all of it was sent.
 */
function follow(exchange: Exchange, bound: Bound, now: () => number): void {
  let sentMs: number | null = null;
  let isAnswered = false;
  const over = (tell: (sentMs: number) => void): void => {
    const since = sentMs;
    sentMs = null;
    if (since !== null) tell(since);
  };
  atSent(exchange, () => {
    if (isAnswered) return;
    sentMs = now();
    bound.sent();
  });
  atAnswer(exchange, ({ status }) => {
    isAnswered = true;
    over((since) => bound.answered(since, now(), status >= 500));
  });
  atEnd(exchange, (failure) =>
    over((since) => {
      if (isOfBackend(failure)) bound.answered(since, now(), true);
      else bound.left();
    }),
  );
}

/** A client that has left, or given its call too little time, says nothing of the backend. */
function isOfBackend(failure: Failure | null): boolean {
  return failure !== null && failure.kind !== 'ClientGone' && failure.kind !== 'CallTimedOut';
}
