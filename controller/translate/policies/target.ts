// What a policy is attached to, and under which ancestors its status is told: the Gateways concerned, or the
// target itself where there is none.
import type { ParentReference } from '#crds/gateway-api.ts';
import { targetGroups, type TargetKind, type TargetReference } from '#crds/policy.ts';
import type { RequestRouteKind, RouteObject } from '#crds/route-kind.ts';
import { gatewayOf, type GatewayKey } from '#snapshot/ids.ts';
import { ingressUnit } from '../ingress/ingress.ts';
import { titleFor } from '../listener-conflicts.ts';
import type { Read } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { findRoutes } from '../route-index.ts';
import { gatewaysNamed, routeParent } from '../route-parent.ts';
import { routesByExtension, routesByService } from '../route-references.ts';
import { routeUnits } from '../route.ts';
import { contenders, placeOf } from './conflict.ts';
import { clientPolicies } from './client-settings.ts';
import { gatewaysFiltering } from './filtering-listeners.ts';
import { gatewaysPulling } from './led-targets.ts';
import { policyTitle, type PolicyKind, type PolicyModel } from './policy.ts';
import { foreignGroup, portKinds, portRival } from './port-policies.ts';
import { protectionPolicies } from './protections.ts';
import { gatewaysOfService } from './service-callers.ts';
import type { PolicySource, WrittenTarget } from './source.ts';

/** One target of a policy. `Foreign`: a matter of another controller's Gateways alone, of which we say nothing. */
export type Target =
  | { readonly kind: 'Foreign' }
  | { readonly kind: 'Ours'; readonly problem: Problem | null; readonly ancestors: readonly Ancestor[] };

/** An entry of the status. */
export interface Ancestor {
  readonly ref: ParentReference;
  /** Null: the ancestor is no Gateway of ours. */
  readonly gateway: GatewayKey | null;
}

/** The targets of `policy`: its targetRefs in their order, then the routes and listeners that name it in a filter. */
export function targetsOf(read: Read, kind: PolicyKind, policy: PolicySource): readonly Target[] {
  const { namespace, name } = policy;
  return [
    ...policy.targets.map((target) => {
      const [winner = name] = contenders(read, kind, placeOf(namespace, target));
      const lost: Problem | null =
        winner === name
          ? portConflict(read, kind, namespace, target)
          : {
              kind: 'PolicyConflicted',
              target: titleOf(namespace, target),
              winner: `${kind} ${namespace}/${winner}`,
            };
      const found = findTarget[target.kind](read, namespace, target);
      return found.kind === 'Ours' ? { ...found, problem: found.problem ?? lost } : found;
    }),
    ...findRoutes(read, routesByExtension, `${kind}/${namespace}/${name}`).map((route) =>
      attachedTarget(read, route, `the filter of ${route.kind} ${namespace}/${route.metadata.name}`),
    ),
    ...pulling(read, `${kind}/${namespace}/${name}`).map((key): Target => ({
      kind: 'Ours',
      problem: null,
      ancestors: [ancestorOf(key)],
    })),
  ];
}

/** The Gateways where the policy of a key is pulled in by no route. */
function pulling(read: Read, key: string): readonly GatewayKey[] {
  return [...gatewaysPulling(read, key), ...gatewaysFiltering(read, key)];
}

/** Where the policies that hold for ports come from. */
const portPolicies = { ClientPolicy: clientPolicies, ProtectionPolicy: protectionPolicies } as const;

/** A policy for ports, of a listener whose port has another listener's, or is another's. */
function portConflict(
  read: Read,
  kind: PolicyKind,
  namespace: string,
  { kind: targetKind, name, sectionName }: TargetReference,
): Problem | null {
  const portKind = portKinds.find((one) => one === kind);
  if (portKind === undefined || (targetKind !== 'Gateway' && targetKind !== 'ListenerSet')) {
    return null;
  }
  const parent = routeParent(read, { group: targetGroups[targetKind], kind: targetKind, name }, namespace);
  if (parent === null) {
    return null;
  }
  const at = { parent: { kind: targetKind, namespace, name }, section: sectionName ?? '' };
  const [winner = ''] = contenders(read, kind, { ...at.parent, section: at.section });
  const policy = read.ask<PolicyModel | null>(portPolicies[portKind].unit, namespace, winner);
  const group = policy === null ? null : foreignGroup(policy, targetKind);
  if (group !== null) {
    return { kind: 'GroupOfGateways', field: `spec.${group}`, gateway: parent.gateway.key };
  }
  const rival = portRival<PolicyModel>(read, parent.gateway, { ...at, policy }, portPolicies[portKind]);
  switch (rival?.kind) {
    case undefined:
      return null;
    case 'Policy':
      return { kind: 'PortConflicted', port: rival.port, winner: policyTitle(rival.policy) };
    case 'Owner':
      return { kind: 'PortNotOwn', port: rival.port, owner: titleFor(namespace, rival.owner) };
    default:
      return rival satisfies never;
  }
}

