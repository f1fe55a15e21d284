// How each object is, in lines for a person. Says only what statuses say; what no status speaks of is in
// unclaimed.ts.
import type { FileProblem } from '#controller/files/manifest.ts';
import { exposedPlaces } from '#controller/translate/expose/exposure.ts';
import type { ListenerParent } from '#controller/translate/listeners.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import { FollowUps } from './follow-ups.ts';
import type {
  DesiredCondition,
  DesiredListenerStatus,
  DesiredStatus,
  Notice,
  ObjectRef,
} from '#controller/translate/translation.ts';

/** How one object is: `ok` is false when something about it is not in force. */
export interface StateLine {
  readonly ok: boolean;
  readonly object: string;
  readonly state: string;
  /** Where its listeners are. */
  readonly facts: readonly string[];
  /** Reason and message of each condition that is not as it should be. */
  readonly details: readonly string[];
}

export interface StateSources {
  readonly objects: ObjectReader;
  /** The host of the addresses that are shown for listeners; null shows none. */
  readonly host: string | null;
  /** What these tell of files is not told again. */
  readonly problems: readonly FileProblem[];
}

/** Lines for all objects in the order of `statuses`: Gateways and their classes first, each kind by name. */
export function stateLines(statuses: readonly DesiredStatus[], sources: StateSources): readonly StateLine[] {
  const followUps = new FollowUps(sources.objects, sources.problems);
  return statuses.map((status) => stateLine(status, sources, followUps));
}

/** Kinds that have no conditions of ours: notices alone tell what is wrong. */
const withoutConditions: ReadonlySet<string> = new Set(['IngressClass', 'Ingress', 'Service']);

/** Whether a status tells what is wrong with such an object. */
export function hasConditions({ kind }: ObjectRef): boolean {
  return !withoutConditions.has(kind);
}

/** A line for each object of which `notices` alone tell what is wrong. */
export function noticeLines(notices: readonly Notice[]): readonly StateLine[] {
  const told = Map.groupBy(
    notices.filter(({ object }) => !hasConditions(object)),
    ({ object }) => titleOf(object),
  );
  return [...told].map(([object, its]) => ({
    ok: false,
    object,
    state: 'not in force as written',
    facts: [],
    details: its.map(({ reason, message }) => `${reason}: ${message}`),
  }));
}

/** A line for each Service that has its route by an annotation, as it asks: of which `notices` tell nothing. */
export function exposedLines(objects: ObjectReader, notices: readonly Notice[]): readonly StateLine[] {
  const noticed = new Set(notices.map(({ object }) => titleOf(object)));
  return objects.list('Service').flatMap((service) => {
    const object = titleOf({ kind: 'Service', ...service.metadata });
    const places = exposedPlaces(service)?.places ?? [];
    if (places.length === 0 || noticed.has(object)) return [];
    const state = `served at ${places.map(({ host, path }) => `${host}${path}`).join(', ')}`;
    return [{ ok: true, object, state, facts: [], details: [] }];
  });
}

/** `HTTPRoute default/shop`, as lines call an object. */
export function titleOf(object: ObjectRef): string {
  return `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}`;
}

function stateLine(
  { object, status }: DesiredStatus,
  sources: StateSources,
  followUps: FollowUps,
): StateLine {
  const title = titleOf(object);
  const groups = conditionGroups(status);
  const bad = groups.flatMap(({ where, conditions }) =>
    conditions.filter(isBad).map((one) => ({ where, ...one })),
  );
  const good = groups.flatMap(({ conditions }) => conditions.filter((one) => !isBad(one)));
  const told = sources.problems.filter((problem) => problem.object === title).map(({ message }) => message);
  const details = bad
    .filter(({ message }) => !told.some((one) => message.includes(one)) && !followUps.has(title, message))
    .map((one) => `${one.where}${one.type}=${one.status} ${one.reason}: ${followUps.corrected(one.message)}`);
  const state = bad.length === 0 ? wordFor(status, good) : 'not in force as written';
  const targets = status.kind === 'Policy' ? `, targets ${status.targets}` : '';
  return {
    ok: bad.length === 0,
    object: title,
    state: `${state}${targets}`,
    facts:
      status.kind === 'Gateway' || status.kind === 'ListenerSet'
        ? listenerFacts({ ...object, kind: status.kind }, status.listeners, sources)
        : [],
    details,
  };
}

interface Group {
  readonly where: string;
  readonly conditions: readonly DesiredCondition[];
}

function conditionGroups(status: DesiredStatus['status']): readonly Group[] {
  switch (status.kind) {
    case 'GatewayClass':
    case 'Consumer':
    case 'Plan':
    case 'Ban':
      return [{ where: '', conditions: status.conditions }];
    case 'Gateway':
    case 'ListenerSet':
      return [
        { where: '', conditions: status.conditions },
        ...status.listeners.map(({ name, conditions }) => ({ where: `listener ${name}: `, conditions })),
      ];
    case 'Route':
      return status.parents.map(({ parentRef, conditions }) => ({
        where: `parent ${parentRef.name}: `,
        conditions,
      }));
    case 'Ancestors':
      return status.ancestors.map(({ ancestorRef, conditions }) => ({
        where: `${ancestorRef.kind} ${ancestorRef.name}: `,
        conditions,
      }));
    case 'Ingress':
      return [];
    case 'Policy':
      return [{ where: '', conditions: status.conditions }];
    default:
      return status satisfies never;
  }
}

/** Condition types that tell of something bad when they are true. */
const badWhenTrue: ReadonlySet<string> = new Set(['Conflicted', 'PartiallyInvalid', 'turnpike.dev/Closed']);

function isBad({ type, status }: DesiredCondition): boolean {
  return badWhenTrue.has(type) ? status === 'True' : status !== 'True';
}

function wordFor(status: DesiredStatus['status'], good: readonly DesiredCondition[]): string {
  if (status.kind === 'Ingress') return status.addresses.length === 0 ? 'not served' : 'served';
  return lastWord(good.map(({ type }) => type));
}

function lastWord(types: readonly string[]): string {
  return ['Programmed', 'Accepted'].find((type) => types.includes(type)) ?? 'known';
}

/** `http://127.0.0.1:8080 (listener http, 5 routes)` for each listener. */
function listenerFacts(
  { kind, namespace, name }: ListenerParent,
  listeners: readonly DesiredListenerStatus[],
  { objects, host }: StateSources,
): readonly string[] {
  const spec = objects.get(kind, namespace, name)?.spec;
  if (spec === undefined || host === null) return [];
  return listeners.flatMap(({ name: section, attachedRoutes }) => {
    const listener = spec.listeners.find((one) => one.name === section);
    if (listener === undefined) return [];
    const { protocol, port, hostname } = listener;
    const routes = `${attachedRoutes} route${attachedRoutes === 1 ? '' : 's'}`;
    const named = hostname === undefined ? '' : `, host ${hostname}`;
    return [`${listenerUrl(protocol, host, port)} (listener ${section}${named}, ${routes})`];
  });
}

/** `http://127.0.0.1:8080`; an IPv6 host gets its brackets. */
export function listenerUrl(protocol: string, host: string, port: number): string {
  return `${protocol.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
