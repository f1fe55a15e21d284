// Who has a place already at which a Service wants to be reached: what was written to lead requests comes first, then
// the older Service.
import type { GatewayKey, ResourceId } from '#snapshot/ids.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import type { Service } from '#crds/kubernetes.ts';
import type { Route, RouteMatch } from '#snapshot/route.ts';
import { olderFirst } from '../creation-time.ts';
import { ingressUnit } from '../ingress/ingress.ts';
import { ingressesByHost, routesByHost } from '../hosts-led.ts';
import { attachLed, gatewayNamed } from '../led-attachment.ts';
import { entryOf } from '../map-entry.ts';
import type { Read, Unit } from '../memo.ts';
import { attachmentOf, type RouteAtGateway } from '../route-at-gateway.ts';
import { findRoutes } from '../route-index.ts';
import { routeUnits } from '../route.ts';
import { prefixOf } from '../rules/matches.ts';
import { exposedByPlace, placeKey, type ExposedPlace } from './exposure.ts';
import { exposingGatewayUnit } from './exposing-gateway.ts';

/** Who has a place, as an object is called in words (`HTTPRoute shop/cart`), by the ids of the listeners. */
type Claims = ReadonlyMap<ResourceId, string>;

/** The claims of all paths at a host of a Gateway, by prefix; made once for all Services that ask for the host. */
const claimsUnit: Unit<ReadonlyMap<string, Claims>> = {
  name: 'claims',
  compute(read, gateway = '', host = '') {
    const found = new Map<string, Map<ResourceId, string>>();
    for (const site of sitesAt(read, gateway as GatewayKey, host)) {
      for (const route of site.routes) {
        const listeners = listenersOf(route, host);
        for (const path of plainPrefixes(route)) {
          claim(
            found.getOrInsertComputed(path, () => new Map<ResourceId, string>()),
            listeners,
            titleOfRoute(route),
          );
        }
      }
    }
    return found;
  },
};

/** Who comes first keeps it. */
function claim(claims: Map<ResourceId, string>, listeners: readonly ResourceId[], by: string): void {
  for (const listener of listeners) claims.getOrInsert(listener, by);
}

function sitesAt(read: Read, gateway: GatewayKey, host: string): readonly RouteAtGateway[] {
  const ofRoutes = findRoutes(read, routesByHost, host).flatMap(
    ({ kind, metadata }) => read.ask(routeUnits[kind], metadata.namespace, metadata.name)?.gateways ?? [],
  );
  const ofIngresses = read
    .find(ingressesByHost, host)
    .flatMap(({ metadata }) => read.ask(ingressUnit, metadata.namespace, metadata.name)?.atGateway ?? []);
  return [...ofRoutes, ...ofIngresses].filter((one) => one.gateway === gateway);
}

function titleOfRoute({ name }: Route): string {
  const [kind = '', ...rest] = name.split('/');
  return `${kind} ${rest.join('/')}`;
}

function listenersOf({ attachments }: Route, host: string): readonly ResourceId[] {
  const at = attachments.filter(({ hostnames }) => hostnames.some(({ own }) => own === host));
  return at.map((one) => one.listener);
}

/** The prefixes of which the route takes all requests. */
function plainPrefixes({ rules }: Route): readonly string[] {
  const plain = rules.flatMap(({ matches }) => matches.filter((one) => isPlainPrefix(one)));
  return [...new Set(plain.map(({ path }) => path.value))];
}

function isPlainPrefix({ path, method, headers, query }: RouteMatch): boolean {
  return path.kind === 'Prefix' && method === null && headers.length === 0 && query.length === 0;
}

const noClaims: Claims = new Map();

const claimsAtUnit = entryOf<Claims>('claims at', claimsUnit, noClaims);

/** Of the Services that ask for a place of a Gateway the oldest at each listener, then the first by name. */
const askersUnit: Unit<Claims> = {
  name: 'askers',
  compute(read, gateway = '', host = '', path = '') {
    const model = gatewayNamed(read, gateway as GatewayKey);
    const found = new Map<ResourceId, string>();
    const askers = read
      .find(exposedByPlace, placeKey({ host, path }))
      .filter(({ metadata }) => isExposedBy(read, metadata, gateway))
      .sort(olderFirst);
    for (const service of askers) {
      const attached = model === null ? null : attachLed(read, service, host, model);
      const at = model !== null && attached?.kind === 'Attached' ? attached.attachments : [];
      const listeners = at.flatMap((one) => (model === null ? [] : attachmentOf(model, one).listener));
      claim(found, listeners, titleOf(service));
    }
    return found;
  },
};

function isExposedBy(
  read: Read,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  gateway: string,
): boolean {
  const found = read.ask(exposingGatewayUnit, namespace, name);
  return found?.kind === 'Found' && found.gateway === gateway;
}

function titleOf({ metadata }: Service): string {
  return `Service ${gatewayKey(metadata.namespace, metadata.name)}`;
}

/** Who comes before `service` at `place` of a Gateway, by listener; null: nobody. */
export function claimBefore(
  read: Read,
  gateway: GatewayKey,
  service: Service,
  { host, path }: ExposedPlace,
): (listener: ResourceId) => string | null {
  const routes = read.ask(claimsAtUnit, gateway, host, prefixOf(path).value);
  const askers = read.ask(askersUnit, gateway, host, path);
  const own = titleOf(service);
  return (listener) => {
    const by = routes.get(listener) ?? askers.get(listener) ?? own;
    return by === own ? null : by;
  };
}
