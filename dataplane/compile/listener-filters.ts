// What requests meet at a listener before a rule is looked for (GEP-5224). What must be enforced and cannot be lets nothing
// pass: the listener keeps its hosts, so that no other one answers for them.
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { filtersOf, type Listener, type ListenerFilter } from '#snapshot/listener.ts';
import type { Parts } from './parts.ts';

type ListenerParts = Pick<Parts, 'authentication' | 'rateLimit'>;

/** The filters of `listener`, in its order. */
export function listenerFilters(listener: Listener, parts: ListenerParts): readonly RequestFilter[] {
  return filtersOf(listener).map((one) => filterOf(one, parts));
}

/** Ids of those that find out who calls; a service that is asked tells nobody's name. */
export function namingCallers(authentications: readonly Authentication[]): ReadonlySet<ResourceId> {
  return new Set(authentications.flatMap((one) => (one.alternatives.length > 0 ? [one.id] : [])));
}

/** Whether `listener` asks one of `naming`: then plans hold and requests are counted, whatever the rules ask. */
export function findsCallers(listener: Listener, naming: ReadonlySet<ResourceId>): boolean {
  return filtersOf(listener).some((one) => one.kind === 'Authenticate' && naming.has(one.authentication));
}

function filterOf(told: ListenerFilter, parts: ListenerParts): RequestFilter {
  switch (told.kind) {
    case 'Authenticate':
      return parts.authentication(told.authentication) ?? missing(told.authentication);
    case 'Limit':
      return parts.rateLimit(told.rateLimit)?.filter ?? missing(told.rateLimit);
    case 'Closed':
      return closed(told.reason);
    case 'Unknown':
      return closed(`the ${told.told} is not known to this build`);
    default:
      return told satisfies never;
  }
}

function missing(id: string): RequestFilter {
  return closed(`${id} is not in the snapshot`);
}

function closed(detail: string): RequestFilter {
  const verdict = Object.freeze({ kind: 'ListenerClosed', detail } as const);
  return Object.freeze({ kind: 'Closed', apply: () => verdict });
}
