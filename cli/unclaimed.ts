// What no status speaks of, because the controller leaves it alone: in a cluster another controller may look after
// it, but in a folder of manifests it is nearly always a slip.
import { standaloneSettings } from './standalone-settings.ts';
import { FollowUps } from './follow-ups.ts';
import { titleOf } from './state-lines.ts';
import { routeKinds } from '#crds/route-kind.ts';
import { namedClass } from '#controller/translate/ingress/ingress-class.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { DesiredStatus, ObjectRef } from '#controller/translate/translation.ts';
import type { StateLine } from './state-lines.ts';

const { controllerName } = standaloneSettings;
const gatewayGroup = 'gateway.networking.k8s.io';

/** A line for each Gateway, ListenerSet, route, BackendTLSPolicy and Ingress that nobody looks after because what it names is not there. */
export function unclaimedLines(
  objects: ObjectReader,
  statuses: readonly DesiredStatus[],
): readonly StateLine[] {
  const claimed = claimedBy(statuses);
  const followUps = new FollowUps(objects, []);
  const lines: StateLine[] = [];
  for (const { metadata, spec } of objects.list('Gateway')) {
    const object = titleOf({ kind: 'Gateway', ...metadata });
    if (claimed.has(object) || objects.get('GatewayClass', '', spec.gatewayClassName) !== undefined) continue;
    lines.push(
      line(
        object,
        `spec.gatewayClassName: GatewayClass ${spec.gatewayClassName} does not exist; create it with controllerName ${controllerName}, or correct the name.`,
      ),
    );
  }
  for (const { metadata, spec } of objects.list('ListenerSet')) {
    const object = titleOf({ kind: 'ListenerSet', ...metadata });
    const problem = claimed.has(object)
      ? null
      : missingOf(objects, metadata.namespace, spec.parentRef, 'spec.parentRef');
    if (problem !== null) lines.push(line(object, problem));
  }
  for (const { kind, metadata, spec } of routeKinds.flatMap((kind) => objects.list(kind))) {
    const object = titleOf({ kind, ...metadata });
    if (claimed.has(object)) continue;
    const problems =
      spec.parentRefs.length === 0
        ? ['spec.parentRefs is empty; name the Gateway that shall serve the route.']
        : spec.parentRefs.flatMap(missingIn(objects, metadata.namespace));
    if (problems.length > 0) lines.push(line(object, followUps.corrected(problems.join(' '))));
  }
  return [...lines, ...unclaimedTlsPolicies(objects, claimed), ...unclaimedIngresses(objects, claimed)];
}

/**
 * A line for each route that has a parent, while others that it names are not there: no status tells of those. A
 * parent of another group is left to others, such as a mesh.
 */
export function missingParentLines(
  objects: ObjectReader,
  statuses: readonly DesiredStatus[],
): readonly string[] {
  const claimed = claimedBy(statuses);
  const followUps = new FollowUps(objects, []);
  return routeKinds
    .flatMap((kind) => objects.list(kind))
    .flatMap(({ kind, metadata, spec }) => {
      const object = titleOf({ kind, ...metadata });
      if (!claimed.has(object)) return [];
      const problemOf = missingIn(objects, metadata.namespace);
      const problems = spec.parentRefs.flatMap((parent, at) =>
        parent.group === gatewayGroup ? problemOf(parent, at) : [],
      );
      // Between a change of the folder and what follows from it the status may be one of before.
      const hasParent = problems.length < spec.parentRefs.length;
      return hasParent && problems.length > 0
        ? [`${object}: ${followUps.corrected(problems.join(' '))}`]
        : [];
    });
}

function claimedBy(statuses: readonly DesiredStatus[]): ReadonlySet<string> {
  return new Set(statuses.map(({ object }) => titleOf(object)));
}

