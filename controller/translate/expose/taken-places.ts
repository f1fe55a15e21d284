// Who has a place already at which a Service wants to be reached: what was written to lead requests comes first, then
// the older Service.
import type { GatewayKey, ResourceId } from '#snapshot/ids.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import type { Ingress } from '#crds/ingress.ts';
import type { Service } from '#crds/kubernetes.ts';
import type { Route, RouteMatch } from '#snapshot/route.ts';
import { createdMs } from '../creation-time.ts';
import { ingressUnit } from '../ingress/ingress.ts';
import { attachLed, gatewayNamed } from '../led-attachment.ts';
import type { Index, Read, Unit } from '../memo.ts';
import { attachmentOf, type RouteAtGateway } from '../route-at-gateway.ts';
import { findRoutes, routeIndex } from '../route-index.ts';
import { routeUnits } from '../route.ts';
import { prefixOf } from '../rules/service.ts';
import { exposedByPlace, placeKey, type ExposedPlace } from './exposure.ts';
import { exposingGatewayUnit } from './exposing-gateway.ts';

/** Who has a place, at some listeners. */
export interface Claim {
  /** As an object is called in words: `HTTPRoute shop/cart`. */
  readonly by: string;
  readonly listeners: readonly ResourceId[];
}

/** Routes by the hosts they name; `''` for none. */
const routesByHost = routeIndex((route) => hostsOrAny('hostnames' in route.spec ? route.spec.hostnames : []));

const ingressesByHost: Index<'Ingress'> = {
  kind: 'Ingress',
  keysOf: ({ spec }: Ingress) => [
    ...spec.rules.map((one) => one.host),
    ...(spec.defaultBackend === undefined ? [] : ['']),
  ],
};

function hostsOrAny(hosts: readonly string[]): readonly string[] {
  return hosts.length === 0 ? [''] : hosts;
}

/** The claims of all paths at a host of a Gateway, by prefix; made once for all Services that ask for the host. */
const claimsUnit: Unit<ReadonlyMap<string, readonly Claim[]>> = {
  name: 'claims',
  compute(read, gateway = '', host = '') {
    const found = new Map<string, Claim[]>();
    for (const site of sitesAt(read, gateway as GatewayKey, host)) {
      for (const route of site.routes) {
        for (const path of plainPrefixes(route)) {
          found.getOrInsertComputed(path, () => []).push(claimOf(route, host));
        }
      }
    }
    return found;
  },
};

function sitesAt(read: Read, gateway: GatewayKey, host: string): readonly RouteAtGateway[] {
  const ofRoutes = findRoutes(read, routesByHost, host).flatMap(
    ({ kind, metadata }) => read.ask(routeUnits[kind], metadata.namespace, metadata.name)?.gateways ?? [],
  );
  const ofIngresses = read
    .find(ingressesByHost, host)
    .flatMap(({ metadata }) => read.ask(ingressUnit, metadata.namespace, metadata.name)?.atGateway ?? []);
  return [...ofRoutes, ...ofIngresses].filter((one) => one.gateway === gateway);
}

function claimOf({ name, attachments }: Route, host: string): Claim {
  const [kind = '', ...rest] = name.split('/');
  const at = attachments.filter(({ hostnames }) => hostnames.some(({ own }) => own === host));
  return { by: `${kind} ${rest.join('/')}`, listeners: at.map((one) => one.listener) };
}

/** The prefixes of which the route takes all requests. */
function plainPrefixes({ rules }: Route): readonly string[] {
  const plain = rules.flatMap(({ matches }) => matches.filter((one) => isPlainPrefix(one)));
  return [...new Set(plain.map(({ path }) => path.value))];
}

function isPlainPrefix({ path, method, headers, query }: RouteMatch): boolean {
  return path.kind === 'Prefix' && method === null && headers.length === 0 && query.length === 0;
}

const noClaims: readonly Claim[] = Object.freeze([]);

/** A unit of its own, so that a Service rests while only other paths of its host change. */
const claimsAtUnit: Unit<readonly Claim[]> = {
  name: 'claims at',
  compute: (read, gateway = '', host = '', path = '') =>
    read.ask(claimsUnit, gateway, host).get(path) ?? noClaims,
};

/** The Services that ask for a place of a Gateway, the older first, then by name. */
const askersUnit: Unit<readonly Claim[]> = {
  name: 'askers',
  compute(read, gateway = '', host = '', path = '') {
    const model = gatewayNamed(read, gateway as GatewayKey);
    return read
      .find(exposedByPlace, placeKey({ host, path }))
      .filter(({ metadata }) => isExposedBy(read, metadata, gateway))
      .sort((one, other) => ageOf(one) - ageOf(other))
      .map((service) => {
        const attached = model === null ? null : attachLed(read, service, host, model);
        const at = model !== null && attached?.kind === 'Attached' ? attached.attachments : [];
        return {
          by: titleOf(service),
          listeners: model === null ? [] : at.map((one) => attachmentOf(model, one).listener),
        };
      });
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

function ageOf({ metadata }: Service): number {
  return createdMs(metadata.creationTimestamp);
}

function titleOf({ metadata }: Service): string {
  return `Service ${gatewayKey(metadata.namespace, metadata.name)}`;
}

/** Who comes before `service` at `place` of a Gateway. */
export function claimsBefore(
  read: Read,
  gateway: GatewayKey,
  service: Service,
  { host, path }: ExposedPlace,
): readonly Claim[] {
  const askers = read.ask(askersUnit, gateway, host, path);
  const own = askers.findIndex((one) => one.by === titleOf(service));
  return [...read.ask(claimsAtUnit, gateway, host, prefixOf(path).value), ...askers.slice(0, own)];
}
