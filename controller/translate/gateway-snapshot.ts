// Everything one Gateway's data planes must know, and nothing else: above all no other Gateway's secrets.
import type { ResourceId } from '#snapshot/ids.ts';
import type { Route } from '#snapshot/route.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { attachedShelfUnit, attachedShelves } from './attached-routes.ts';
import { withBackendCertificate } from './backend-tls/client-certificate.ts';
import { bansUnit } from './bans.ts';
import { listenerUnit, type ListenerModel } from './served-listener.ts';
import { credentialSets } from './credentials/credential-set.ts';
import { plansOf } from './credentials/plan.ts';
import { gatewayUnit } from './gateway.ts';
import { gatewayListenersUnit } from './listener-set.ts';
import type { Read, Unit } from './memo.ts';
import type { RouteAtGateway } from './route-at-gateway.ts';
import { gatewayClientsUnit } from './policies/client-settings.ts';
import { gatewayProtectionsUnit } from './policies/protections.ts';
import { addressLists } from './policies/reputation.ts';
import { overShelves } from './shelves.ts';
import type { EndpointSource } from './translation.ts';

/**
 * A Gateway's part of the translation, in parts: of little that changed most are the same arrays as before. What is in
 * several parts says the same in all of them.
 */
export interface GatewaySnapshot {
  readonly resources: readonly (readonly Resource[])[];
  readonly sources: readonly (readonly EndpointSource[])[];
}

/** The snapshot of the Gateway of a namespace and name; one that is not accepted serves nothing. */
export const gatewaySnapshotUnit: Unit<GatewaySnapshot> = {
  name: 'snapshot',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    if (gateway === null || gateway.problem !== null) {
      return { resources: [], sources: [] };
    }
    const shelves = [
      read.ask(askedUnit, namespace, name),
      ...overShelves(read, attachedShelves, servedShelfUnit, namespace, name),
    ];
    return {
      resources: [
        read.ask(ownResourcesUnit, namespace, name),
        [gateway.parameters.store],
        ...shelves.map(({ resources }) => resources),
      ],
      sources: shelves.map(({ sources }) => sources),
    };
  },
};

/** What it has without any route. */
const ownResourcesUnit: Unit<readonly Resource[]> = {
  name: 'own resources',
  compute(read, ...gateway) {
    const [namespace = ''] = gateway;
    const listeners = listenersOf(read, gateway);
    return [
      ...listeners.flatMap(({ resource, certificates }) =>
        resource === null ? [] : [resource, ...certificates],
      ),
      ...portSettings(read, gateway, listeners),
      ...read.ask(bansUnit, namespace),
    ];
  },
};

interface ServedShelf {
  readonly resources: readonly Resource[];
  readonly sources: readonly EndpointSource[];
}

/** What data planes are told of those on a shelf that are attached. */
const servedShelfUnit: Unit<ServedShelf> = {
  name: 'snapshot shelf',
  compute(read, namespace = '', name = '', shelf = '') {
    const serving = new Set(read.ask(servingUnit, namespace, name));
    const routes = servedRoutes(read.ask(attachedShelfUnit, namespace, name, shelf), serving);
    const resources = routes.flatMap((one) => [...one.routes, ...one.streams, ...one.resources]);
    const sources = routes.flatMap((one) => one.sources);
    return withCredentials(read, [namespace, name], { resources, sources });
  },
};

/** What its listeners ask before there is a route. */
const askedUnit: Unit<ServedShelf> = {
  name: 'asked by listeners',
  compute(read, ...gateway) {
    const asked = listenersOf(read, gateway).flatMap((one) => (one.resource === null ? [] : [one.asked]));
    const resources = asked.flatMap((one) => one.resources);
    return withCredentials(read, gateway, { resources, sources: asked.flatMap((one) => one.sources) });
  },
};

/** `shelf`, each of it once, with the credentials and plans of whom it lets in, and what the Gateway shows to backends. */
function withCredentials(read: Read, gateway: readonly string[], shelf: ServedShelf): ServedShelf {
  const resources = withBackendCertificate(read, gateway, unique(shelf.resources));
  const credentials = credentialSets(read, resources);
  return {
    resources: unique([...resources, ...credentials, ...plansOf(read, credentials)]),
    sources: unique(shelf.sources),
  };
}

/** The ids of the listeners that data planes are told of. */
const servingUnit: Unit<readonly ResourceId[]> = {
  name: 'serving listeners',
  compute: (read, ...gateway) => listenersOf(read, gateway).flatMap((one) => one.resource?.id ?? []),
};

function listenersOf(read: Read, gateway: readonly string[]): readonly ListenerModel[] {
  return read.ask(gatewayListenersUnit, ...gateway).map((one) => read.ask(listenerUnit, ...gateway, one.key));
}

function unique<T extends { readonly id: ResourceId }>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((one) => [one.id, one])).values()];
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
  attached: readonly RouteAtGateway[],
  serving: ReadonlySet<ResourceId>,
): readonly RouteAtGateway[] {
  return attached.flatMap((one) => {
    const routes = one.routes.flatMap((route) => withServing(route, serving));
    const streams = one.streams.flatMap((route) => withServing(route, serving));
    return routes.length + streams.length === 0 ? [] : [{ ...one, routes, streams }];
  });
}

type Attached = Pick<Route, 'attachments'>;

/** `route` at those of its listeners that serve; nothing of one that has none. */
function withServing<R extends Attached>(route: R, serving: ReadonlySet<ResourceId>): readonly R[] {
  const attachments = route.attachments.filter((one) => serving.has(one.listener));
  if (attachments.length === route.attachments.length) return attachments.length === 0 ? [] : [route];
  return attachments.length === 0 ? [] : [{ ...route, attachments }];
}
