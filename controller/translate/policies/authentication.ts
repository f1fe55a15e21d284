import { durationMs } from '#crds/fields.ts';
import type { AuthRules } from '#crds/auth-policy.ts';
import type { JwtAuthentication } from '#snapshot/authentication.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { findKeys, type FoundKeys } from './keys.ts';
import { closedPolicy, placedRules, type Layer, type PolicyModel } from './policy.ts';
import { refusedModel } from './source.ts';

const placeNames = {
  Rules: 'spec.rules',
  Defaults: 'spec.defaults',
  Overrides: 'spec.overrides',
} as const satisfies Record<Layer, string>;

/** The AuthPolicy of a namespace and name; null when there is none. It is one part: its ways in are alternatives. */
export const authPolicyUnit: Unit<PolicyModel | null> = {
  name: 'AuthPolicy',
  compute(read, namespace = '', name = '') {
    const object = read.get('AuthPolicy', namespace, name);
    if (object === undefined) {
      return refusedModel(read, 'AuthPolicy', namespace, name);
    }
    const { layer, strategy, rules } = placedRules(object.spec);
    const base = { kind: 'AuthPolicy', namespace, name, layer, strategy } as const;
    const place = placeNames[layer];
    if (strategy === 'Merge') {
      const detail =
        'Merge is not supported for AuthPolicies: alternatives of two policies joined would open doors; use Atomic';
      return closedPolicy(
        { ...base, strategy: 'Atomic' },
        { kind: 'PolicyInvalid', field: `${place}.strategy`, detail },
      );
    }
    const field = layer === 'Rules' ? place : `${place}.rules`;
    const found = alternatives(read, { kind: 'AuthPolicy', namespace, name }, rules, field);
    if ('closes' in found) {
      return closedPolicy(base, found.closes);
    }
    const id = resourceId('Authentication', namespace, name);
    return {
      ...base,
      parts: [{ name: '', id }],
      resources: [
        { kind: 'Authentication', id, policy: `${namespace}/${name}`, alternatives: found.alternatives },
        ...found.keys.map((one) => one.keySet),
      ],
      remoteKeys: found.keys.flatMap((one) => one.remote ?? []),
      closes: null,
      pending: found.keys.find((one) => one.pending !== null)?.pending ?? null,
    };
  },
};

type Keys = Extract<FoundKeys, { kind: 'Found' }>;

/** One way in whose keys are wrong spoils the policy: to leave it out in silence would lock its users out unseen. */
function alternatives(
  read: Read,
  policy: { readonly kind: string; readonly namespace: string; readonly name: string },
  rules: AuthRules,
  field: string,
):
  | { readonly alternatives: readonly JwtAuthentication[]; readonly keys: readonly Keys[] }
  | { readonly closes: Problem } {
  const ways: JwtAuthentication[] = [];
  const keys: Keys[] = [];
  for (const [index, { name, jwt }] of rules.authenticate.entries()) {
    const at = { policy, authentication: name, field: `${field}.authenticate[${String(index)}].jwt.jwks` };
    const found = findKeys(read, at, jwt.jwks);
    if (found.kind === 'Unresolved') {
      return { closes: found.problem };
    }
    keys.push(found);
    ways.push({
      kind: 'JWT',
      name,
      issuer: jwt.issuer,
      audiences: jwt.audiences,
      keySet: found.keySet.id,
      clockSkewMs: durationMs(jwt.clockSkew),
      claimsToHeaders: jwt.claimsToHeaders.map(({ claim, header }) => ({
        claim,
        header: header.toLowerCase(),
      })),
    });
  }
  return { alternatives: ways, keys };
}
