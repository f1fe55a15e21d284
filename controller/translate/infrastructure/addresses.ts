import { isIP } from 'node:net';
import type { Gateway } from '#crds/gateway-api.ts';
import type { Service } from '#crds/kubernetes.ts';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import type { Read, Unit } from '../memo.ts';
import type { MissingAddress, Problem } from '../problem.ts';
import { channelOf } from '../gateway-api-version.ts';
import { addressRequests, isFromOutside, isUsable, type AddressRequest } from './address-requests.ts';
import { controllerLabel } from './own-names.ts';

/** Where a Gateway is reached. */
export interface Addresses {
  readonly values: readonly Address[];
  /** Why it cannot be programmed at them. */
  readonly problem: Problem | null;
  /** What of that which is asked for is not there; `Pending`: nobody can tell yet. */
  readonly assignment: 'Pending' | 'Assigned' | AssignmentProblem;
}

/** An address at which a Gateway is reached. */
export interface Address {
  readonly type: 'IPAddress' | 'Hostname';
  readonly value: string;
  /** From where (GEP-5093); empty where nothing is promised. */
  readonly routability: string;
}

type AssignmentProblem = Extract<Problem, { readonly kind: 'AddressesPartlyAssigned' | 'NoAddressAssigned' }>;

/** What there is to be had. */
interface Offer {
  /** Of the Service that has them, `namespace/name`; null where the controller makes none. */
  readonly service: string | null;
  /** For entries that do not ask from where. */
  readonly anywhere: readonly Address[];
  /** Those of the Service inside the cluster. */
  readonly inside: readonly Address[];
}

/**
 * The addresses of the Gateway of a namespace and name: those of the Service that was made for it; where nothing is
 * made, those it asks for; standalone without any, this process's own. With the definitions of the experimental channel
 * one for each entry of `spec.addresses` that can be had, and no other.
 */
export const addressesUnit: Unit<Addresses> = {
  name: 'addresses',
  compute(read, namespace = '', name = '') {
    const gateway = read.get('Gateway', namespace, name);
    if (gateway === undefined) {
      return { values: [], problem: { kind: 'AddressNotAssigned' }, assignment: 'Pending' };
    }
    const requests = addressRequests(gateway);
    const { offer, isThere } = offerOf(read, gateway, requests);
    if (requests.length === 0) {
      return ofDefault(offer, isThere);
    }
    const given = assign(requests, offer);
    const values = given.flatMap(({ address }) => address ?? []);
    const missing = given.flatMap(({ request, address }) =>
      address === null ? [missingOf(request, offer)] : [],
    );
    return {
      values: channelOf(read) === 'experimental' ? values : offer.anywhere,
      problem: problemOf(missing, offer) ?? (values.length > 0 ? null : noneOf(missing, offer, isThere)),
      assignment: isThere ? assignmentOf(values, missing) : 'Pending',
    };
  },
};

/** `isThere`: what the Service has is known. */
function offerOf(
  read: Read,
  gateway: Gateway,
  requests: readonly AddressRequest[],
): { readonly offer: Offer; readonly isThere: boolean } {
  const { dataPlanes } = read.settings;
  if (dataPlanes !== 'Provisioned') {
    // Whether one is inside the cluster is known of Services only.
    const wanted = requests
      .filter(isFromOutside)
      .flatMap(({ value }) => (value !== null && isUsable(value) ? [value] : []));
    const isNone = requests.every(({ value }) => value === null);
    const anywhere = isNone && dataPlanes === 'Standalone' ? ['127.0.0.1'] : wanted;
    return { offer: { service: null, anywhere: anywhere.map(addressOf), inside: [] }, isThere: true };
  }
  const { namespace } = gateway.metadata;
  const name = infrastructureName(gateway.metadata.name, gateway.spec.gatewayClassName);
  const service = read.get('Service', namespace, name);
  const isThere = service?.metadata.labels[controllerLabel] !== undefined;
  const inside = service === undefined || !isThere ? [] : clusterAddresses(service);
  const anywhere = service?.spec.type === 'LoadBalancer' && isThere ? balancerAddresses(service) : inside;
  return { offer: { service: `${namespace}/${name}`, anywhere, inside }, isThere };
}

function balancerAddresses({ status }: Service): readonly Address[] {
  return status.loadBalancer.ingress.flatMap(({ ip, hostname }) => {
    const value = ip ?? hostname;
    return value === undefined ? [] : [addressOf(value)];
  });
}

