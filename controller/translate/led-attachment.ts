// Which listeners take what is led as an HTTPRoute is, though it is none: an Ingress, or a Service that is exposed.
import { gatewayOf, type GatewayKey } from '#snapshot/ids.ts';
import { annotationField, annotationNames, listenerNamed, type Annotations } from './annotations.ts';
import { attach, type Attached } from './attach.ts';
import { gatewayUnit, type GatewayModel } from './gateway.ts';
import type { Read } from './memo.ts';
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

/** The listeners of `gateway` that take `led` for a host (`''` for any), or why none does. */
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
  const attached = attach(read, route, reference, gatewayAsParent(gateway));
  return attached.kind === 'Attached'
    ? attached
    : {
        kind: 'Refused',
        problem: reworded(attached.problem, gateway.key, {
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
