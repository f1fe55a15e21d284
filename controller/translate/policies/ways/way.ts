import type { AuthenticationWay } from '#snapshot/authentication.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import type { Problem } from '../../problem.ts';
import type { EndpointSource, ObjectRef, RemoteKeys } from '../../translation.ts';
import type { Remark } from '../policy.ts';

/** Where a way in stands. */
export interface WayPlace {
  readonly policy: ObjectRef;
  /** Of the entry in `authenticate`. */
  readonly field: string;
}

/** A way in, and what it needs. */
export interface FoundWay {
  readonly kind: 'Found';
  readonly way: AuthenticationWay;
  readonly resources: readonly Resource[];
  /** Of the clusters among these. */
  readonly sources?: readonly EndpointSource[];
  readonly remoteKeys: readonly RemoteKeys[];
  /** Why it lets nobody in for now. */
  readonly pending: Problem | null;
  /** What its owner should hear nevertheless; left out: nothing. */
  readonly remarks?: readonly Remark[];
}

/** Why there is none, and the policy cannot be enforced. */
export interface UnresolvedWay {
  readonly kind: 'Unresolved';
  readonly problem: Problem;
}

/** A reference of a way in that leads nowhere, or to what cannot be used. */
export function unresolved(
  problem: Omit<Extract<Problem, { kind: 'CredentialsUnresolved' }>, 'kind'>,
): UnresolvedWay {
  return { kind: 'Unresolved', problem: { kind: 'CredentialsUnresolved', ...problem } };
}
