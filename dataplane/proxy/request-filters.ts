import type { Answered, Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { OwnAnswer } from '#dataplane/runtime.ts';

/** What the filter says of a request; one that throws, or whose promise is rejected, has broken, and refuses it. */
export function verdictOf(filter: RequestFilter, exchange: Exchange): Verdict | Promise<Verdict> {
  try {
    const verdict = filter.apply(exchange);
    return verdict instanceof Promise ? verdict.catch((error: unknown) => broke(filter, error)) : verdict;
  } catch (error) {
    return broke(filter, error);
  }
}

/** What the rule answers by itself; an action that throws has broken as well. */
export function answerOf(action: OwnAnswer, exchange: Exchange): Answered | Failure {
  try {
    return action.apply(exchange);
  } catch (error) {
    return broke(action, error);
  }
}

function broke(filter: { readonly kind: string }, error: unknown): Failure {
  return { kind: 'FilterBroke', detail: `${filter.kind}: ${String(error)}` };
}
