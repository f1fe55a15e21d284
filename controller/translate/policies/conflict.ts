// One place (a Gateway, a listener, a route, a rule, a Service, a port of it) has one policy of a kind: the older one,
// then the first by name. The others have lost and are told to whom.
import type { KindMap } from '#crds/kind.ts';
import type { TargetKind, TargetReference } from '#crds/policy.ts';
import { createdMs } from '../creation-time.ts';
import type { Index, Read, Unit } from '../memo.ts';
import type { AttachedKind } from './policy.ts';
import { refusedPoliciesUnit, targetsIn, type RefusedPolicy } from './source.ts';

/** Where a policy can be attached; its policies are in the same namespace. */
export interface Place {
  readonly kind: TargetKind;
  readonly namespace: string;
  readonly name: string;
  /** Listener, rule or port; `''` for the whole. */
  readonly section: string;
}

/** The place a targetRef of a policy in `namespace` names. */
export function placeOf(namespace: string, target: TargetReference): Place {
  return { kind: target.kind, namespace, name: target.name, section: target.sectionName ?? '' };
}

function keyOf(place: Place): string {
  return [place.kind, place.namespace, place.name, place.section].join('/');
}

function placesOf(policy: KindMap[AttachedKind]): readonly string[] {
  return targetsIn(policy).map((target) => keyOf(placeOf(policy.metadata.namespace, target)));
}

const authPolicies: Index<'AuthPolicy'> = { kind: 'AuthPolicy', keysOf: placesOf };
const rateLimitPolicies: Index<'RateLimitPolicy'> = { kind: 'RateLimitPolicy', keysOf: placesOf };
const trafficPolicies: Index<'TrafficPolicy'> = { kind: 'TrafficPolicy', keysOf: placesOf };
const backendTlsPolicies: Index<'BackendTLSPolicy'> = { kind: 'BackendTLSPolicy', keysOf: placesOf };
const clientPolicies: Index<'ClientPolicy'> = { kind: 'ClientPolicy', keysOf: placesOf };
const protectionPolicies: Index<'ProtectionPolicy'> = { kind: 'ProtectionPolicy', keysOf: placesOf };

type Find = (read: Read, place: string) => readonly KindMap[AttachedKind][];

/** The policies of each kind at a place. */
const findAt: Readonly<Record<AttachedKind, Find>> = {
  AuthPolicy: (read, place) => read.find(authPolicies, place),
  RateLimitPolicy: (read, place) => read.find(rateLimitPolicies, place),
  TrafficPolicy: (read, place) => read.find(trafficPolicies, place),
  ClientPolicy: (read, place) => read.find(clientPolicies, place),
  ProtectionPolicy: (read, place) => read.find(protectionPolicies, place),
  BackendTLSPolicy: (read, place) => read.find(backendTlsPolicies, place),
};

/** Those of a kind that do not decode, by the places that they target: each place has few of thousands. */
const refusedByPlaceUnit: Unit<ReadonlyMap<string, readonly RefusedPolicy[]>> = {
  name: 'refused policies by place',
  compute(read, kind) {
    const found = new Map<string, RefusedPolicy[]>();
    for (const one of read.ask(refusedPoliciesUnit, kind).values()) {
      const places = new Set(one.targets.map((target) => keyOf(placeOf(one.namespace, target))));
      for (const place of places) found.getOrInsertComputed(place, () => []).push(one);
    }
    return found;
  },
};

const contendersUnit: Unit<readonly string[]> = {
  name: 'contenders',
  compute(read, kind, place = '') {
    // Asked by `contenders` alone, with a kind of policy.
    const policyKind = kind as AttachedKind;
    const found = findAt[policyKind](read, place);
    const refused = read.ask(refusedByPlaceUnit, policyKind).get(place) ?? [];
    return [
      ...found.map((one) => ({
        name: one.metadata.name,
        createdMs: createdMs(one.metadata.creationTimestamp),
      })),
      ...refused,
    ]
      .sort((one, other) => one.createdMs - other.createdMs || (one.name < other.name ? -1 : 1))
      .map((one) => one.name);
  },
};

/** Of many kinds most clusters have none: one question spares each place its own. */
const somePolicyUnit: Unit<boolean> = {
  name: 'some policy',
  compute(read, kind) {
    const policyKind = kind as AttachedKind;
    return read.list(policyKind).length + read.refused(policyKind).length > 0;
  },
};

const nobody: readonly never[] = Object.freeze([]);

/** Names of the policies of a kind that target `place`; the first of them holds, the others have lost to it. */
export function contenders(read: Read, kind: AttachedKind, place: Place): readonly string[] {
  return read.ask(somePolicyUnit, kind) ? read.ask(contendersUnit, kind, keyOf(place)) : nobody;
}
