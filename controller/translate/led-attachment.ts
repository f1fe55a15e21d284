// Which listeners take what is led as an HTTPRoute is, though it is none: an Ingress, or a Service that is exposed.
import { gatewayOf, type GatewayKey } from '#snapshot/ids.ts';
import { annotationField, annotationNames, listenerNamed, type Annotations } from './annotations.ts';
import { admits, attach, type Attached, type Attaching, type ListenerAttachment } from './attach.ts';
import { gatewayUnit, type GatewayModel } from './gateway.ts';
import { intersectHostnames } from './hostnames.ts';
import { gatewayListenersUnit } from './listener-set.ts';
import type { ListenerShape } from './listeners.ts';
import type { Read, Unit } from './memo.ts';
import type { Problem } from './problem.ts';
import { gatewayAsParent } from './route-parent.ts';

/** What is led, by its metadata. */
export interface Led {
  readonly metadata: { readonly namespace: string; readonly annotations: Annotations };
}

/** The Gateway of a key, when it is ours. */
export function gatewayNamed(read: Read, key: GatewayKey): GatewayModel | null {
  const { namespace, name } = gatewayOf(key);
  return read.ask(gatewayUnit, namespace, name);
}

/** The listeners of `gateway` and of its ListenerSets that take `led` for a host (`''` for any), or why none does. */
export function attachLed(read: Read, { metadata }: Led, host: string, gateway: GatewayModel): Attached {
  const section = listenerNamed(metadata.annotations);
  const reference = {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    ...gatewayOf(gateway.key),
    ...(section === undefined ? {} : { sectionName: section }),
  };
  const hostnames = host === '' ? [] : [host];
  const route = { kind: 'HTTPRoute', metadata, spec: { hostnames } } as const;
  const own = attach(read, route, reference, gatewayAsParent(gateway));
  const ofSets = attachmentsOfSets(read, gateway, route, section);
  if (own.kind === 'Attached') {
    return ofSets.length === 0 ? own : { kind: 'Attached', attachments: [...own.attachments, ...ofSets] };
  }
  return ofSets.length > 0
    ? { kind: 'Attached', attachments: ofSets }
    : {
        kind: 'Refused',
        problem: reworded(own.problem, gateway.key, {
          namespace: metadata.namespace,
          host,
          listener: section ?? null,
        }),
      };
}

/** What of something led a listener should take. */
interface Wanted {
  readonly namespace: string;
  readonly host: string;
  /** The only one that may; null: any. */
  readonly listener: string | null;
}

/** Nobody names a ListenerSet for what is led, so those of the Gateway take it as the Gateway's own listeners do. */
function attachmentsOfSets(
  read: Read,
  { namespace, name }: GatewayModel,
  route: Attaching,
  section: string | undefined,
): readonly ListenerAttachment[] {
  return read
    .ask(openSetListenersUnit, namespace, name, route.metadata.namespace)
    .filter((one) => section === undefined || one.key === section)
    .map((listener) => ({ listener, hostnames: intersectHostnames(listener.hostname, route.spec.hostnames) }))
    .filter((one) => one.hostnames.length > 0);
}

/**
 * The listeners of ListenerSets of the Gateway of a namespace and name that take HTTP routes of a namespace. A unit of its
 * own, so that what is led rests while sets change that are not for it.
 */
const openSetListenersUnit: Unit<readonly ListenerShape[]> = {
  name: 'open listeners of sets',
  compute: (read, namespace = '', name = '', from = '') =>
    read
      .ask(gatewayListenersUnit, namespace, name)
      .filter(({ parent, problem }) => parent.kind === 'ListenerSet' && problem === null)
      .filter((one) => admits(read, one, { kind: 'HTTPRoute', metadata: { namespace: from } })),
};

/** Nobody has written a parentRef. */
function reworded(problem: Problem, gateway: GatewayKey, { namespace, host, listener }: Wanted): Problem {
  if (problem.kind === 'NoMatchingParent') {
    return {
      kind: 'ListenerNotFound',
      field: annotationField(annotationNames.listener),
      gateway,
      listener: listener ?? '',
    };
  }
  if (problem.kind === 'NotAllowedByListeners') {
    return { kind: 'NoListenerTakes', gateway, namespace, listener };
  }
  return problem.kind === 'NoMatchingListenerHostname' ? { kind: 'HostNotServed', gateway, host } : problem;
}
