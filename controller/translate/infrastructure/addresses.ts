import { isIP } from 'node:net';
import type { Gateway } from '#crds/gateway-api.ts';
import type { Service } from '#crds/kubernetes.ts';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import type { Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { controllerLabel } from './own-names.ts';

/** Where a Gateway is reached. */
export interface Addresses {
  readonly values: readonly Address[];
  /** Why it cannot be programmed at them. */
  readonly problem: Problem | null;
}

/** An entry of `status.addresses`. */
export interface Address {
  readonly type: 'IPAddress' | 'Hostname';
  readonly value: string;
}

/**
 * The addresses of the Gateway of a namespace and name: those of the Service that was made for it; where nothing is
 * made, those it asks for; standalone without any, this process's own.
 */
export const addressesUnit: Unit<Addresses> = {
  name: 'addresses',
  compute(read, namespace = '', name = '') {
    const gateway = read.get('Gateway', namespace, name);
    const wanted = gateway === undefined ? [] : wantedAddresses(gateway);
    const unusable = wanted.find((value) => !isUsable(value));
    if (unusable !== undefined) {
      return {
        values: wanted.filter((value) => isUsable(value)).map(addressOf),
        problem: { kind: 'AddressNotUsable', value: unusable },
      };
    }
    const { dataPlanes } = read.settings;
    if (gateway !== undefined && dataPlanes === 'Provisioned') {
      return addressesOfService(read, gateway, wanted);
    }
    const values = wanted.length === 0 && dataPlanes === 'Standalone' ? ['127.0.0.1'] : wanted;
    return {
      values: values.map(addressOf),
      problem: values.length === 0 ? { kind: 'AddressNotAssigned' } : null,
    };
  },
};

/** Those that it asks for; an entry without a value asks for any. */
export function wantedAddresses({ spec }: Gateway): readonly string[] {
  return spec.addresses.flatMap((one) => (one.value === undefined || one.value === '' ? [] : [one.value]));
}

/** What the Service has been given; one that is asked for and not among these is told. */
function addressesOfService(read: Read, gateway: Gateway, wanted: readonly string[]): Addresses {
  const { namespace } = gateway.metadata;
  const name = infrastructureName(gateway.metadata.name, gateway.spec.gatewayClassName);
  const service = read.get('Service', namespace, name);
  const isOurs = service?.metadata.labels[controllerLabel] !== undefined;
  const values = service === undefined || !isOurs ? [] : givenAddresses(service);
  const missing = wanted.find((one) => !values.some(({ value }) => value === one));
  if (missing !== undefined) {
    return { values, problem: { kind: 'AddressNotGiven', value: missing, service: `${namespace}/${name}` } };
  }
  return {
    values,
    problem: values.length === 0 ? { kind: 'AddressPending', service: `${namespace}/${name}` } : null,
  };
}

/**
 * Of a load balancer those that it told. Else those inside the cluster, also of a NodePort: at the nodes' addresses
 * the Gateway has other ports than its listeners.
 */
function givenAddresses({ spec, status }: Service): readonly Address[] {
  if (spec.type === 'LoadBalancer') {
    return status.loadBalancer.ingress.flatMap(({ ip, hostname }) => {
      const value = ip ?? hostname;
      return value === undefined ? [] : [addressOf(value)];
    });
  }
  const inside = spec.clusterIPs.length > 0 ? spec.clusterIPs : [spec.clusterIP ?? 'None'];
  return inside.filter((one) => one !== 'None' && one !== '').map(addressOf);
}

function addressOf(value: string): Address {
  return { type: isIP(value) === 0 ? 'Hostname' : 'IPAddress', value };
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
