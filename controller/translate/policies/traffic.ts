// How TrafficPolicies want the requests of a rule sent: of each group of settings the nearest one that is not
// overridden, from the Gateway over listener, route and rule to the Service and its port.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { backendGroups } from '#crds/backend-settings.ts';
import type { TrafficSettings } from '#crds/traffic-settings.ts';
import type { Cluster } from '#snapshot/cluster.ts';
import { resourceId, type ResourceId } from '#snapshot/ids.ts';
import type { ForwardAction, Mirror } from '#snapshot/route.ts';
import type { Backend } from '../backends.ts';
import type { Read, Unit } from '../memo.ts';
import { equal } from '../sharing.ts';
import { clusterSettings } from './cluster-settings.ts';
import type { Place } from './conflict.ts';
import { actionWith, type HeldSettings } from './forward-settings.ts';
import { levelsAt, placesOfRule, placesOfService, type RuleSite } from './levels.ts';
import type { CookieDefaults } from './session-persistence.ts';
import { standings, type Standing } from './nearness.ts';
import { trafficPolicyUnit, type TrafficModel } from './traffic-policy.ts';

/** What TrafficPolicies make of a rule that forwards. */
export interface Traffic {
  readonly action: ForwardAction;
  /** The clusters that `action` names. */
  readonly clusters: readonly Cluster[];
  readonly standings: readonly Standing<TrafficModel>[];
}

/** A rule that forwards, and the backends it names, as its route alone tells them. */
export interface ForwardingRule {
  readonly action: ForwardAction;
  readonly backends: readonly Backend[];
  /** Who gets copies. */
  readonly mirrored: readonly Backend[];
  readonly cookie: CookieDefaults;
}

/** `rule` as it is with the TrafficPolicies that hold there. */
export function trafficOf(read: Read, site: RuleSite, rule: ForwardingRule): Traffic {
  const { action, backends, mirrored, cookie } = rule;
  if (!read.ask(someTrafficPolicyUnit)) {
    return { action, clusters: [...backends, ...mirrored].map((one) => one.cluster), standings: [] };
  }
  const [gateway, ...between] = placesOfRule(site);
  assertGateway(gateway);
  const ofGateway = levels(read, [gateway]);
  const ofLevels = [...ofGateway, ...levels(read, between)];
  const ownPolicies = ofLevels.slice(1).flat();
  const services = distinct(backends);
  const judged = distinct([...backends, ...mirrored]).map((backend) => {
    const ofService = levels(read, placesOfService(backend.source));
    const all = standings([...ofLevels, ...ofService], 'Nearest');
    const held = heldBy(all);
    // Only what stands between Gateway and Service makes a difference.
    const usual =
      ownPolicies.length === 0 ? held : heldBy(standings([...ofGateway, ...ofService], 'Nearest'));
    // A rule that sends its requests to several Services cannot wait for them as each of them wants, and for those
    // that get copies nobody waits.
    const found =
      services.length === 1 && services[0]?.source.id === backend.source.id
        ? all
        : standings([...ofLevels, ...ofService.map((level) => level.flatMap(ofEndpoints))], 'Nearest');
    return { backend, found, held, cluster: clusterWith(backend.cluster, held, usual) };
  });
  const only = services.length === 1 ? judged[0] : undefined;
  const ofAction = only?.found ?? standings(ofLevels, 'Nearest');
  const ids = new Map(judged.map(({ backend, cluster }) => [backend.cluster.id, cluster.id]));
  return {
    action: actionWith(withClusters(action, ids), only?.held ?? heldBy(ofAction), cookie),
    clusters: judged.map((one) => one.cluster),
    standings: judged.length === 0 ? ofAction : judged.flatMap((one) => one.found),
  };
}

function distinct(backends: readonly Backend[]): readonly Backend[] {
  return [...new Map(backends.map((one) => [one.source.id, one])).values()];
}

function assertGateway(place: Place | undefined): asserts place is Place {
  assert(place?.kind === 'Gateway', 'the places of a rule begin with its Gateway');
}

/** Most clusters have no TrafficPolicy: one question spares every rule of every route its own. */
const someTrafficPolicyUnit: Unit<boolean> = {
  name: 'some TrafficPolicy',
  compute: (read) => read.list('TrafficPolicy').length + read.refused('TrafficPolicy').length > 0,
};

/** One that cannot be read is as if it were not there. */
function levels(read: Read, places: readonly Place[]): readonly (readonly TrafficModel[])[] {
  return levelsAt(read, { kind: 'TrafficPolicy', unit: trafficPolicyUnit }, places).map((level) =>
    level.filter((one) => one.closes === null),
  );
}

/** Of a policy what concerns endpoints alone; nothing where that is nothing. */
function ofEndpoints(policy: TrafficModel): readonly TrafficModel[] {
  const parts = policy.parts.filter(({ name }) => Object.hasOwn(backendGroups, name));
  return parts.length === 0 ? [] : [{ ...policy, parts }];
}

/** One policy holds for each group. */
function heldBy(found: readonly Standing<TrafficModel>[]): HeldSettings {
  const all = found.flatMap(({ policy, parts }) => parts.map(({ name }) => ({ policy, name })));
  const groups = all.map(
    ({ policy, name }) => [name, policy.settings[name as keyof TrafficSettings]] as const,
  );
  return {
    settings: Object.fromEntries(groups) as TrafficSettings,
    layers: new Map(all.map(({ policy, name }) => [name, policy.layer])),
  };
}

/**
 * The cluster with the settings `held`. Where they are not the `usual` ones, of the Gateway and the Service alone, it
 * is a cluster of its own, with connections of its own, and all rules with equal settings share it.
 */
function clusterWith(cluster: Cluster, held: HeldSettings, usual: HeldSettings): Cluster {
  const settings = clusterSettings(held.settings);
  const own = { ...cluster, ...settings };
  if (held === usual || equal(own, { ...cluster, ...clusterSettings(usual.settings) })) {
    return own;
  }
  const digest = hash('sha256', JSON.stringify(settings), 'buffer').subarray(0, 9).toString('base64url');
  const [kind, ...parts] = cluster.id.split('/');
  assert(kind === 'Cluster', 'a cluster has the id of one');
  return { ...own, id: resourceId('Cluster', ...parts, 'for', digest) };
}

function withClusters(action: ForwardAction, ids: ReadonlyMap<ResourceId, ResourceId>): ForwardAction {
  if ([...ids].every(([plain, own]) => plain === own)) {
    return action;
  }
  const replaced = (id: ResourceId) => ids.get(id) ?? id;
  const copies = (mirrors: readonly Mirror[]) =>
    mirrors.map((one) => ({ ...one, cluster: replaced(one.cluster) }));
  const backends = action.backends.map((one) =>
    one.cluster === null ? one : { ...one, cluster: replaced(one.cluster), mirrors: copies(one.mirrors) },
  );
  return { ...action, backends, mirrors: copies(action.mirrors) };
}