function unclaimedTlsPolicies(objects: ObjectReader, claimed: ReadonlySet<string>): readonly StateLine[] {
  return objects.list('BackendTLSPolicy').flatMap(({ metadata, spec }) => {
    const object = titleOf({ kind: 'BackendTLSPolicy', ...metadata });
    if (claimed.has(object)) return [];
    const problems = spec.targetRefs.flatMap(({ kind, name }, at) =>
      kind === 'Service' && objects.get(kind, metadata.namespace, name) === undefined
        ? `spec.targetRefs[${at}]: ${missing(objects, { kind, namespace: metadata.namespace, name })}`
        : [],
    );
    return problems.length === 0 ? [] : [line(object, problems.join(' '))];
  });
}

function unclaimedIngresses(objects: ObjectReader, claimed: ReadonlySet<string>): readonly StateLine[] {
  return objects.list('Ingress').flatMap((ingress) => {
    const object = titleOf({ kind: 'Ingress', ...ingress.metadata });
    const name = namedClass(ingress);
    if (claimed.has(object) || (name !== '' && objects.get('IngressClass', '', name) !== undefined))
      return [];
    const problem =
      name === ''
        ? 'spec.ingressClassName is missing, and no IngressClass is the default; name one.'
        : `spec.ingressClassName: IngressClass ${name} does not exist; create it with controller ${controllerName}, or correct the name.`;
    return [line(object, problem)];
  });
}

interface Parent {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What is missing of each of the parents of a route in `home`, in their order. */
function missingIn(objects: ObjectReader, home: string): (parent: Parent, at: number) => readonly string[] {
  return (parent, at) => {
    const problem = missingOf(objects, home, parent, `spec.parentRefs[${at}]`);
    return problem === null ? [] : [problem];
  };
}

function missingOf(
  objects: ObjectReader,
  home: string,
  { group = gatewayGroup, kind = 'Gateway', namespace = home, name }: Parent,
  field: string,
): string | null {
  if (group !== gatewayGroup || (kind !== 'Gateway' && kind !== 'ListenerSet')) {
    return `${field} names the kind ${group === '' ? kind : `${group}/${kind}`}, which nobody here serves; name a Gateway or a ListenerSet of ${gatewayGroup}.`;
  }
  return objects.get(kind, namespace, name) === undefined
    ? `${field}: ${missing(objects, { kind, namespace, name })}`
    : null;
}

/** That there is no such object; where others have its name, the namespace is what was forgotten. */
function missing(
  objects: ObjectReader,
  { kind, namespace, name }: ObjectRef & { readonly kind: 'Gateway' | 'ListenerSet' | 'Service' },
): string {
  const elsewhere = objects.list(kind).filter((one) => one.metadata.name === name);
  const remedy =
    elsewhere.length === 0 || kind === 'Service'
      ? 'create it or correct the name.'
      : `one of this name is in namespace ${elsewhere.map((one) => one.metadata.namespace).join(', ')}: add namespace.`;
  return `${kind} ${namespace}/${name} does not exist; ${remedy}`;
}

function line(object: string, problem: string): StateLine {
  return { ok: false, object, state: 'not in force as written', facts: [], details: [problem] };
}

/** {@link nothingServed}, where the classes of Gateways are there and another controller's; else it is told otherwise, or no matter. */
export function allForeign(
  objects: ObjectReader,
  statuses: readonly DesiredStatus[],
  folders: readonly string[],
): readonly string[] {
  const isForeign = objects
    .list('Gateway')
    .some(({ spec }) => objects.get('GatewayClass', '', spec.gatewayClassName) !== undefined);
  const nothing = isForeign ? nothingServed(objects, statuses, folders) : null;
  return nothing === null ? [] : [nothing];
}

/** Why nothing at all is served, with the remedy; null when some Gateway is. */
export function nothingServed(
  objects: ObjectReader,
  statuses: readonly DesiredStatus[],
  folders: readonly string[],
): string | null {
  if (statuses.some(({ status }) => status.kind === 'Gateway')) return null;
  const where = folders.join(', ');
  if (objects.list('Gateway').length === 0) {
    return `there is no Gateway in ${where}, so nothing is served (add one in a file *.yaml, *.yml or *.json there, or name another folder with --folder)`;
  }
  return `no Gateway in ${where} is of a GatewayClass with controllerName ${controllerName}, so nothing is served (correct spec.gatewayClassName or the class)`;
}
