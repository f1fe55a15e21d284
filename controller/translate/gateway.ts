import { gatewayKey, type GatewayKey } from '#snapshot/ids.ts';
import type { Gateway } from '#crds/gateway-api.ts';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { olderFirst } from './creation-time.ts';
import { gatewayClassUnit, type GatewayClassModel } from './gateway-class.ts';
import { withConflicts } from './listener-conflicts.ts';
import { listenerShapes, type ListenerShape } from './listeners.ts';
import type { Index, Read, Unit } from './memo.ts';
import { findParameters, mergeParameters, type FoundParameters, type Parameters } from './parameters.ts';
import type { Problem } from './problem.ts';

/** A Gateway of ours, as routes and policies see it. */
export interface GatewayModel {
  readonly key: GatewayKey;
  readonly namespace: string;
  readonly name: string;
  readonly className: string;
  /** Its own; those of its ListenerSets are in `gatewayListenersUnit`. */
  readonly listeners: readonly ListenerShape[];
  readonly parameters: Parameters;
  /** Why it is not accepted: it serves nothing. */
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
    const own = ownParameters(read, object);
    const ofGateway = own.kind === 'Found' ? own.object : null;
    return {
      key: gatewayKey(namespace, name),
      namespace,
      name,
      className: ofClass.name,
      listeners: withConflicts([listenerShapes({ kind: 'Gateway', namespace, name }, object.spec.listeners)]),
      parameters: mergeParameters(read, ofClass.parameters, ofGateway),
      problem:
        classProblem(ofClass) ??
        (own.kind === 'Invalid' ? own.problem : null) ??
        nameProblem(read, object) ??
        addressProblem(object),
    };
  },
};

/** The GatewayParameters that a Gateway names itself. */
export function ownParameters(read: Read, { metadata, spec }: Gateway): FoundParameters {
  const reference = spec.infrastructure?.parametersRef;
  const { namespace } = metadata;
  return findParameters(
    read,
    'spec.infrastructure.parametersRef',
    reference === undefined ? undefined : { ...reference, namespace, author: 'Owner' },
  );
}

function classProblem(ofClass: GatewayClassModel): Problem | null {
  return ofClass.problem === null ? null : { kind: 'ClassNotAccepted', className: ofClass.name };
}

/** The names of what is made for Gateways: `a` of class `b-c` and `a-b` of class `c` would share them. */
const infrastructureNames: Index<'Gateway'> = {
  kind: 'Gateway',
  keysOf: ({ metadata, spec }) => [
    `${metadata.namespace}/${infrastructureName(metadata.name, spec.gatewayClassName)}`,
  ],
};

/** Of two with one name the older has it, then the first by name. */
function nameProblem(read: Read, gateway: Gateway): Problem | null {
  if (read.settings.dataPlanes === 'Standalone') {
    return null;
  }
  const { namespace, name } = gateway.metadata;
  const wanted = infrastructureName(name, gateway.spec.gatewayClassName);
  const rivals = read.find(infrastructureNames, `${namespace}/${wanted}`);
  if (rivals.length < 2) {
    return null;
  }
  const [first] = rivals
    .filter((one) => read.ask(gatewayClassUnit, one.spec.gatewayClassName) !== null)
    .sort(olderFirst);
  return first === undefined || first === gateway
    ? null
    : { kind: 'NameTaken', name: wanted, gateway: first.metadata.name };
}

function addressProblem(gateway: Gateway): Problem | null {
  const at = gateway.spec.addresses.findIndex((one) => one.type !== 'IPAddress');
  const address = gateway.spec.addresses[at];
  return address === undefined
    ? null
    : { kind: 'UnsupportedAddress', field: `spec.addresses[${String(at)}].type`, type: address.type };
}