/** Also those of a NodePort: at the nodes' addresses the Gateway has other ports than its listeners. */
function clusterAddresses({ spec }: Service): readonly Address[] {
  const inside = spec.clusterIPs.length > 0 ? spec.clusterIPs : [spec.clusterIP ?? 'None'];
  return inside
    .filter((one) => one !== 'None' && one !== '')
    .map((one) => ({ ...addressOf(one), routability: 'Cluster' }));
}

function addressOf(value: string): Address {
  return { type: isIP(value) === 0 ? 'Hostname' : 'IPAddress', value, routability: '' };
}

/** All there is, where nothing is asked for. */
function ofDefault({ service, anywhere }: Offer, isThere: boolean): Addresses {
  if (anywhere.length > 0) {
    return { values: anywhere, problem: null, assignment: 'Assigned' };
  }
  const assignment = isThere ? ({ kind: 'NoAddressAssigned', missing: [] } as const) : 'Pending';
  return { values: [], problem: pendingOf(service), assignment };
}

interface Given {
  readonly request: AddressRequest;
  /** Null: there is none for it. */
  readonly address: Address | null;
}

/** Who names an address comes first, then who needs one of inside; no two get the same. */
function assign(requests: readonly AddressRequest[], offer: Offer): readonly Given[] {
  const given = new Map<AddressRequest, Address>();
  const taken = new Set<string>();
  const rank = ({ value, scope }: AddressRequest) => (value !== null ? 0 : scope === 'Cluster' ? 1 : 2);
  for (const request of [...requests].sort((one, other) => rank(one) - rank(other))) {
    const address = candidatesOf(request, offer).find(({ value }) => !taken.has(value));
    if (address === undefined) continue;
    taken.add(address.value);
    given.set(
      request,
      request.scope === 'Sentinel' ? { ...address, routability: request.routability } : address,
    );
  }
  return requests.map((request) => ({ request, address: given.get(request) ?? null }));
}

/** The best first: a load balancer may have a host name only, which does for who asks no more than for an address. */
function candidatesOf(
  { type, value, scope }: AddressRequest,
  { anywhere, inside }: Offer,
): readonly Address[] {
  const pool = scope === 'Cluster' ? inside : scope === 'Unknown' ? [] : anywhere;
  const fitting = pool.filter((one) => one.type === type);
  if (value !== null) {
    return fitting.filter((one) => canonical(one.value) === canonical(value));
  }
  return scope === 'Default' ? [...fitting, ...pool] : fitting;
}

/** IPv6 addresses have many spellings (RFC 5952). */
function canonical(value: string): string {
  return isIP(value) === 6 ? (URL.parse(`http://[${value}]`)?.hostname ?? value) : value;
}

function missingOf({ field, value, scope, routability }: AddressRequest, { service }: Offer): MissingAddress {
  const isNone = value !== null && !isUsable(value);
  const why = scope === 'Unknown' ? 'UnknownRoutability' : isNone ? 'NotUsable' : 'NotGiven';
  return { field, value, routability, why, service };
}

/** One that is named without more is a must; of the others some will do. */
function problemOf(missing: readonly MissingAddress[], { service }: Offer): Problem | null {
  const musts = missing.flatMap(({ value, routability, why }) =>
    value !== null && routability === '' ? [{ value, why }] : [],
  );
  const [first] = [...musts.filter(({ why }) => why === 'NotUsable'), ...musts];
  if (first === undefined) {
    return null;
  }
  const { value, why } = first;
  return why === 'NotUsable' || service === null
    ? { kind: 'AddressNotUsable', value }
    : { kind: 'AddressNotGiven', value, service };
}

function noneOf(missing: readonly MissingAddress[], { service }: Offer, isThere: boolean): Problem {
  const isAsked = missing.some(({ routability }) => routability !== '');
  return isThere && isAsked ? { kind: 'RoutabilityNotGiven' } : pendingOf(service);
}

function pendingOf(service: string | null): Problem {
  return service === null ? { kind: 'AddressNotAssigned' } : { kind: 'AddressPending', service };
}

function assignmentOf(
  values: readonly Address[],
  missing: readonly MissingAddress[],
): 'Assigned' | AssignmentProblem {
  if (missing.length === 0) return 'Assigned';
  return { kind: values.length > 0 ? 'AddressesPartlyAssigned' : 'NoAddressAssigned', missing };
}

/** Of `values` those for who asks where to call from outside: none of inside the cluster beside others. */
export function outermost(values: readonly Address[]): readonly Address[] {
  const outside = values.filter(({ routability }) => routability !== 'Cluster');
  return outside.length > 0 ? outside : values;
}
