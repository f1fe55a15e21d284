import type { Exchange } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ResponseHead } from '#dataplane/http/message.ts';
import type { ResponseFilter } from '#dataplane/runtime.ts';

/** Applies filters to the head of an answer, in order; what broke, or null. */
export function applyToAnswer(
  exchange: Exchange,
  filters: readonly ResponseFilter[] | undefined,
  head: ResponseHead,
): Failure | null {
  if (filters === undefined) return null;
  for (const filter of filters) {
    try {
      filter.apply(exchange, head);
    } catch (error) {
      return { kind: 'FilterBroke', detail: `${filter.kind}: ${String(error)}` };
    }
  }
  return null;
}
