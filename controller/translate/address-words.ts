// Words on the addresses of Gateways: which condition says that one is not there, why, and what to do.
import { accepted, programmed } from './words.ts';
import type { AddressProblem, MissingAddress } from './problem.ts';
import type { WordsOf } from './words.ts';

/** A part of the one table of words (conditions.ts). */
export const addressWords: WordsOf<AddressProblem> = {
  UnsupportedAddress: ({ field, type }) =>
    accepted('UnsupportedAddress', `${field}: addresses of type ${type} are not supported; use IPAddress.`),
  AddressNotUsable: ({ value }) =>
    programmed(
      'AddressNotUsable',
      `spec.addresses: ${value} is no address that can be listened on; change or remove it.`,
    ),
  AddressNotAssigned: () =>
    programmed(
      'AddressNotAssigned',
      'The Gateway has no address yet; add one of type IPAddress to spec.addresses.',
    ),
  AddressPending: ({ service }) =>
    programmed(
      'AddressNotAssigned',
      `Service ${service} has no address yet; where nothing gives load balancers theirs, set service.type in GatewayParameters.`,
    ),
  AddressNotGiven: ({ value, service }) =>
    programmed(
      'AddressNotUsable',
      `spec.addresses: ${value} has not been given to Service ${service}; ask for one that its load balancer has, or remove it.`,
    ),
  RoutabilityNotGiven: () =>
    programmed(
      'AddressNotAssigned',
      'There is no address of those that spec.addresses asks for; see the condition AddressesAssigned.',
    ),
  AddressesPartlyAssigned: ({ missing }) => ({
    type: 'AddressesAssigned',
    reason: 'PartiallyAssigned',
    message: listOf(missing),
  }),
  NoAddressAssigned: ({ missing }) => ({
    type: 'AddressesAssigned',
    reason: 'NotAssigned',
    message:
      missing.length === 0 ? 'There is no address yet; see the condition Programmed.' : listOf(missing),
  }),
};

function listOf(missing: readonly MissingAddress[]): string {
  return missing.map((one) => `${one.field}: ${reasonOf(one)}.`).join(' ');
}

function reasonOf({ value, routability, why, service }: MissingAddress): string {
  switch (why) {
    case 'UnknownRoutability':
      return `there are no addresses of routability ${routability}; use Cluster, or leave it out`;
    case 'NotUsable':
      return `${String(value)} is no address that can be listened on; change or remove it`;
    case 'NotGiven':
      return service === null ? ungiven(routability) : unheldBy(service, value, routability);
    default:
      return why satisfies never;
  }
}

/** Where others run the data planes, the entries themselves say where these are. */
function ungiven(routability: string): string {
  return routability === 'Cluster'
    ? 'only of data planes that this controller makes it is known that an address is inside the cluster; leave routability out'
    : 'an address is given to data planes that this controller makes only; add a value';
}

function unheldBy(service: string, value: string | null, routability: string): string {
  const isInside = routability === 'Cluster';
  if (value !== null) {
    return isInside
      ? `${value} is not the clusterIP of Service ${service}; ask for one of the cluster's Service network that is free, and delete a Service that has another, which it keeps as long as it lives`
      : `${value} has not been given to Service ${service}; ask for one that its load balancer has, or remove it`;
  }
  return isInside
    ? `Service ${service} has no further clusterIP; it has one of each IP family, see service.ipFamilyPolicy in GatewayParameters`
    : `Service ${service} has no further address yet`;
}
