import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';

/** What the filter says of a request; one that throws, or whose promise is rejected, has broken, and refuses it. */
export function verdictOf(filter: RequestFilter, exchange: Exchange): Verdict | Promise<Verdict> {
  try {
    const verdict = filter.apply(exchange);
    return verdict instanceof Promise ? verdict.catch((error: unknown) => broke(filter, error)) : verdict;
  } catch (error) {
    return broke(filter, error);
  }
}

function broke(filter: RequestFilter, error: unknown): Verdict {
  return { kind: 'FilterBroke', detail: `${filter.kind}: ${String(error)}` };
}
