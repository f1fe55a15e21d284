import type { Balanced } from './balancer.ts';

/** A member that is somewhere. */
export interface Zoned extends Balanced {
  /** Null: nobody knows. */
  readonly zone: string | null;
  /** Zones that should use it (hints of EndpointSlices); empty for no hint. */
  readonly forZones: readonly string[];
}

/** Of what would be its part if all zones had the same, a zone's usable members must be so much to carry it alone. */
const shareToStay = 0.7;
const shareToReturn = 0.8;

/**
 * Who of a cluster's members is near: those that are for the data plane's own zone, as long as they can carry what
 * comes to it, else all. Hints count only when every member has one (as for kube-proxy), else where members are.
 */
export class ZoneView<E extends Zoned> {
  readonly #zone: string | null;
  #isLocal = true;

  /** The zone of this data plane; null when it does not know: then all members are near. */
  constructor(zone: string | null) {
    this.#zone = zone;
  }

  prefer(members: readonly E[]): readonly E[] {
    const zone = this.#zone;
    if (zone === null) return members;
    const isHinted = members.every(({ forZones }) => forZones.length > 0);
    const near = members.filter((member) => isFor(member, zone, isHinted));
    const zones = new Set(members.flatMap((member) => (isHinted ? member.forZones : member.zone))).size;
    const share = (countUsable(near) * zones) / countUsable(members);
    this.#isLocal = share >= (this.#isLocal ? shareToStay : shareToReturn);
    return this.#isLocal ? near : members;
  }
}

function isFor(member: Zoned, zone: string, isHinted: boolean): boolean {
  return isHinted ? member.forZones.includes(zone) : member.zone === zone;
}

function countUsable(members: readonly Zoned[]): number {
  return members.reduce((count, { healthy, doubtful }) => (healthy && !doubtful ? count + 1 : count), 0);
}
