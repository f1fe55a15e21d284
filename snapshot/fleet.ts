import type { ResourceId } from './ids.ts';

/** The data planes that serve a Gateway, told to all of them alike. One a snapshot. */
export interface Fleet {
  readonly kind: 'Fleet';
  readonly id: ResourceId;
  /** How many share its limits: ready endpoints of its Service; 1 without one. */
  readonly replicas: number;
  /** All pods of its Service, ready or not, sorted by `instance`; no doubles. */
  readonly members: readonly FleetMember[];
}

/** One data plane: the pod's name, and where it runs. */
export interface FleetMember extends Place {
  readonly instance: string;
}

/** Where something runs (topology.kubernetes.io/zone, and the node's name); null when nobody says. */
export interface Place {
  readonly zone: string | null;
  readonly node: string | null;
}

/** What a fleet is told to have when nobody says. */
export const fleetDefaults: Pick<Fleet, 'members'> = Object.freeze({ members: Object.freeze([]) });

/** Where nobody knows. */
export const nowhere: Place = Object.freeze({ zone: null, node: null });
