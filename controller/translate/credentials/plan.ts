// Plans, and what becomes of whoever has one: a plan that is not there, or cannot be enforced, is not told to data
// planes, and they refuse the requests of those who have it.
import type { Plan as PlanObject } from '#crds/plan.ts';
import { nearestName } from '#crds/nearest-name.ts';
import type { CredentialSet } from '#snapshot/credential-set.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Limit } from '#snapshot/limit.ts';
import type { Plan } from '#snapshot/plan.ts';
import { limitOf, limitProblem, timeZoneProblem } from '../policies/limit.ts';
import type { Index, Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';

/** A plan as data planes are told of it, or why they are not. */
type PlanModel =
  | { readonly kind: 'Ready'; readonly resource: Plan }
  | { readonly kind: 'Refused'; readonly problem: Problem };

const plansByNamespace: Index<'Plan'> = {
  kind: 'Plan',
  keysOf: ({ metadata }) => [metadata.namespace],
};

/** The Plan of a namespace and name; null when there is none. */
export const planUnit: Unit<PlanModel | null> = {
  name: 'Plan',
  compute(read, namespace = '', name = '') {
    const object = read.get('Plan', namespace, name);
    if (object === undefined) return undecodable(read, namespace, name);
    const problem = specProblem(object);
    if (problem !== null) return { kind: 'Refused', problem };
    const id = resourceId('Plan', namespace, name);
    return {
      kind: 'Ready',
      resource: { kind: 'Plan', id, name: `${namespace}/${name}`, limits: limitsOf(object) },
    };
  },
};

function undecodable(read: Read, namespace: string, name: string): PlanModel | null {
  const found = read.refused('Plan').find((one) => one.namespace === namespace && one.name === name);
  if (found === undefined) return null;
  const { path: field = 'spec', message: detail = 'cannot be read' } = found.problems[0] ?? {};
  return { kind: 'Refused', problem: { kind: 'PlanInvalid', field, detail } };
}

function specProblem({ spec: { limits, quotas } }: PlanObject): Problem | null {
  for (const [at, limit] of limits.entries()) {
    const told = limitProblem(limit);
    if (told !== null) {
      return { kind: 'PlanInvalid', field: `spec.limits[${String(at)}].${told.field}`, detail: told.detail };
    }
  }
  for (const [at, { timeZone }] of quotas.entries()) {
    const detail = timeZoneProblem(timeZone);
    if (detail !== null) return { kind: 'PlanInvalid', field: `spec.quotas[${String(at)}].timeZone`, detail };
  }
  return null;
}

function limitsOf({ spec: { limits, quotas, concurrency } }: PlanObject): readonly Limit[] {
  return [
    ...limits.map(limitOf),
    ...quotas.map(({ name, requests, period, timeZone }): Limit => {
      return { name, algorithm: 'FixedWindow', requests, windows: { kind: 'Calendar', period, timeZone } };
    }),
    ...(concurrency === undefined
      ? []
      : [{ name: 'concurrency', algorithm: 'Concurrency', requests: concurrency } as const]),
  ];
}

/** The plans that those have whose keys are in `sets`, as far as they can be enforced. */
export function plansOf(read: Read, sets: readonly CredentialSet[]): readonly Plan[] {
  return sets.flatMap(({ namespace, plans }) =>
    plans.flatMap((name) => {
      const plan = read.ask(planUnit, namespace, name);
      return plan?.kind === 'Ready' ? [plan.resource] : [];
    }),
  );
}

/** Why whoever has a plan is refused. */
export interface PlanLack {
  readonly reason: 'PlanNotFound' | 'InvalidPlan';
  /** A sentence. */
  readonly detail: string;
}

/** Why whoever has the plan is refused; null when nobody is. */
export function lackOfPlan(read: Read, namespace: string, plan: string): PlanLack | null {
  const model = read.ask(planUnit, namespace, plan);
  if (model?.kind === 'Ready') return null;
  if (model !== null)
    return { reason: 'InvalidPlan', detail: `Plan ${plan} is not accepted; see its status.` };
  const remedy = remedyOf(read, namespace, plan);
  return {
    reason: 'PlanNotFound',
    detail: `Plan ${plan} does not exist in namespace ${namespace}; ${remedy}`,
  };
}

const toldMax = 5;

function remedyOf(read: Read, namespace: string, plan: string): string {
  const known = read.find(plansByNamespace, namespace).map(({ metadata }) => metadata.name);
  const meant = nearestName(plan, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  // One that is refused itself would be no remedy.
  const accepted = known.filter((name) => read.ask(planUnit, namespace, name)?.kind === 'Ready');
  const some = accepted.toSorted().slice(0, toldMax).join(', ');
  return accepted.length === 0 ? 'create it.' : `create it, or take one that is there, such as ${some}.`;
}