type FindTarget = (read: Read, namespace: string, target: WrittenTarget) => Target;

/** The target that a targetRef of a policy of `namespace` names, by its kind. */
const findTarget: Readonly<Record<TargetKind, FindTarget>> = {
  Gateway: listenersTarget,
  ListenerSet: listenersTarget,
  HTTPRoute: routeTarget('HTTPRoute'),
  GRPCRoute: routeTarget('GRPCRoute'),
  Ingress: ingressTarget,
  Service: serviceTarget,
};

/** `<kind> <namespace>/<name>` and the section, as people read it. */
export function titleOf(namespace: string, target: TargetReference): string {
  const section = target.sectionName === undefined ? '' : `, ${sectionWord(target)} ${target.sectionName}`;
  return `${target.kind} ${namespace}/${target.name}${section}`;
}

function sectionWord({ kind }: TargetReference): string {
  const words = {
    Gateway: 'listener',
    ListenerSet: 'listener',
    HTTPRoute: 'rule',
    GRPCRoute: 'rule',
    Ingress: 'part',
    Service: 'port',
  } as const satisfies Record<TargetKind, string>;
  return words[kind];
}

/** So many names of sections are told. */
const choiceMax = 16;

function choice(names: readonly string[]): string {
  if (names.length === 0) return '';
  return ` (it has ${names.slice(0, choiceMax).join(', ')}${names.length > choiceMax ? ', ...' : ''})`;
}

function listenersTarget(read: Read, namespace: string, target: WrittenTarget): Target {
  const { kind, group, name, sectionName, field } = target;
  const parent = routeParent(read, { group, kind, name }, namespace);
  if (parent === null) {
    return read.get(kind === 'ListenerSet' ? kind : 'Gateway', namespace, name) !== undefined
      ? { kind: 'Foreign' }
      : notFound(namespace, target, {
          field: `${field}.name`,
          detail: 'does not exist; create it or correct the name',
        });
  }
  const names = parent.listeners.map((one) => one.name);
  const known = sectionName === undefined || names.includes(sectionName);
  const problem: Problem | null = known
    ? null
    : {
        kind: 'TargetNotFound',
        field: `${field}.sectionName`,
        target: titleOf(namespace, target),
        detail: `does not exist; name a listener of the ${kind}${choice(names)}`,
      };
  return {
    kind: 'Ours',
    problem,
    ancestors: [{ ref: referenceOf(namespace, target), gateway: parent.gateway.key }],
  };
}

function referenceOf(namespace: string, target: TargetReference): ParentReference {
  const { group, kind, name, sectionName } = target;
  return { group, kind, namespace, name, ...(sectionName === undefined ? {} : { sectionName }) };
}

function notFound(
  namespace: string,
  target: TargetReference,
  { field, detail }: { readonly field: string; readonly detail: string },
): Target {
  const problem: Problem = { kind: 'TargetNotFound', field, target: titleOf(namespace, target), detail };
  return { kind: 'Ours', problem, ancestors: [{ ref: referenceOf(namespace, target), gateway: null }] };
}

function routeTarget(kind: RequestRouteKind): FindTarget {
  return (read, namespace, target) => {
    const route = read.get(kind, namespace, target.name);
    if (route === undefined) {
      return notFound(namespace, target, {
        field: `${target.field}.name`,
        detail: 'does not exist; create it or correct the name',
      });
    }
    const found = attachedTarget(read, route, titleOf(namespace, target));
    const { sectionName } = target;
    const names = route.spec.rules.flatMap((one) => one.name ?? []);
    if (found.kind === 'Foreign' || sectionName === undefined || names.includes(sectionName)) {
      return found;
    }
    const detail = `does not exist; give a rule of the route this name${choice(names)}`;
    const missing = { field: `${target.field}.sectionName`, target: titleOf(namespace, target), detail };
    return { ...found, problem: { kind: 'TargetNotFound', ...missing } };
  };
}

