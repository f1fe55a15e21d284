import type { Place } from '#snapshot/fleet.ts';
import type { Balanced } from './balancer.ts';

/** A member that hints may keep for those near to it. */
export interface Hinted extends Balanced {
  /** Zones and nodes that should use it; empty for no hint. */
  readonly forZones: readonly string[];
  readonly forNodes: readonly string[];
}

/** So much of what is near must be usable, or all are asked: the rest must not carry much more than its part. */
const shareToStay = 0.7;
const shareToReturn = 0.8;

/**
 * Who of a cluster's members is near by the hints of their EndpointSlices, read as kube-proxy reads them: those for
 * this node, else those for this zone, else all. Hints count only when every member has one, and while enough of whom
 * they leave can be used.
 */
export class Nearby<E extends Hinted> {
  readonly #here: { readonly place: Place };
  readonly #node = new Circle<E>(({ forNodes }) => forNodes);
  readonly #zone = new Circle<E>(({ forZones }) => forZones);

  /** `here.place`: where this data plane runs, as far as it is known by now. */
  constructor(here: { readonly place: Place }) {
    this.#here = here;
  }

  prefer(members: readonly E[]): readonly E[] {
    const { node, zone } = this.#here.place;
    return this.#node.of(members, node) ?? this.#zone.of(members, zone) ?? members;
  }
}

/** Members that are for the same place. */
class Circle<E extends Hinted> {
  readonly #hints: (member: E) => readonly string[];
  #isLeft = false;

  constructor(hints: (member: E) => readonly string[]) {
    this.#hints = hints;
  }

  /** Those that are for `place`; null when these are none or too few, or nobody knows. */
  of(members: readonly E[], place: string | null): readonly E[] | null {
    if (place === null || !members.every((member) => this.#hints(member).length > 0)) return null;
    const near = members.filter((member) => this.#hints(member).includes(place));
    const usable = near.reduce((count, { healthy, doubtful }) => count + (healthy && !doubtful ? 1 : 0), 0);
    this.#isLeft = usable < near.length * (this.#isLeft ? shareToReturn : shareToStay);
    return this.#isLeft || near.length === 0 ? null : near;
  }
}
