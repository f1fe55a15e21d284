// How TrafficPolicies want the requests of a rule sent: of each group of settings the nearest one that is not
// overridden, from the Gateway over listener, route and rule to the Service and its port.
import { durationMs } from '#crds/fields.ts';
import type { TrafficSettings } from '#crds/traffic-settings.ts';
import type { ForwardAction, RouteTimeouts } from '#snapshot/route.ts';
import type { Backend } from '../backends.ts';
import type { Read, Unit } from '../memo.ts';
import type { Place } from './conflict.ts';
import { levelsAt, placesOfRule, type RuleSite } from './levels.ts';
import { standings, type Standing } from './nearness.ts';
import type { Layer } from './policy.ts';
import { trafficPolicyUnit, type TrafficModel } from './traffic-policy.ts';

/** What TrafficPolicies say of a rule's requests. */
export interface Traffic {
  /** The action as it is with them. */
  readonly action: ForwardAction;
  readonly standings: readonly Standing<TrafficModel>[];
}

/** `action` of a rule, with its `backends`, as it is with the TrafficPolicies that hold there. */
export function trafficOf(
  read: Read,
  site: RuleSite,
  rule: { readonly action: ForwardAction; readonly backends: readonly Backend[] },
): Traffic {
  const { action, backends } = rule;
  if (!read.ask(someTrafficPolicyUnit)) {
    return { action, standings: [] };
  }
  const places = [...placesOfRule(site), ...placesOfService(backends)];
  // One that cannot be read is as if it were not there.
  const levels = levelsAt(read, { kind: 'TrafficPolicy', unit: trafficPolicyUnit }, places).map((level) =>
    level.filter((one) => one.closes === null),
  );
  const found = standings(levels, 'Nearest');
  return { action: actionWith(action, held(found)), standings: found };
}

/** Most clusters have no TrafficPolicy: one question spares every rule of every route its own. */
const someTrafficPolicyUnit: Unit<boolean> = {
  name: 'some TrafficPolicy',
  compute: (read) => read.list('TrafficPolicy').length + read.refused('TrafficPolicy').length > 0,
};

/** A rule that sends its requests to several Services cannot wait for them as each of them wants. */
function placesOfService(backends: readonly Backend[]): readonly Place[] {
  const [first, ...others] = [...new Map(backends.map(({ source }) => [source.id, source])).values()];
  if (first === undefined || others.length > 0) {
    return [];
  }
  const service = { kind: 'Service', namespace: first.namespace, name: first.service } as const;
  return [
    { ...service, section: '' },
    ...(first.portName === '' ? [] : [{ ...service, section: first.portName }]),
  ];
}

interface Held {
  readonly settings: TrafficSettings;
  /** Where each group of them stands. */
  readonly layers: ReadonlyMap<string, Layer>;
}

function held(found: readonly Standing<TrafficModel>[]): Held {
  const all = found.flatMap(({ policy, parts }) => parts.map(({ name }) => ({ policy, name })));
  return {
    // One policy holds for a group.
    settings: Object.assign(
      {},
      ...all.map(({ policy, name }) => ({ [name]: policy.settings[name as keyof TrafficSettings] })),
    ) as TrafficSettings,
    layers: new Map(all.map(({ policy, name }) => [name, policy.layer])),
  };
}

/** What an HTTPRoute says itself comes before rules and defaults of policies, and after their overrides. */
function actionWith(action: ForwardAction, { settings, layers }: Held): ForwardAction {
  const { timeouts } = settings;
  return timeouts === undefined
    ? action
    : { ...action, timeouts: timeoutsWith(action.timeouts, timeouts, layers.get('timeouts')) };
}

function timeoutsWith(
  own: RouteTimeouts,
  timeouts: NonNullable<TrafficSettings['timeouts']>,
  layer: Layer | undefined,
): RouteTimeouts {
  const set = {
    requestMs: milliseconds(timeouts.request),
    backendRequestMs: milliseconds(timeouts.backendRequest),
    headMs: milliseconds(timeouts.head),
  };
  const [first, second] = layer === 'Overrides' ? [set, own] : [own, set];
  return {
    requestMs: first.requestMs ?? second.requestMs,
    backendRequestMs: first.backendRequestMs ?? second.backendRequestMs,
    headMs: first.headMs ?? second.headMs,
  };
}

function milliseconds(duration: string | undefined): number | null {
  return duration === undefined ? null : durationMs(duration);
}