/** An Ingress as a whole: its rules have no names. One of another's class is none of our business. */
function ingressTarget(read: Read, namespace: string, target: WrittenTarget): Target {
  const { field } = target;
  if (read.get('Ingress', namespace, target.name) === undefined) {
    const detail = 'does not exist; create it or correct the name';
    return notFound(namespace, target, { field: `${field}.name`, detail });
  }
  if (target.sectionName !== undefined) {
    const detail = 'does not exist, as rules of an Ingress have no names; remove sectionName';
    return notFound(namespace, target, { field: `${field}.sectionName`, detail });
  }
  const model = read.ask(ingressUnit, namespace, target.name);
  if (model === null) {
    return { kind: 'Foreign' };
  }
  const detail = 'is served by no Gateway; see its Events';
  return model.gateway === null
    ? notFound(namespace, target, { field: `${field}.name`, detail })
    : { kind: 'Ours', problem: null, ancestors: [ancestorOf(model.gateway)] };
}

/** The Gateways of ours that `route` names; a route that names nobody's is told, for the policy does nothing. */
function attachedTarget(read: Read, route: RouteObject, title: string): Target {
  const { kind, metadata } = route;
  const { namespace, name } = metadata;
  const gateways = new Set(read.ask(routeUnits[kind], namespace, name)?.parents.map((one) => one.gateway));
  if (gateways.size > 0) {
    return { kind: 'Ours', problem: null, ancestors: [...gateways].map((key) => ancestorOf(key)) };
  }
  const foreign = gatewaysNamed(read, route).some(
    (one) => read.get('Gateway', one.namespace, one.name) !== undefined,
  );
  if (foreign) {
    return { kind: 'Foreign' };
  }
  const ref = { group: 'gateway.networking.k8s.io', kind, namespace, name };
  const detail = 'is attached to no Gateway; correct its spec.parentRefs';
  const problem: Problem = { kind: 'TargetNotFound', field: 'spec.targetRefs', target: title, detail };
  return { kind: 'Ours', problem, ancestors: [{ ref, gateway: null }] };
}

/** The entry for a Gateway of ours. */
export function ancestorOf(key: GatewayKey): Ancestor {
  const ref = { group: 'gateway.networking.k8s.io', kind: 'Gateway', ...gatewayOf(key) };
  return { ref, gateway: key };
}

/** Why `target` names no Service, or no port of one; null when it does. */
export function missingService(read: Read, namespace: string, target: WrittenTarget): Problem | null {
  const service = read.get('Service', namespace, target.name);
  const missing = (at: string, detail: string): Problem => ({
    kind: 'TargetNotFound',
    field: `${target.field}.${at}`,
    target: titleOf(namespace, target),
    detail,
  });
  if (service === undefined) {
    return missing('name', 'does not exist; create it or correct the name');
  }
  const { sectionName } = target;
  const names = service.spec.ports.map((one) => one.name).filter((one) => one !== '');
  return sectionName === undefined || names.includes(sectionName)
    ? null
    : missing('sectionName', `does not exist; name a port of the Service${choice(names)}`);
}

/** The Gateways whose routes send requests to the Service; where none does, the policy does nothing yet. */
function serviceTarget(read: Read, namespace: string, target: WrittenTarget): Target {
  const problem = missingService(read, namespace, target);
  if (problem !== null) {
    return { kind: 'Ours', problem, ancestors: [{ ref: referenceOf(namespace, target), gateway: null }] };
  }
  const title = titleOf(namespace, target);
  const gateways = gatewaysOfService(read, namespace, target.name);
  if (gateways.length > 0) {
    return { kind: 'Ours', problem: null, ancestors: gateways.map((key) => ancestorOf(key)) };
  }
  const found = findRoutes(read, routesByService, `${namespace}/${target.name}`).map((route) =>
    attachedTarget(read, route, title),
  );
  if (found.some((one) => one.kind === 'Foreign')) {
    return { kind: 'Foreign' };
  }
  const detail = 'is the backend of no route that is attached to a Gateway; name it in a backendRef';
  return notFound(namespace, target, { field: target.field, detail });
}
