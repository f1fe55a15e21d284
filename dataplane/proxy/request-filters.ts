import type { Answered, Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Redirect } from '#dataplane/runtime.ts';

/** What the filter says of a request; one that throws, or whose promise is rejected, has broken, and refuses it. */
export function verdictOf(filter: RequestFilter, exchange: Exchange): Verdict | Promise<Verdict> {
  try {
    const verdict = filter.apply(exchange);
    return verdict instanceof Promise ? verdict.catch((error: unknown) => broke(filter, error)) : verdict;
  } catch (error) {
    return broke(filter, error);
  }
}

/** What the redirect answers; one that throws has broken as well. */
export function answerOf(redirect: Redirect, exchange: Exchange): Answered | Failure {
  try {
    return redirect.apply(exchange);
  } catch (error) {
    return broke(redirect, error);
  }
}

function broke(filter: { readonly kind: string }, error: unknown): Failure {
  return { kind: 'FilterBroke', detail: `${filter.kind}: ${String(error)}` };
}
