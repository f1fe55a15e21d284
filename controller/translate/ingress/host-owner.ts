// Whose a host is where it is served over TLS: the namespace's that has led requests for it there the longest. Others may
// lead some of its paths, but a certificate changes what all of its clients see.
import type { Ingress } from '#crds/ingress.ts';
import type { RouteObject } from '#crds/route-kind.ts';
import type { GatewayKey, ResourceId } from '#snapshot/ids.ts';
import { attach } from '../attach.ts';
import { createdMs } from '../creation-time.ts';
import type { GatewayModel } from '../gateway.ts';
import { ingressesByHost, routesByHost } from '../hosts-led.ts';
import { attachLed, gatewayNamed } from '../led-attachment.ts';
import type { Read, Unit } from '../memo.ts';
import { attachmentOf } from '../route-at-gateway.ts';
import { findRoutes } from '../route-index.ts';
import { routeParent } from '../route-parent.ts';
import { classOf } from './ingress-class.ts';

/** The object that has a host. */
export interface HostOwner {
  readonly namespace: string;
  /** As it is called in words: `HTTPRoute shop/cart`. */
  readonly title: string;
}

/** Of a Gateway and a host; null: nobody leads requests for it over TLS. Of one age the first by title. */
export const hostOwnerUnit: Unit<HostOwner | null> = {
  name: 'host owner',
  compute(read, gateway = '', host = '') {
    const model = gatewayNamed(read, gateway as GatewayKey);
    if (model === null) {
      return null;
    }
    const leading = [
      ...findRoutes(read, routesByHost, host).filter((one) => isSecured(read, one, host, model)),
      ...read.find(ingressesByHost, host).filter((one) => secures(read, one, host, model)),
    ];
    const [first] = leading
      .map(({ kind, metadata: { namespace, name, creationTimestamp } }) => ({
        namespace,
        title: `${kind} ${namespace}/${name}`,
        createdMs: createdMs(creationTimestamp),
      }))
      .sort((one, other) => one.createdMs - other.createdMs || (one.title < other.title ? -1 : 1));
    return first === undefined ? null : { namespace: first.namespace, title: first.title };
  },
};

/** Whether a route leads requests for `host` at an HTTPS listener of `gateway`. */
function isSecured(read: Read, route: RouteObject, host: string, gateway: GatewayModel): boolean {
  const { kind, metadata, spec } = route;
  return spec.parentRefs.some((reference) => {
    const parent = routeParent(read, reference, metadata.namespace);
    if (parent?.gateway.key !== gateway.key) return false;
    const attached = attach(read, { kind, metadata, spec: { hostnames: [host] } }, reference, parent);
    return (
      attached.kind === 'Attached' &&
      attached.attachments.some(({ listener }) => listener.protocol === 'HTTPS')
    );
  });
}

/** Whether an Ingress is served for `host` at an HTTPS listener of `gateway`. */
export function secures(read: Read, ingress: Ingress, host: string, gateway: GatewayModel): boolean {
  const isOfGateway = classOf(read, ingress)?.gateway === gateway.key;
  return isOfGateway && secureListeners(read, ingress, [host], gateway).length > 0;
}

/** The ids of the HTTPS listeners of `gateway` that take an Ingress for one of `hosts`. */
export function secureListeners(
  read: Read,
  ingress: Ingress,
  hosts: readonly string[],
  gateway: GatewayModel,
): readonly ResourceId[] {
  const found = hosts.flatMap((host) => {
    const attached = attachLed(read, ingress, host, gateway);
    return attached.kind === 'Attached' ? attached.attachments : [];
  });
  const ids = found
    .filter((one) => one.listener.protocol === 'HTTPS')
    .map((one) => attachmentOf(gateway, one).listener);
  return [...new Set(ids)];
}
