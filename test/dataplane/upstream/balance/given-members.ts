import type { Hinted } from '#dataplane/upstream/balance/nearby.ts';
import type { Random } from '#dataplane/upstream/balance/balancer.ts';

/** An endpoint as balancing sees it, which the test changes as it likes. */
export interface GivenMember extends Hinted {
  readonly name: string;
  load: number;
  weight: number;
  healthy: boolean;
  doubtful: boolean;
  offered: boolean;
  forZones: readonly string[];
  forNodes: readonly string[];
}

/** So many members that nothing is wrong with; `each` changes them. */
export function givenMembers(
  count: number,
  each: (member: GivenMember, at: number) => void = () => {},
): GivenMember[] {
  return Array.from({ length: count }, (_, at) => {
    const member: GivenMember = {
      name: `10.0.${at >> 8}.${at & 255}:8080`,
      load: 0,
      weight: 100,
      healthy: true,
      doubtful: false,
      offered: true,
      forZones: [],
      forNodes: [],
    };
    each(member, at);
    return member;
  });
}

/** The same numbers from 0 to 1 each time (mulberry32). */
export function givenRandom(seed = 1): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** How often each member comes among `picks` picks. */
export function tally<E>(
  members: readonly E[],
  picks: number,
  pick: (at: number) => E | null,
): readonly number[] {
  const counts = new Map<E, number>(members.map((member) => [member, 0]));
  for (let at = 0; at < picks; at += 1) {
    const member = pick(at);
    if (member !== null) counts.set(member, (counts.get(member) ?? 0) + 1);
  }
  return [...counts.values()];
}
