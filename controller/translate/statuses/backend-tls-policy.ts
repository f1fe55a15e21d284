// What is told of a BackendTLSPolicy: an entry for each Gateway of ours whose routes send requests to a Service that it
// names (GEP-1897). Of policies whose Services none of our Gateways reaches nothing is said: they may be another's.
import type { TargetReference } from '#crds/policy.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { backendTlsPolicyUnit, type BackendTlsModel } from '../backend-tls/backend-tls-policy.ts';
import { bad, conditionOf, good, wordsOf } from '../conditions.ts';
import type { Read, Unit } from '../memo.ts';
import { contenders, placeOf } from '../policies/conflict.ts';
import { policySource, type PolicySource } from '../policies/source.ts';
import { callersOfService } from '../policies/service-callers.ts';
import { ancestorOf, missingService, titleOf } from '../policies/target.ts';
import type { Problem } from '../problem.ts';
import type { DesiredAncestorStatus, DesiredCondition, Notice } from '../translation.ts';
import type { Told } from './told.ts';

/** The Gateway API allows no more entries in a policy's status. */
const ancestorsMax = 16;

/** The status of the BackendTLSPolicy of a namespace and name; null when it concerns no Gateway of ours. */
export const backendTlsPolicyStatusUnit: Unit<Told | null> = {
  name: 'BackendTLSPolicy status',
  compute(read, namespace = '', name = '') {
    const source = policySource(read, 'BackendTLSPolicy', namespace, name);
    const model = read.ask(backendTlsPolicyUnit, namespace, name);
    const targets = source === null ? [] : targetsOf(read, source);
    const gateways = [...new Set(targets.flatMap((one) => one.gateways))].sort();
    if (source === null || model === null || gateways.length === 0) {
      return null;
    }
    const object = { kind: 'BackendTLSPolicy', namespace, name };
    const ancestors = gateways.slice(0, ancestorsMax).map((key) =>
      ancestorStatus(
        model,
        key,
        targets.filter((one) => one.gateways.includes(key)),
      ),
    );
    return {
      status: {
        object,
        generation: source.generation,
        gateways,
        status: { kind: 'Ancestors', ancestors },
      },
      notices: untold(gateways).map((message): Notice => ({ object, reason: 'AncestorsUntold', message })),
    };
  },
};

/** A Service, or a port of one, that the policy names. */
interface ServiceTarget {
  /** Why the policy does not hold there. */
  readonly problem: Problem | null;
  /** Those of ours that send requests there. */
  readonly gateways: readonly GatewayKey[];
}

function targetsOf(read: Read, { namespace, name, targets }: PolicySource): readonly ServiceTarget[] {
  return targets
    .filter((one) => one.kind === 'Service')
    .map((target) => ({
      problem: missingService(read, namespace, target) ?? lostTo(read, { namespace, name }, target),
      gateways: callersOfService(read, namespace, target.name),
    }));
}

function lostTo(
  read: Read,
  { namespace, name }: Pick<PolicySource, 'namespace' | 'name'>,
  target: TargetReference,
): Problem | null {
  const [winner = name] = contenders(read, 'BackendTLSPolicy', placeOf(namespace, target));
  return winner === name
    ? null
    : {
        kind: 'PolicyConflicted',
        target: titleOf(namespace, target),
        winner: `BackendTLSPolicy ${namespace}/${winner}`,
      };
}

function ancestorStatus(
  model: BackendTlsModel,
  gateway: GatewayKey,
  targets: readonly ServiceTarget[],
): DesiredAncestorStatus {
  return {
    ancestorRef: ancestorOf(gateway).ref,
    conditions: [acceptedCondition(model, targets), conditionOf('ResolvedRefs', model.referenceProblems)],
  };
}

/** That it holds nowhere comes before what is wrong with it: it is not what is enforced. */
function acceptedCondition(
  { problem, ignored }: BackendTlsModel,
  targets: readonly ServiceTarget[],
): DesiredCondition {
  const lost = targets.flatMap((one) => one.problem ?? []);
  if (lost.length === targets.length) {
    return conditionOf('Accepted', lost);
  }
  if (problem !== null) {
    return bad(problem);
  }
  const rest = lost.map((one) => wordsOf(one).message).join(' ');
  const remarks = [
    ...(rest === '' ? [] : [`Not for all targets. ${rest}`]),
    ...(ignored.length === 0 ? [] : [`Without effect, for it is not supported: ${ignored.join(', ')}.`]),
  ];
  return good('Accepted', remarks.join(' '));
}

function untold(gateways: readonly GatewayKey[]): readonly string[] {
  const rest = gateways.slice(ancestorsMax);
  return rest.length === 0
    ? []
    : [
        `It holds for Services that ${String(gateways.length)} Gateways reach, and its status has room for ${String(ancestorsMax)}: nothing is told for ${rest.join(', ')}.`,
      ];
}
