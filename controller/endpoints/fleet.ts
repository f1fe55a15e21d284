import type { EndpointSlice, SliceEndpoint } from '#crds/kubernetes.ts';
import type { Fleet, FleetMember } from '#snapshot/fleet.ts';
import { resourceId } from '#snapshot/ids.ts';
import { stateOf } from './endpoints.ts';

/**
 * The data planes of a Gateway, told by the EndpointSlices of its own Service: how many share its limits (the ready
 * ones; at least 1, and 1 where it has none), and where each runs. The data planes that are connected do not count:
 * each replica of the controller knows others of them, and all replicas must publish the same.
 */
export function compileFleet(slices: readonly EndpointSlice[]): Fleet {
  const ready = new Map<string, number>();
  const members = new Map<string, FleetMember>();
  for (const { addressType, endpoints } of slices) {
    const count = endpoints.filter((one) => stateOf(one) === 'Ready').length;
    ready.set(addressType, (ready.get(addressType) ?? 0) + count);
    for (const member of endpoints.flatMap(memberOf)) {
      members.set(member.instance, member);
    }
  }
  // A dual-stack Service tells each of its pods twice, once per address family.
  const replicas = Math.max(...ready.values(), 1);
  return Object.freeze({
    kind: 'Fleet',
    id: resourceId('Fleet', 'fleet'),
    replicas,
    members: Object.freeze([...members.values()].sort(byInstance)),
  });
}

function memberOf({ targetRef, zone, nodeName }: SliceEndpoint): readonly FleetMember[] {
  return targetRef?.kind === 'Pod' && targetRef.name !== ''
    ? [Object.freeze({ instance: targetRef.name, zone: textOrNull(zone), node: textOrNull(nodeName) })]
    : [];
}

function textOrNull(text = ''): string | null {
  return text === '' ? null : text;
}

function byInstance(one: FleetMember, other: FleetMember): number {
  return one.instance < other.instance ? -1 : 1;
}
