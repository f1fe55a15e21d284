import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';

/**
 * Applies `filters` one after another until one refuses; null when all let the request pass. A filter that throws
 * refuses it as broken: what was not checked does not pass.
 *
 * Hot path: no promise is made as long as every filter answers at once.
 */
export function applyFilters(
  filters: readonly RequestFilter[],
  exchange: Exchange,
): Verdict | Promise<Verdict> {
  return applyFrom(0, filters, exchange);
}

function applyFrom(
  start: number,
  filters: readonly RequestFilter[],
  exchange: Exchange,
): Verdict | Promise<Verdict> {
  for (let index = start; index < filters.length; index += 1) {
    const filter = filters[index];
    if (filter === undefined) continue;
    const verdict = applyOne(filter, exchange);
    if (verdict instanceof Promise) return resume(verdict, index, { filters, exchange });
    if (verdict !== null) return verdict;
  }
  return null;
}

async function resume(
  waiting: Promise<Verdict>,
  index: number,
  rest: { readonly filters: readonly RequestFilter[]; readonly exchange: Exchange },
): Promise<Verdict> {
  let verdict: Verdict;
  try {
    verdict = await waiting;
  } catch (error) {
    return broke(rest.filters[index]?.kind ?? '', error);
  }
  return verdict ?? applyFrom(index + 1, rest.filters, rest.exchange);
}

function applyOne(filter: RequestFilter, exchange: Exchange): Verdict | Promise<Verdict> {
  try {
    return filter.apply(exchange);
  } catch (error) {
    return broke(filter.kind, error);
  }
}

function broke(kind: string, error: unknown): Verdict {
  return {
    kind: 'FilterBroke',
    detail: `${kind}: ${error instanceof Error ? (error.stack ?? error.message) : 'threw'}`,
  };
}
