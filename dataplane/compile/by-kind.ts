import { sameList } from '#snapshot/same-list.ts';
import type { KindLists, OfKind } from '#snapshot/kind-lists.ts';
import type { ResourceId } from '#snapshot/ids.ts';

/** The resources a runtime is compiled from, each kind for itself: the same lists as before where nothing changed. */
export interface ByKind {
  /** The earlier first. */
  readonly listeners: readonly OfKind<'Listener'>[];
  readonly routes: readonly OfKind<'Route'>[];
  readonly streamRoutes: readonly OfKind<'StreamRoute'>[];
  readonly clusters: readonly OfKind<'Cluster'>[];
  readonly certificates: readonly OfKind<'Certificate'>[];
  readonly serverNames: readonly OfKind<'ServerNames'>[];
  readonly authentications: readonly OfKind<'Authentication'>[];
  readonly keySets: readonly OfKind<'KeySet'>[];
  readonly credentialSets: readonly OfKind<'CredentialSet'>[];
  readonly revocations: readonly OfKind<'TokenRevocations'>[];
  readonly rateLimits: readonly OfKind<'RateLimit'>[];
  readonly plans: readonly OfKind<'Plan'>[];
  readonly clientSettings: readonly OfKind<'ClientSettings'>[];
  readonly protections: readonly OfKind<'Protection'>[];
  readonly ticketSecrets: readonly OfKind<'TicketSecret'>[];
  readonly sessionSecrets: readonly OfKind<'SessionSecret'>[];
  readonly loginSecrets: readonly OfKind<'LoginSecret'>[];
}

/** What of `kinds` a runtime is compiled from. Of all others somebody else tells whom they concern. */
export function byKind(kinds: KindLists): ByKind {
  const revocations = kinds.of('TokenRevocations');
  return {
    listeners: kinds
      .of('Listener')
      .toSorted((one, other) => one.createdMs - other.createdMs || (one.id < other.id ? -1 : 1)),
    routes: kinds.of('Route'),
    streamRoutes: kinds.of('StreamRoute'),
    clusters: kinds.of('Cluster'),
    certificates: kinds.of('Certificate'),
    serverNames: kinds.of('ServerNames'),
    authentications: withLists(kinds.of('Authentication'), revocations),
    keySets: kinds.of('KeySet'),
    credentialSets: kinds.of('CredentialSet'),
    revocations,
    rateLimits: kinds.of('RateLimit'),
    plans: kinds.of('Plan'),
    clientSettings: kinds.of('ClientSettings'),
    protections: kinds.of('Protection'),
    ticketSecrets: kinds.of('TicketSecret'),
    sessionSecrets: kinds.of('SessionSecret'),
    loginSecrets: kinds.of('LoginSecret'),
  };
}

/** Those whose lists of revoked tokens are all there: without one, nobody can tell which tokens still count. */
function withLists(
  authentications: ByKind['authentications'],
  revocations: ByKind['revocations'],
): ByKind['authentications'] {
  const lists = new Set<ResourceId | null>([null, ...revocations.map(({ id }) => id)]);
  return authentications.filter(({ alternatives }) =>
    alternatives.every((way) => way.kind !== 'JWT' || lists.has(way.revocation)),
  );
}

/** Whether `a` and `b` hold the very same resources but for those that others follow by themselves. */
export function sameButFollowed(a: ByKind, b: ByKind): boolean {
  return (
    sameList(a.routes, b.routes) &&
    sameList(a.streamRoutes, b.streamRoutes) &&
    sameList(a.clusters, b.clusters) &&
    sameList(a.listeners, b.listeners) &&
    sameList(a.certificates, b.certificates) &&
    sameList(a.serverNames, b.serverNames) &&
    sameList(a.authentications, b.authentications) &&
    sameList(a.rateLimits, b.rateLimits) &&
    sameList(a.clientSettings, b.clientSettings) &&
    sameList(a.protections, b.protections) &&
    sameList(a.ticketSecrets, b.ticketSecrets) &&
    sameList(a.sessionSecrets, b.sessionSecrets) &&
    sameList(a.keySets, b.keySets)
  );
}
