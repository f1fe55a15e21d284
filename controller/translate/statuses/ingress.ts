import { addressesUnit, outermost } from '../infrastructure/addresses.ts';
import { ingressClassUnit } from '../ingress/ingress-class.ts';
import { ingressUnit, type IngressModel } from '../ingress/ingress.ts';
import { gatewayNamed } from '../led-attachment.ts';
import type { Read, Unit } from '../memo.ts';
import type { Notice, StatusPart } from '../translation.ts';
import type { Told } from './told.ts';

type IngressPart = Extract<StatusPart, { readonly kind: 'Ingress' }>;

/** The status of the Ingress of a namespace and name: where it is reached; null when its class is not ours. */
export const ingressStatusUnit: Unit<Told | null> = {
  name: 'ingress status',
  compute(read, namespace = '', name = '') {
    const model = read.ask(ingressUnit, namespace, name);
    const found = read.get('Ingress', namespace, name);
    if (model === null || found === undefined) {
      return null;
    }
    const object = { kind: 'Ingress', namespace, name };
    return {
      status: {
        object,
        generation: found.metadata.generation,
        gateways: model.gateway === null ? [] : [model.gateway],
        status: { kind: 'Ingress', addresses: addressesOf(read, model), former: null },
      },
      notices: model.problems.map((one) => ({ object, ...one })),
    };
  },
};

/** Those of its Gateway, as long as that serves it. */
function addressesOf(read: Read, { gateway: key, atGateway }: IngressModel): IngressPart['addresses'] {
  const gateway = key === null || atGateway === null ? null : gatewayNamed(read, key);
  return gateway === null || gateway.problem !== null
    ? []
    : outermost(read.ask(addressesUnit, gateway.namespace, gateway.name).values).map(({ type, value }) => ({
        type,
        value,
      }));
}

/** What is wrong with the IngressClass of a name, where it is ours. */
export const ingressClassNoticesUnit: Unit<readonly Notice[]> = {
  name: 'ingress class notices',
  compute(read, name = '') {
    const problem = read.ask(ingressClassUnit, name)?.problem ?? null;
    const object = { kind: 'IngressClass', namespace: '', name };
    return problem === null ? [] : [{ object, reason: 'NoGateway', message: problem }];
  },
};
