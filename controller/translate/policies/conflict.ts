// One place (a Gateway, a listener, a route, a rule) has one policy of a kind: the older one, then the first by
// name. The others have lost and are told to whom.
import type { AuthPolicy } from '#crds/auth-policy.ts';
import type { TargetReference } from '#crds/policy.ts';
import type { RateLimitPolicy } from '#crds/rate-limit-policy.ts';
import { createdMs } from '../creation-time.ts';
import type { Index, Read, Unit } from '../memo.ts';
import type { PolicyKind } from './policy.ts';
import { refusedPoliciesUnit } from './source.ts';

/** Where a policy can be attached; its policies are in the same namespace. */
export interface Place {
  readonly kind: 'Gateway' | 'HTTPRoute';
  readonly namespace: string;
  readonly name: string;
  /** Listener or rule; `''` for the whole. */
  readonly section: string;
}

/** The place a targetRef of a policy in `namespace` names. */
export function placeOf(namespace: string, target: TargetReference): Place {
  return { kind: target.kind, namespace, name: target.name, section: target.sectionName ?? '' };
}

function keyOf(place: Place): string {
  return [place.kind, place.namespace, place.name, place.section].join('/');
}

function placesOf(policy: AuthPolicy | RateLimitPolicy): readonly string[] {
  return policy.spec.targetRefs.map((target) => keyOf(placeOf(policy.metadata.namespace, target)));
}

const authPolicies: Index<'AuthPolicy'> = { kind: 'AuthPolicy', keysOf: placesOf };
const rateLimitPolicies: Index<'RateLimitPolicy'> = { kind: 'RateLimitPolicy', keysOf: placesOf };

const contendersUnit: Unit<readonly string[]> = {
  name: 'contenders',
  compute(read, kind, place = '') {
    const policyKind: PolicyKind = kind === 'AuthPolicy' ? kind : 'RateLimitPolicy';
    const found =
      policyKind === 'AuthPolicy' ? read.find(authPolicies, place) : read.find(rateLimitPolicies, place);
    const refused = read.ask(refusedPoliciesUnit, policyKind);
    return [
      ...found.map((one) => ({
        name: one.metadata.name,
        createdMs: createdMs(one.metadata.creationTimestamp),
      })),
      ...refused.filter((one) =>
        one.targets.some((target) => keyOf(placeOf(one.namespace, target)) === place),
      ),
    ]
      .sort((one, other) => one.createdMs - other.createdMs || (one.name < other.name ? -1 : 1))
      .map((one) => one.name);
  },
};

/** Names of the policies of a kind that target `place`; the first of them holds, the others have lost to it. */
export function contenders(read: Read, kind: PolicyKind, place: Place): readonly string[] {
  return read.ask(contendersUnit, kind, keyOf(place));
}
