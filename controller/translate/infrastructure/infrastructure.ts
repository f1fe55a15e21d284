// What is to be made for a Gateway in its namespace (GEP-1762), as data: who owns it, which ports, which parameters.
// Knows no Deployment and no Service: how it is made is controller/provision's.
import type { Gateway } from '#crds/gateway-api.ts';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import type { PortProtocol } from '#snapshot/port-key.ts';
import { gatewayUnit, ownParameters } from '../gateway.ts';
import { gatewayClassUnit } from '../gateway-class.ts';
import { gatewayListenersUnit } from '../listener-set.ts';
import type { ListenerShape } from '../listeners.ts';
import type { Read, Unit } from '../memo.ts';
import { addressRequests, isFromOutside, isUsable, type AddressRequest } from './address-requests.ts';
import { withoutForeignKeys } from './foreign-keys.ts';
import { infrastructureParameters, type InfrastructureParameters } from './parameters.ts';

/** What is to become of what was made for a Gateway. */
export type Infrastructure =
  | WantedInfrastructure
  /** Nothing is made, changed or removed: the Gateway is broken at the moment, or on its way out. */
  | { readonly kind: 'Kept' }
  /** The Gateway is another controller's: what we made for it goes. */
  | { readonly kind: 'Released' };

/** What must be there for a Gateway. */
export interface WantedInfrastructure {
  readonly kind: 'Wanted';
  readonly namespace: string;
  /** The Gateway's name. */
  readonly gateway: string;
  readonly className: string;
  /** The Gateway's. */
  readonly uid: string;
  /** Of all that is made. */
  readonly name: string;
  /** Of `spec.infrastructure`, both without keys that Kubernetes itself writes. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** At least one, sorted by number. */
  readonly ports: readonly InfrastructurePort[];
  /** The IP address that the Gateway asks its load balancer for; null: any. */
  readonly loadBalancerIP: string | null;
  /** The same of the Service itself, inside the cluster. */
  readonly clusterIP: string | null;
  readonly parameters: InfrastructureParameters;
}

/** A port at which the Gateway is reached. */
export interface InfrastructurePort {
  readonly number: number;
  readonly protocol: PortProtocol;
}

const kept = Object.freeze({ kind: 'Kept' });
const released = Object.freeze({ kind: 'Released' });

/** What is to become of what was made for the Gateway of a namespace and name; null when there is no such Gateway. */
export const infrastructureUnit: Unit<Infrastructure | null> = {
  name: 'infrastructure',
  compute(read, namespace = '', name = '') {
    const object = read.get('Gateway', namespace, name);
    if (object === undefined) {
      return null;
    }
    const ofClass = read.get('GatewayClass', '', object.spec.gatewayClassName);
    if (ofClass !== undefined && ofClass.spec.controllerName !== read.settings.controllerName) {
      return released;
    }
    const gateway = read.ask(gatewayUnit, namespace, name);
    if (gateway === null || gateway.problem !== null || isLeaving(read, object)) {
      return kept;
    }
    const ports = portsOf(read.ask(gatewayListenersUnit, namespace, name));
    return ports.length === 0 ? kept : wanted(read, object, ports);
  },
};

/** What is made now would outlive nobody: the garbage collector, or the namespace's end, is about to take it. */
function isLeaving(read: Read, { metadata }: Gateway): boolean {
  const namespace = read.get('Namespace', '', metadata.namespace);
  return metadata.deletionTimestamp !== undefined || namespace?.status.phase === 'Terminating';
}

function wanted(read: Read, object: Gateway, ports: readonly InfrastructurePort[]): WantedInfrastructure {
  const { namespace, name, uid } = object.metadata;
  const { gatewayClassName, infrastructure } = object.spec;
  const own = ownParameters(read, object);
  return {
    kind: 'Wanted',
    namespace,
    gateway: name,
    className: gatewayClassName,
    uid,
    name: infrastructureName(name, gatewayClassName),
    labels: withoutForeignKeys(infrastructure?.labels ?? {}),
    annotations: withoutForeignKeys(infrastructure?.annotations ?? {}),
    ports,
    ...reachOf(
      addressRequests(object),
      infrastructureParameters(
        read.ask(gatewayClassUnit, gatewayClassName)?.parameters?.spec ?? {},
        own.kind === 'Found' ? (own.object?.spec ?? {}) : {},
      ),
    ),
  };
}

type Reach = Pick<WantedInfrastructure, 'loadBalancerIP' | 'clusterIP' | 'parameters'>;

/** A Gateway that asks for no address outside the cluster is given none, whatever its parameters say. */
function reachOf(requests: readonly AddressRequest[], parameters: InfrastructureParameters): Reach {
  const { service } = parameters;
  const usable = requests.filter(({ value }) => value !== null && isUsable(value));
  const [outside = null] = usable.filter(isFromOutside).map(({ value }) => value);
  const [inside = null] = usable.filter(({ scope }) => scope === 'Cluster').map(({ value }) => value);
  if (requests.length > 0 && !requests.some(isFromOutside)) {
    const within = { ...parameters, service: { ...service, type: 'ClusterIP' as const } };
    return { loadBalancerIP: null, clusterIP: inside, parameters: within };
  }
  return service.type === 'LoadBalancer'
    ? { loadBalancerIP: outside, clusterIP: inside, parameters }
    : { loadBalancerIP: null, clusterIP: inside ?? outside, parameters };
}

/** Those of listeners that are accepted; whether one has its certificate yet is no matter. */
function portsOf(listeners: readonly ListenerShape[]): readonly InfrastructurePort[] {
  const accepted = listeners.filter(({ problem }) => problem === null);
  return (['TCP', 'UDP'] as const).flatMap((protocol) => {
    const mine = accepted.filter((one) => (one.protocol === 'UDP') === (protocol === 'UDP'));
    const numbers = [...new Set(mine.map(({ port }) => port))].sort((one, other) => one - other);
    return numbers.map((number) => ({ number, protocol }));
  });
}
