import type { GatewayKey } from '#snapshot/ids.ts';
import { sessionSecretId } from '#snapshot/sessions.ts';
import { setsNamedBy } from '../credentials/credential-set.ts';
import { bad, conditionOf, good, wordsOf } from '../conditions.ts';
import type { Read, Unit } from '../memo.ts';
import { effectAt } from '../policies/effects.ts';
import { policyTitle, type PolicyKind, type PolicyModel } from '../policies/policy.ts';
import { takenPage } from '../policies/taken-pages.ts';
import { unaskedCertificates } from '../policies/unasked-certificates.ts';
import { policyUnits } from '../policies/protection.ts';
import { unknownCallers } from '../policies/unknown-callers.ts';
import { policySource, type PolicySource } from '../policies/source.ts';
import { targetsOf, type Ancestor, type Target } from '../policies/target.ts';
import type { Problem } from '../problem.ts';
import type { DesiredAncestorStatus, DesiredCondition, DesiredStatus, Notice } from '../translation.ts';
import type { Told } from './told.ts';

/** The status of a policy by its namespace and name; null when it concerns no Gateway of ours. */
export const policyStatusUnits = {
  AuthPolicy: statusUnit('AuthPolicy'),
  RateLimitPolicy: statusUnit('RateLimitPolicy'),
  TrafficPolicy: statusUnit('TrafficPolicy'),
  ClientPolicy: statusUnit('ClientPolicy'),
  ProtectionPolicy: statusUnit('ProtectionPolicy'),
} as const satisfies Record<PolicyKind, Unit<Told | null>>;

/** The Gateway API allows no more entries in a policy's status. */
const ancestorsMax = 16;

function statusUnit(kind: PolicyKind): Unit<Told | null> {
  return {
    name: `${kind} status`,
    compute(read, namespace = '', name = '') {
      const source = policySource(read, kind, namespace, name);
      const model = read.ask(policyUnits[kind], namespace, name);
      const status = source === null || model === null ? null : policyStatus(read, source, model);
      return status === null || model === null ? null : { status, notices: noticesOf(read, status, model) };
    },
  };
}

function noticesOf(read: Read, { object, gateways }: DesiredStatus, model: PolicyModel): readonly Notice[] {
  const unknown = gateways.flatMap((gateway) => unknownCallers(read, gateway, model) ?? []);
  return [...(model.remarks ?? []), ...unknown].map((remark) => ({ object, ...remark }));
}

type OwnTarget = Extract<Target, { kind: 'Ours' }>;

function policyStatus(read: Read, source: PolicySource, policy: PolicyModel): DesiredStatus | null {
  const targets = targetsOf(read, policy.kind, source);
  const own = targets.filter((one) => one.kind === 'Ours');
  if (targets.length > 0 && own.length === 0) {
    return null;
  }
  const entries = Map.groupBy(
    own.flatMap((target) => target.ancestors.map((ancestor) => ({ target, ancestor }))),
    ({ ancestor }) => JSON.stringify(ancestor.ref),
  );
  const ancestors = [...entries.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          ancestorStatus(
            read,
            policy,
            first.ancestor,
            group.map((one) => one.target),
          ),
        ];
  });
  const accepted = own.filter((one) => isAccepted(policy, one)).length;
  return {
    object: { kind: policy.kind, namespace: policy.namespace, name: policy.name },
    generation: source.generation,
    gateways: gatewaysOf(own),
    status: {
      kind: 'Policy',
      conditions: ancestors.length === 0 ? [withoutTargets(policy)] : summary(ancestors),
      targets: `${String(accepted)}/${String(targets.length)}`,
      ancestors: ancestors.slice(0, ancestorsMax),
    },
  };
}

function isAccepted(policy: PolicyModel, target: OwnTarget): boolean {
  return target.problem === null && !isInvalid(policy);
}

function isInvalid({ closes }: PolicyModel): boolean {
  return closes !== null && wordsOf(closes).type === 'Accepted';
}

function gatewaysOf(targets: readonly OwnTarget[]): readonly GatewayKey[] {
  return [...new Set(targets.flatMap((one) => one.ancestors).flatMap((one) => one.gateway ?? []))];
}

function ancestorStatus(
  read: Read,
  policy: PolicyModel,
  { ref, gateway }: Ancestor,
  targets: readonly OwnTarget[],
): DesiredAncestorStatus {
  const accepted = acceptedCondition(policy, targets);
  if (accepted.status === 'False' || gateway === null) {
    return { ancestorRef: ref, conditions: [accepted] };
  }
  const unknown = unknownCallers(read, gateway, policy);
  const remarks = [...(policy.remarks ?? []), ...(unknown === null ? [] : [unknown])]
    .map((one) => one.message)
    .join(' ');
  const problems = policy.closes === null ? (policy.partly ?? []) : [policy.closes];
  const resolved = conditionOf('ResolvedRefs', problems, remarks);
  const programmed = programmedCondition(read, policy, gateway);
  return { ancestorRef: ref, conditions: [accepted, resolved, programmed, ...partlyInvalid(problems)] };
}

