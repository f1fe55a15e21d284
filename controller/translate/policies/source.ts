// A policy as it is written: whole, or in the part that can be read of one that does not decode. Such a policy
// cannot be enforced, and what a guard names is closed: otherwise a mistake in it would open the door it guards. One of
// settings opens none: it is as if it were not there.
import type { KindMap } from '#crds/kind.ts';
import { guardKinds, targetGroups, type TargetKind, type TargetReference } from '#crds/policy.ts';
import type { RefusedObject } from '../input.ts';
import { createdMs } from '../creation-time.ts';
import type { Read, Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { closedPolicy, type AttachedKind, type PolicyKind, type PolicyModel } from './policy.ts';

/** What attaching a policy needs to know of it. */
export interface PolicySource {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly createdMs: number;
  readonly targets: readonly WrittenTarget[];
}

/** A target, and where it stands in its policy. */
export interface WrittenTarget extends TargetReference {
  readonly field: string;
}

/** A policy that does not decode. */
export interface RefusedPolicy extends PolicySource {
  readonly problem: Problem;
}

/** The policies of a kind that do not decode, by `<namespace>/<name>`. */
export const refusedPoliciesUnit: Unit<ReadonlyMap<string, RefusedPolicy>> = {
  name: 'refused policies',
  compute: (read, kind) =>
    new Map(
      read
        .refused(kind as AttachedKind)
        .map((one) => [`${one.namespace}/${one.name}`, refusedPolicy(kind as AttachedKind, one)]),
    ),
};

/** The policy of a kind, namespace and name; null when there is none. */
export function policySource(
  read: Read,
  kind: AttachedKind,
  namespace: string,
  name: string,
): PolicySource | null {
  const object = read.get(kind, namespace, name);
  if (object === undefined) {
    return findRefused(read, kind, namespace, name);
  }
  const { generation } = object.metadata;
  return {
    namespace,
    name,
    generation,
    createdMs: createdMs(object.metadata.creationTimestamp),
    targets: targetsIn(object),
  };
}

/** What `policy` names of the kinds that anything can be attached to. */
export function targetsIn({ spec }: KindMap[AttachedKind]): readonly WrittenTarget[] {
  return spec.targetRefs.flatMap((one, index) => {
    const target = targetOf(one, index);
    return target?.group === one.group ? [target] : [];
  });
}

/** A policy that is there and does not decode, as a model of which nothing holds; null when there is none. */
export function refusedModel(
  read: Read,
  kind: PolicyKind,
  namespace: string,
  name: string,
): PolicyModel | null {
  const found = findRefused(read, kind, namespace, name);
  const base = { kind, namespace, name, layer: 'Rules', strategy: 'Atomic' } as const;
  return found === null ? null : closedPolicy(base, found.problem);
}

/** The policy of a kind, namespace and name that is there and does not decode; null when there is none. */
export function findRefused(
  read: Read,
  kind: AttachedKind,
  namespace: string,
  name: string,
): RefusedPolicy | null {
  return read.ask(refusedPoliciesUnit, kind).get(`${namespace}/${name}`) ?? null;
}

function refusedPolicy(kind: AttachedKind, { namespace, name, raw, problems }: RefusedObject): RefusedPolicy {
  const metadata = fieldsOf(fieldsOf(raw)['metadata']);
  const { generation, creationTimestamp } = metadata;
  const { targetRefs: targets, onInvalid } = fieldsOf(fieldsOf(raw)['spec']);
  const [first] = problems;
  return {
    namespace,
    name,
    generation: typeof generation === 'number' ? generation : 0,
    createdMs: createdMs(creationTimestamp),
    targets: Array.isArray(targets) ? targets.flatMap((one, index) => targetOf(one, index) ?? []) : [],
    problem: {
      kind: closingKinds.has(kind) ? 'PolicyInvalid' : 'SettingsInvalid',
      field: first?.path ?? 'spec',
      detail: first?.message ?? 'cannot be read',
      ...(kind === 'RateLimitPolicy' ? { opens: onInvalid === 'Open' } : {}),
    },
  };
}

/** What one of these holds for is closed while it cannot be read. */
const closingKinds: ReadonlySet<string> = new Set<AttachedKind>([...guardKinds, 'BackendTLSPolicy']);

function targetOf(value: unknown, index: number): WrittenTarget | null {
  const { kind, name, sectionName } = fieldsOf(value);
  if (!isTargetKind(kind) || typeof name !== 'string') {
    return null;
  }
  const target = { group: targetGroups[kind], kind, name, field: `spec.targetRefs[${String(index)}]` };
  return typeof sectionName === 'string' ? { ...target, sectionName } : target;
}

function isTargetKind(kind: unknown): kind is TargetKind {
  return typeof kind === 'string' && Object.hasOwn(targetGroups, kind);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
