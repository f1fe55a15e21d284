import type { Gateway } from '#crds/gateway-api.ts';
import type { Service } from '#crds/kubernetes.ts';
import { gatewayKey, type GatewayKey } from '#snapshot/ids.ts';
import { annotationNames, listenerNamed } from '../annotations.ts';
import { olderFirst } from '../creation-time.ts';
import { gatewayUnit, type GatewayModel } from '../gateway.ts';
import { attachLed, gatewayNamed } from '../led-attachment.ts';
import type { Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { badExposure, exposedPlaces, gatewayAsked } from './exposure.ts';

/** The Gateway that leads requests to a Service that is exposed, or why there is none. */
export type ExposingGateway =
  | { readonly kind: 'Found'; readonly gateway: GatewayKey }
  | { readonly kind: 'None'; readonly problem: Problem };

/**
 * That of the Service of a namespace and name. It is the one that the Service names, else the oldest of ours that takes
 * it, of those that are marked if some are: a further Gateway moves no Service.
 */
export const exposingGatewayUnit: Unit<ExposingGateway | null> = {
  name: 'exposing gateway',
  compute(read, namespace = '', name = '') {
    const service = read.get('Service', namespace, name);
    if (service === undefined) {
      return null;
    }
    const asked = gatewayAsked(service);
    return asked === null ? usualGateway(read, service) : namedGateway(read, asked);
  },
};

function namedGateway(read: Read, key: GatewayKey): ExposingGateway {
  return gatewayNamed(read, key) === null
    ? none(
        annotationNames.gateway,
        `Gateway ${key.slice(0, 320)} does not exist, or is another controller's; name one of ours, as namespace/name.`,
      )
    : { kind: 'Found', gateway: key };
}

function usualGateway(read: Read, service: Service): ExposingGateway {
  const takers = read
    .list('Gateway')
    .filter(({ metadata }) => {
      const model = read.ask(gatewayUnit, metadata.namespace, metadata.name);
      return model !== null && takes(read, service, model);
    })
    .sort(olderFirst);
  const [first] = [...takers.filter((one) => isMarked(one)), ...takers];
  return first === undefined
    ? noTaker(service)
    : { kind: 'Found', gateway: gatewayKey(first.metadata.namespace, first.metadata.name) };
}

function isMarked({ metadata }: Gateway): boolean {
  return metadata.annotations[annotationNames.exposeDefault] === 'true';
}

function takes(read: Read, service: Service, gateway: GatewayModel): boolean {
  const places = exposedPlaces(service)?.places ?? [];
  return places.some(({ host }) => attachLed(read, service, host, gateway).kind === 'Attached');
}

function noTaker(service: Service): ExposingGateway {
  const { namespace, annotations } = service.metadata;
  const listener = listenerNamed(annotations);
  const places = exposedPlaces(service)?.places ?? [];
  const hosts = [...new Set(places.map(({ host }) => (host === '' ? 'any host' : host)))].join(', ');
  const named = listener === undefined ? 'a listener' : `a listener ${listener.slice(0, 253)}`;
  return none(
    listener === undefined ? annotationNames.expose : annotationNames.listener,
    `no Gateway of ours has ${named} that takes HTTP routes of namespace ${namespace} for ${hosts}; correct it, or see hostname and allowedRoutes of the listeners.`,
  );
}

function none(annotation: string, detail: string): ExposingGateway {
  return { kind: 'None', problem: badExposure(annotation, detail) };
}
