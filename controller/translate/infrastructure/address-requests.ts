// What a Gateway asks for in spec.addresses, and from where these are to be reached (GEP-5093). Knows no Service.
import { isIP } from 'node:net';
import type { Gateway } from '#crds/gateway-api.ts';

/** An entry of `spec.addresses`. */
export interface AddressRequest {
  /** Where it stands. */
  readonly field: string;
  readonly type: string;
  /** Null: any. */
  readonly value: string | null;
  readonly scope: AddressScope;
  /** As it is written: it is told of an address that is of this scope. */
  readonly routability: string;
}

/**
 * From where: `Default` wherever the Service leads, `Cluster` inside the cluster, `Sentinel` is the name that tests
 * of conformance ask for, and leads where the default does. What is `Unknown` is never had.
 */
type AddressScope = 'Default' | 'Cluster' | 'Sentinel' | 'Unknown';

/** In the order in which they stand. */
export function addressRequests({ spec }: Gateway): readonly AddressRequest[] {
  return spec.addresses.map(({ type, value = '', routability }, at) => ({
    field: `spec.addresses[${String(at)}]`,
    type,
    value: value === '' ? null : value,
    scope: scopeOf(routability),
    routability,
  }));
}

function scopeOf(routability: string): AddressScope {
  switch (routability) {
    case '':
      return 'Default';
    case 'Cluster':
      return 'Cluster';
    case 'testing.x-k8s.io/sentinel':
      return 'Sentinel';
    default:
      return 'Unknown';
  }
}

/** Whether it may be an address at which somebody outside the cluster gets in. */
export function isFromOutside({ scope }: AddressRequest): boolean {
  return scope === 'Default' || scope === 'Sentinel';
}

/** Whether a socket could ever be reached at `value`: not the unspecified address, nor multicast, nor broadcast. */
export function isUsable(value: string): boolean {
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
