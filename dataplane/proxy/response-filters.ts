import { crossOriginKind } from '#dataplane/http/cross-origin.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import { removeNominated } from '#dataplane/http/hop-by-hop.ts';
import type { ResponseHead } from '#dataplane/http/message.ts';
import { makePrivate } from '#dataplane/http/private-answer.ts';
import type { ReceivedResponse } from '#dataplane/http/received.ts';
import type { ResponseFilter } from '#dataplane/runtime.ts';

/** What has filters of its own. */
interface Filtering {
  readonly responseFilters: readonly ResponseFilter[];
}

/** The head of a backend's answer after the filters of backend and rule, in this order; or what broke. */
export function filteredHead(
  exchange: Exchange,
  { status, fields, connectionOptions }: ReceivedResponse,
  backend: Filtering | null,
  rule: Filtering | null,
): ResponseHead | Failure {
  removeNominated(fields, connectionOptions);
  const head: ResponseHead = { status, fields };
  exchange.atAnswer(head);
  return (
    applyToAnswer(exchange, backend?.responseFilters, head) ??
    applyToAnswer(exchange, rule?.responseFilters, head) ??
    head
  );
}

/** Adds to an answer what filters have for whatever answer the client gets. One with a cookie is that client's alone. */
export function addToAnswer(fields: Fields, added: Fields): void {
  if (added.size === 0) return;
  fields.appendAll(added);
  if (added.has('set-cookie')) makePrivate(fields);
}

/** The same to an answer that no backend gave. What a service that was asked says of origins is its rule's to say. */
export function addToOwnAnswer(
  exchange: Exchange & { readonly rule: Filtering | null },
  head: ResponseHead,
): void {
  const ofOrigins = exchange.rule?.responseFilters.filter(({ kind }) => kind === crossOriginKind);
  applyToAnswer(exchange, ofOrigins, head);
  addToAnswer(head.fields, exchange.answerFields);
}

/** Applies filters in order; what broke, or null. */
function applyToAnswer(
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
