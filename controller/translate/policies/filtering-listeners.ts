// Gateways whose listeners name a Service or a policy in their filters, at their own or at those of their ListenerSets.
import type { KindMap } from '#crds/kind.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { gatewayUnit } from '../gateway.ts';
import { listenerSetUnit } from '../listener-set.ts';
import type { Index, Read } from '../memo.ts';

type Parent = KindMap['Gateway' | 'ListenerSet'];

/** Objects with listeners, of either kind, by the same keys. */
interface FilterIndex {
  readonly Gateway: Index<'Gateway'>;
  readonly ListenerSet: Index<'ListenerSet'>;
}

const byAskedService = filterIndex(({ metadata, spec }) =>
  filtersOf(spec)
    .flatMap(({ externalAuth }) => externalAuth?.backendRef ?? [])
    .map(({ name, namespace = metadata.namespace }) => `${namespace}/${name}`),
);

const byPolicy = filterIndex(({ metadata, spec }) =>
  filtersOf(spec)
    .flatMap(({ extensionRef }) => extensionRef ?? [])
    .filter(({ group }) => group === 'turnpike.dev')
    .map(({ kind, name }) => `${kind}/${metadata.namespace}/${name}`),
);

/** Those whose listeners ask the Service `<namespace>/<name>`. */
export function gatewaysAsking(read: Read, service: string): readonly GatewayKey[] {
  return gatewaysAt(read, byAskedService, service);
}

/** Those whose listeners pull the policy `<kind>/<namespace>/<name>` in. */
export function gatewaysFiltering(read: Read, policy: string): readonly GatewayKey[] {
  return gatewaysAt(read, byPolicy, policy);
}

function filterIndex(keysOf: (parent: Parent) => readonly string[]): FilterIndex {
  return { Gateway: { kind: 'Gateway', keysOf }, ListenerSet: { kind: 'ListenerSet', keysOf } };
}

function filtersOf({ listeners }: Parent['spec']) {
  return listeners.flatMap(({ filters }) => filters?.requests ?? []);
}

function gatewaysAt(read: Read, index: FilterIndex, key: string): readonly GatewayKey[] {
  const gateways = read
    .find(index.Gateway, key)
    .flatMap(({ metadata }) => read.ask(gatewayUnit, metadata.namespace, metadata.name)?.key ?? []);
  const ofSets = read.find(index.ListenerSet, key).flatMap(({ metadata }) => {
    const set = read.ask(listenerSetUnit, metadata.namespace, metadata.name);
    return set === null || set.problem !== null ? [] : [set.gateway];
  });
  return [...new Set([...gateways, ...ofSets])];
}
