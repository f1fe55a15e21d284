import type { AddressList } from '#snapshot/address-list.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import type { Ban } from '#snapshot/ban.ts';
import type { Fleet } from '#snapshot/fleet.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import type { Certificate, TicketSecret } from '#snapshot/certificate.ts';
import type { ClientSettings } from '#snapshot/client-settings.ts';
import type { Cluster, Endpoints } from '#snapshot/cluster.ts';
import type { CredentialSet } from '#snapshot/credential-set.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Listener } from '#snapshot/listener.ts';
import type { LoginSecret } from '#snapshot/open-id-connect.ts';
import type { Plan } from '#snapshot/plan.ts';
import type { Protection } from '#snapshot/protection.ts';
import type { RateLimit, RateLimitStore } from '#snapshot/rate-limit.ts';
import type { TokenRevocations } from '#snapshot/token-revocations.ts';
import type { Route } from '#snapshot/route.ts';
import type { ServerNames } from '#snapshot/server-names.ts';
import type { SessionSecret } from '#snapshot/sessions.ts';
import type { Resource, ResourceSet } from '#snapshot/snapshot.ts';
import type { StreamRoute } from '#snapshot/stream-route.ts';

/** The resources a runtime is compiled from, each kind for itself, in the order of the set. */
export interface ByKind {
  /** The earlier first. */
  readonly listeners: Listener[];
  readonly routes: Route[];
  readonly streamRoutes: StreamRoute[];
  readonly clusters: Cluster[];
  readonly endpoints: Map<ResourceId, Endpoints>;
  readonly certificates: Certificate[];
  readonly serverNames: ServerNames[];
  readonly authentications: Authentication[];
  readonly keySets: Map<ResourceId, KeySet>;
  readonly credentialSets: CredentialSet[];
  readonly revocations: TokenRevocations[];
  readonly rateLimits: RateLimit[];
  readonly plans: Plan[];
  readonly clientSettings: ClientSettings[];
  readonly protections: Protection[];
  readonly ticketSecrets: TicketSecret[];
  readonly sessionSecrets: SessionSecret[];
  readonly loginSecrets: LoginSecret[];
}

/** Sorts out `resources`. */
export function byKind(resources: ResourceSet): ByKind {
  const all: ByKind = {
    listeners: [],
    routes: [],
    streamRoutes: [],
    clusters: [],
    endpoints: new Map(),
    certificates: [],
    serverNames: [],
    authentications: [],
    keySets: new Map(),
    credentialSets: [],
    revocations: [],
    rateLimits: [],
    plans: [],
    clientSettings: [],
    protections: [],
    ticketSecrets: [],
    sessionSecrets: [],
    loginSecrets: [],
  };
  for (const resource of resources.values()) {
    if (isForOthers(resource) || putSecret(all, resource)) continue;
    switch (resource.kind) {
      case 'Listener':
        all.listeners.push(resource);
        break;
      case 'Route':
        all.routes.push(resource);
        break;
      case 'Cluster':
        all.clusters.push(resource);
        break;
      case 'Endpoints':
        all.endpoints.set(resource.id, resource);
        break;
      case 'Authentication':
        all.authentications.push(resource);
        break;
      case 'KeySet':
        all.keySets.set(resource.id, resource);
        break;
      case 'CredentialSet':
        all.credentialSets.push(resource);
        break;
      case 'TokenRevocations':
        all.revocations.push(resource);
        break;
      case 'RateLimit':
        all.rateLimits.push(resource);
        break;
      case 'Plan':
        all.plans.push(resource);
        break;
      case 'ClientSettings':
        all.clientSettings.push(resource);
        break;
      case 'Protection':
        all.protections.push(resource);
        break;
      case 'StreamRoute':
        all.streamRoutes.push(resource);
        break;
      default:
        resource satisfies never;
    }
  }
  const listeners = all.listeners.toSorted((one, other) => one.createdMs - other.createdMs);
  return { ...all, listeners, authentications: withLists(all) };
}

type OfSecrets = Certificate | ServerNames | TicketSecret | SessionSecret | LoginSecret;

/** Puts what handshakes and seals are made of in its place; false for all else. */
function putSecret(all: ByKind, resource: Exclude<Resource, OfOthers>): resource is OfSecrets {
  if (resource.kind === 'Certificate') all.certificates.push(resource);
  else if (resource.kind === 'ServerNames') all.serverNames.push(resource);
  else if (resource.kind === 'TicketSecret') all.ticketSecrets.push(resource);
  else if (resource.kind === 'SessionSecret') all.sessionSecrets.push(resource);
  else if (resource.kind === 'LoginSecret') all.loginSecrets.push(resource);
  else return false;
  return true;
}

/** Of these others tell whom they concern. */
function isForOthers(resource: Resource): resource is OfOthers {
  return others.has(resource.kind);
}

type OfOthers = RateLimitStore | Fleet | Ban | AddressList;

const others: ReadonlySet<string> = new Set<OfOthers['kind']>([
  'RateLimitStore',
  'Fleet',
  'Ban',
  'AddressList',
]);

/** Those whose lists of revoked tokens are all there: without one, nobody can tell which tokens still count. */
function withLists({ authentications, revocations }: ByKind): Authentication[] {
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
    sameList([...a.keySets.values()], [...b.keySets.values()])
  );
}

/** Whether two lists hold the same objects in the same order. */
export function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
