import { isIP } from 'node:net';
import { gatewayKey, type GatewayKey } from '#snapshot/ids.ts';
import type { Gateway } from '#crds/gateway-api.ts';
import { gatewayClassUnit, type GatewayClassModel } from './gateway-class.ts';
import { listenerShapes, type ListenerShape } from './listeners.ts';
import type { Read, Unit } from './memo.ts';
import { findParameters, mergeParameters, type Parameters } from './parameters.ts';
import type { Problem } from './problem.ts';

/** A Gateway of ours, as routes and policies see it. */
export interface GatewayModel {
  readonly key: GatewayKey;
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
  readonly listeners: readonly ListenerShape[];
  readonly parameters: Parameters;
  /** Why it is not accepted: it serves nothing. */
  readonly problem: Problem | null;
  readonly addresses: Addresses;
}

/** What is known of a Gateway's addresses without asking anybody. */
export interface Addresses {
  readonly values: readonly string[];
  /** Why it cannot be programmed at them. */
  readonly problem: Problem | null;
}

/** The Gateway of a namespace and name; null when there is none or its class is not ours. */
export const gatewayUnit: Unit<GatewayModel | null> = {
  name: 'gateway',
  compute(read, namespace = '', name = '') {
    const object = read.get('Gateway', namespace, name);
    const ofClass = object === undefined ? null : read.ask(gatewayClassUnit, object.spec.gatewayClassName);
    if (object === undefined || ofClass === null) {
      return null;
    }
    const reference = object.spec.infrastructure?.parametersRef;
    const own = findParameters(
      read,
      'spec.infrastructure.parametersRef',
      reference === undefined ? undefined : { ...reference, namespace },
    );
    const ofGateway = own.kind === 'Found' ? own.object : null;
    return {
      key: gatewayKey(namespace, name),
      namespace,
      name,
      className: ofClass.name,
      listeners: listenerShapes(object),
      parameters: mergeParameters(read, ofClass.parameters, ofGateway),
      problem:
        classProblem(ofClass) ?? (own.kind === 'Invalid' ? own.problem : null) ?? addressProblem(object),
      addresses: addressesOf(read, object),
    };
  },
};

function classProblem(ofClass: GatewayClassModel): Problem | null {
  return ofClass.problem === null ? null : { kind: 'ClassNotAccepted', className: ofClass.name };
}

function addressProblem(gateway: Gateway): Problem | null {
  const at = gateway.spec.addresses.findIndex((one) => one.type !== 'IPAddress');
  const address = gateway.spec.addresses[at];
  return address === undefined
    ? null
    : { kind: 'UnsupportedAddress', field: `spec.addresses[${String(at)}].type`, type: address.type };
}

/** Until Gateways are provisioned their addresses are those they ask for; standalone, this process's own. */
function addressesOf(read: Read, gateway: Gateway): Addresses {
  const wanted = gateway.spec.addresses.flatMap((one) =>
    one.value === undefined || one.value === '' ? [] : [one.value],
  );
  const unusable = wanted.find((value) => !isUsable(value));
  if (unusable !== undefined) {
    return {
      values: wanted.filter((value) => isUsable(value)),
      problem: { kind: 'AddressNotUsable', value: unusable },
    };
  }
  const values = wanted.length === 0 && read.settings.standalone ? ['127.0.0.1'] : wanted;
  return { values, problem: values.length === 0 ? { kind: 'AddressNotAssigned' } : null };
}

/** Whether a socket could ever be reached there: not the unspecified address, nor multicast, nor broadcast. */
function isUsable(value: string): boolean {
  switch (isIP(value)) {
    case 4: {
      const first = Number(value.split('.')[0]);
      return first > 0 && first < 224;
    }
    case 6:
      return !/^(ff|[0:]+$)/i.test(value);
    default:
      return false;
  }
}
