// Everything one Gateway's data planes must know, and nothing else: above all no other Gateway's secrets.
import { gatewayKey, type ResourceId } from '#snapshot/ids.ts';
import type { Route } from '#snapshot/route.ts';
import type { Resource, ResourceSet } from '#snapshot/snapshot.ts';
import { withBackendCertificate } from './backend-tls/client-certificate.ts';
import { bansUnit } from './bans.ts';
import { listenerUnit, type ListenerModel } from './certificates.ts';
import { credentialSets } from './credentials/credential-set.ts';
import { plansOf } from './credentials/plan.ts';
import { exposedUnit } from './expose/exposed.ts';
import { exposedByGateway } from './expose/exposure.ts';
import { gatewayUnit } from './gateway.ts';
import { ingressUnit } from './ingress/ingress.ts';
import { ingressesAt } from './ingress/ingress-class.ts';
import { gatewayListenersUnit, gatewaySetsUnit } from './listener-set.ts';
import type { Read, Unit } from './memo.ts';
import type { RouteAtGateway } from './route-at-gateway.ts';
import { findRoutes } from './route-index.ts';
import { routesByParent } from './route-parent.ts';
import { routeUnits } from './route.ts';
import { gatewayClientsUnit } from './policies/client-settings.ts';
import { gatewayProtectionsUnit } from './policies/protections.ts';
import { addressLists } from './policies/reputation.ts';
import type { EndpointSource } from './translation.ts';

/** A Gateway's part of the translation. */
export interface GatewaySnapshot {
  readonly resources: ResourceSet;
  readonly sources: readonly EndpointSource[];
}

/** Routes attached to the Gateway of a namespace and name or to its ListenerSets, and what is led like one. */
export const attachedRoutesUnit: Unit<readonly RouteAtGateway[]> = {
  name: 'attached routes',
  compute(read, namespace = '', name = '') {
    const key = gatewayKey(namespace, name);
    const sets = read.ask(gatewaySetsUnit, namespace, name);
    const parents = [`Gateway/${key}`, ...sets.map((set) => `ListenerSet/${set.namespace}/${set.name}`)];
    const routes = new Set(parents.flatMap((parent) => findRoutes(read, routesByParent, parent)));
    const ofRoutes = [...routes].flatMap((route) => {
      const model = read.ask(routeUnits[route.kind], route.metadata.namespace, route.metadata.name);
      return model?.gateways.filter((one) => one.gateway === key) ?? [];
    });
    const ofIngresses = ingressesAt(read, key).flatMap(
      ({ metadata }) => read.ask(ingressUnit, metadata.namespace, metadata.name)?.atGateway ?? [],
    );
    const exposed = [key, ''].flatMap((asked) => read.find(exposedByGateway, asked));
    const ofServices = exposed
      .flatMap(({ metadata }) => read.ask(exposedUnit, metadata.namespace, metadata.name)?.atGateway ?? [])
      .filter((one) => one.gateway === key);
    return [...ofRoutes, ...ofIngresses, ...ofServices];
  },
};

/** The snapshot of the Gateway of a namespace and name; one that is not accepted serves nothing. */
export const gatewaySnapshotUnit: Unit<GatewaySnapshot> = {
  name: 'snapshot',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    if (gateway === null || gateway.problem !== null) {
      return { resources: new Map(), sources: [] };
    }
    const listeners = read
      .ask(gatewayListenersUnit, namespace, name)
      .map((one) => read.ask(listenerUnit, namespace, name, one.key));
    const serving = new Set(listeners.flatMap((one) => one.resource?.id ?? []));
    const routes = servedRoutes(read, [namespace, name], serving);
    // Each kind for itself: they come in the order of their ids, which spares sorting them.
    const ofRoutes = withBackendCertificate(
      read,
      [namespace, name],
      [
        ...routes.flatMap((one) => one.routes),
        ...routes.flatMap((one) => one.streams),
        ...routes.flatMap((one) => one.resources),
      ],
    );
    const credentials = credentialSets(read, ofRoutes);
    const resources: readonly Resource[] = [
      ...listeners.flatMap(({ resource, certificates }) =>
        resource === null ? [] : [resource, ...certificates],
      ),
      ...portSettings(read, [namespace, name], listeners),
      ...ofRoutes,
      ...credentials,
      ...plansOf(read, credentials),
      ...read.ask(bansUnit, namespace),
      gateway.parameters.store,
    ];
    const sources = new Map(routes.flatMap((one) => one.sources).map((one) => [one.id, one]));
    return {
      resources: sortedById(resources),
      sources: [...sources.values()],
    };
  },
};

/** In the order of ids: what encodes the snapshot is spared sorting it. */
function sortedById(resources: readonly Resource[]): ResourceSet {
  const sorted = resources.toSorted((one, other) => (one.id < other.id ? -1 : Number(one.id > other.id)));
  const byId = new Map<ResourceId, Resource>();
  for (const one of sorted) byId.set(one.id, one);
  return byId;
}

/** Of ports that are served. */
function portSettings(
  read: Read,
  gateway: readonly string[],
  listeners: readonly ListenerModel[],
): readonly Resource[] {
  const ports = new Set(listeners.flatMap((one) => one.resource?.port ?? []));
  const { settings } = read.ask(gatewayClientsUnit, ...gateway);
  const { protections } = read.ask(gatewayProtectionsUnit, ...gateway);
  const served = protections.filter((one) => ports.has(one.port));
  const lists = served.flatMap(({ reputation }) => reputation.flatMap((rule) => rule.lists));
  return [...settings.filter((one) => ports.has(one.port)), ...served, ...addressLists(read, lists)];
}

/** A listener that cannot serve is not told of, and no route is attached to what is not there. */
function servedRoutes(
  read: Read,
  gateway: readonly string[],
  serving: ReadonlySet<ResourceId>,
): readonly RouteAtGateway[] {
  const served: RouteAtGateway[] = [];
  for (const one of read.ask(attachedRoutesUnit, ...gateway)) {
    const whole = [...one.routes, ...one.streams].every((route) => isServed(route, serving));
    const routes = whole ? one.routes : one.routes.flatMap((route) => withServing(route, serving));
    const streams = whole ? one.streams : one.streams.flatMap((route) => withServing(route, serving));
    if (routes.length + streams.length > 0) served.push(whole ? one : { ...one, routes, streams });
  }
  return served;
}

type Attached = Pick<Route, 'attachments'>;

/** Hot path: of thousands of routes nearly all are, and each pass asks. */
function isServed({ attachments }: Attached, serving: ReadonlySet<ResourceId>): boolean {
  return attachments.every(({ listener }) => serving.has(listener));
}

function withServing<R extends Attached>(route: R, serving: ReadonlySet<ResourceId>): readonly R[] {
  const attachments = route.attachments.filter((one) => serving.has(one.listener));
  return attachments.length === 0 ? [] : [{ ...route, attachments }];
}