/** Only while some of the policy is dropped, as GEP-1364 has it of routes. */
function partlyInvalid(problems: readonly Problem[]): readonly DesiredCondition[] {
  const dropped = problems.map((one) => wordsOf(one)).filter(({ type }) => type === 'PartiallyInvalid');
  const [first] = dropped;
  if (first === undefined) {
    return [];
  }
  return [{ ...first, status: 'True', message: dropped.map(({ message }) => message).join(' ') }];
}

function acceptedCondition(policy: PolicyModel, targets: readonly OwnTarget[]): DesiredCondition {
  if (policy.closes !== null && isInvalid(policy)) {
    return bad(policy.closes);
  }
  const problems = targets.flatMap((one) => one.problem ?? []);
  if (problems.length === targets.length) {
    return conditionOf('Accepted', problems);
  }
  const rest = problems.map((one) => wordsOf(one).message).join(' ');
  return good('Accepted', rest === '' ? '' : `Not for all targets. ${rest}`);
}

function programmedCondition(read: Read, policy: PolicyModel, gateway: GatewayKey): DesiredCondition {
  const problem = notProgrammed(read, policy, gateway);
  if (problem !== null) {
    return bad(problem);
  }
  const { aside, by, told } = effectAt(read, gateway, policyTitle(policy));
  const unasked = unaskedCertificates(read, gateway, policy);
  if (unasked !== null) {
    return { ...wordsOf({ kind: 'ClientCertificatesNotAsked', ...unasked }), status: 'True' };
  }
  if (aside === 0) {
    return good('Programmed', told);
  }
  const words = wordsOf({ kind: 'PolicyPartlyOverridden', by });
  return { ...words, message: `${words.message} ${told}`.trim(), status: 'True' };
}

function notProgrammed(read: Read, policy: PolicyModel, gateway: GatewayKey): Problem | null {
  if (policy.closes !== null) {
    return { kind: 'PolicyCloses' };
  }
  const { whole, aside, nothing, by, resources } = effectAt(read, gateway, policyTitle(policy));
  if (whole === 0 && aside > 0 && nothing === aside) {
    return { kind: 'PolicyOverridden', by };
  }
  const dataPlanes = read.dataPlanes(gateway);
  const needed = policy.parts.some(({ name }) => name === 'sessionPersistence') ? [sessionSecretId] : [];
  const sets = policy.resources.flatMap((one) => (one.kind === 'Authentication' ? setsNamedBy(one) : []));
  const detail = [...policy.resources.map((one) => one.id), ...sets, ...resources, ...needed]
    .map((id) => dataPlanes?.refused.get(id))
    .find((one) => one !== undefined);
  if (detail !== undefined) {
    return { kind: 'PolicyRefused', detail };
  }
  const taken = takenPage(read, gateway, policy);
  if (taken !== null) {
    return taken;
  }
  if (policy.pending !== null) {
    return policy.pending;
  }
  const unasked = unaskedCertificates(read, gateway, policy);
  if (unasked?.isOnly === true) {
    return { kind: 'ClientCertificatesNotAsked', ...unasked };
  }
  return (dataPlanes?.ready ?? 0) > 0 ? null : { kind: 'PolicyAwaited', gateway };
}

/** A policy that decodes may have no targets if routes can name it in filters: a guard. */
function withoutTargets(policy: PolicyModel): DesiredCondition {
  if (policy.closes !== null && isInvalid(policy)) {
    return bad(policy.closes);
  }
  const detail = 'is empty, and no route or listener names the policy in a filter; add a target';
  return bad({ kind: 'TargetNotFound', field: 'spec.targetRefs', target: 'The list', detail });
}

/** The worst of each type over all ancestors, of which there are some. */
function summary(ancestors: readonly DesiredAncestorStatus[]): readonly DesiredCondition[] {
  const all = ancestors.flatMap((one) => one.conditions);
  const dropped = ancestors.length - ancestorsMax;
  const word = dropped > 0 ? `${String(dropped)} more ancestors than status.ancestors can hold.` : '';
  return ['Accepted', 'ResolvedRefs', 'Programmed', 'PartiallyInvalid'].flatMap((type) => {
    const mine = all.filter((one) => one.type === type);
    const worst =
      mine.find((one) => one.status === 'False') ?? mine.find((one) => one.message !== '') ?? mine[0];
    if (worst === undefined) {
      return [];
    }
    const message = [worst.message, type === 'Accepted' ? word : ''].filter((part) => part !== '').join(' ');
    return [{ ...worst, message }];
  });
}
