// All that guards (policies that ask something) ask of the requests of one rule at one listener.
import { guardKinds } from '#crds/policy.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import type { Extension } from '../filters/filters.ts';
import type { GatewayModel } from '../gateway.ts';
import type { Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import type { EndpointSource } from '../translation.ts';
import { authPolicyUnit } from './authentication.ts';
import { clientPolicyUnit } from './client-policy.ts';
import { contenders, type Place } from './conflict.ts';
import { levelsAt, placesOfRule, type RuleSite } from './levels.ts';
import { standings, type Standing } from './nearness.ts';
import { isAbsent, policyTitle, type GuardKind, type PolicyKind, type PolicyModel } from './policy.ts';
import { protectionPolicyUnit } from './protection-policy.ts';
import { rateLimitPolicyUnit } from './rate-limit.ts';
import { trafficPolicyUnit } from './traffic-policy.ts';

/** What must hold for requests of a rule. */
export interface Protection {
  readonly authentications: readonly ResourceId[];
  readonly rateLimits: readonly ResourceId[];
  /** Why nothing may pass; null when something may. */
  readonly closed: string | null;
  readonly resources: readonly Resource[];
  /** Of the clusters among these. */
  readonly sources: readonly EndpointSource[];
  readonly standings: readonly Standing[];
}

/** Where a rule is looked at. */
export interface RulePlace extends RuleSite {
  readonly gateway: GatewayModel;
  readonly extensions: readonly Extension[];
}

/** The unit that makes ready policies of each kind. */
export const policyUnits = {
  AuthPolicy: authPolicyUnit,
  RateLimitPolicy: rateLimitPolicyUnit,
  TrafficPolicy: trafficPolicyUnit,
  ClientPolicy: clientPolicyUnit,
  ProtectionPolicy: protectionPolicyUnit,
} as const satisfies Record<PolicyKind, Unit<PolicyModel | null>>;

/** Whether `place` has policies of its own, of any of `kinds`. */
export function hasPolicies(read: Read, place: Place, kinds: readonly PolicyKind[]): boolean {
  return kinds.some((kind) => contenders(read, kind, place).length > 0);
}

/** What policies ask at `place`. */
export function protectionOf(read: Read, place: RulePlace): Protection {
  const all = guardKinds.flatMap((kind) => standings(levelsOf(read, kind, place)));
  const holding = all.filter((one) => one.holds);
  const ids = (kind: GuardKind) =>
    holding
      .filter((one) => one.policy.kind === kind)
      .flatMap((one) => one.parts.flatMap((part) => part.id ?? []));
  const lacking = place.gateway.parameters.requirePolicies.find(
    (kind) => !holding.some(({ policy }) => policy.kind === kind && refusesSome(policy)),
  );
  const unenforced = holding.find((one) => one.policy.closes !== null);
  const unresolved = place.extensions.find(
    (one) => extensionProblem(read, place.route.namespace, one) !== null,
  );
  return {
    authentications: ids('AuthPolicy'),
    rateLimits: ids('RateLimitPolicy'),
    closed: closedReason(unenforced?.policy, unresolved, lacking),
    resources: holding.flatMap((one) => resourcesOf(one)),
    sources: holding.flatMap(({ policy }) => policy.sources ?? []),
    standings: all,
  };
}

/** What is only counted (Shadow) is no policy that the platform could require. */
function refusesSome({ closes, resources }: PolicyModel): boolean {
  if (closes !== null) return true;
  return resources.some((one) => {
    if (one.kind === 'RateLimit') return one.mode === 'Enforce';
    if (one.kind !== 'Authentication') return false;
    if (one.external !== null && !one.external.failOpen) return true;
    return one.alternatives.length > 0 || one.authorize.some(({ mode }) => mode === 'Enforce');
  });
}

function closedReason(
  unenforced: PolicyModel | undefined,
  unresolved: Extension | undefined,
  lacking: string | undefined,
): string | null {
  if (unenforced !== undefined) {
    return `${policyTitle(unenforced)} cannot be enforced: see its status`;
  }
  if (unresolved?.problem !== undefined) {
    return `${unresolved.field} ${unresolved.problem}`;
  }
  if (unresolved !== undefined) {
    return `${unresolved.field} names ${[unresolved.kind, unresolved.name].join(' ').trim()}, which cannot be found`;
  }
  return lacking === undefined
    ? null
    : `the platform requires an ${lacking} (requirePolicies), and none holds here`;
}

/** Of a rate limit only the parts that hold; of an authentication its keys too. */
function resourcesOf({ policy, parts }: Standing): readonly Resource[] {
  return policy.resources.filter(
    (resource) => resource.kind !== 'RateLimit' || parts.some((part) => part.id === resource.id),
  );
}

function levelsOf(read: Read, kind: GuardKind, place: RulePlace): readonly (readonly PolicyModel[])[] {
  const unit = policyUnits[kind];
  const levels = [
    ...levelsAt(read, { kind, unit }, placesOfRule(place)),
    place.extensions
      .filter((one) => one.group === 'turnpike.dev' && one.kind === kind)
      .flatMap((one) => read.ask(unit, place.route.namespace, one.name) ?? []),
  ];
  return levels.map((level) => level.filter((one) => !isAbsent(one)));
}

/** What is wrong with a filter of type ExtensionRef of a route of `namespace`. */
export function extensionProblem(read: Read, namespace: string, extension: Extension): Problem | null {
  const kind = guardKinds.find((one) => extension.group === 'turnpike.dev' && one === extension.kind);
  const { field, problem } = extension;
  if (problem !== undefined) {
    return { kind: 'UnsupportedValue', field, detail: `it ${problem}` };
  }
  if (extension.name === '') {
    const detail = `${JSON.stringify(extension.kind)} must be kind/name, such as AuthPolicy/staff`;
    return { kind: 'UnsupportedValue', field, detail };
  }
  if (kind === undefined) {
    const detail = `the kind ${extension.group}/${extension.kind} is no filter; name an AuthPolicy or a RateLimitPolicy of turnpike.dev`;
    return { kind: 'UnsupportedValue', field, detail };
  }
  const found = read.ask(policyUnits[kind], namespace, extension.name);
  const detail = `${kind} ${namespace}/${extension.name} does not exist; create it`;
  return found === null ? { kind: 'UnsupportedValue', field, detail } : null;
}
