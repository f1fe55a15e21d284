// Who passes, by the words of the guide alone: written without a look at how the controller and data planes do it.
import type { Namespace, Policy, World } from './policy-world.ts';

export interface Asked {
  readonly tenant: Namespace;
  readonly rule: string;
  readonly listener: string;
  readonly method: string;
  /** Whose key it brings; null: none; `stranger`: one that nobody has. */
  readonly key: { readonly namespace: Namespace; readonly person: string } | 'stranger' | null;
}

/** Whether the request reaches its backend. */
export function passes(world: World, asked: Asked): boolean {
  const levels = levelsOf(world, asked);
  if (levels === null) return false;
  const holding = levels.flatMap((policies, level) =>
    policies.filter((policy) => holds(policy, level, levels)),
  );
  if (world.required && !holding.some(asksSomething)) return false;
  let groups: readonly string[] = [];
  for (const policy of holding) {
    if (policy.merges) return false;
    if (policy.keysOf.length > 0) {
      if (asked.key === null && !policy.optional) return false;
      if (asked.key !== null) {
        if (!letsIn(world, policy, asked.key)) return false;
        groups = asked.key === 'stranger' ? [] : [asked.key.person];
      }
    }
    for (const entry of policy.authorize) {
      if (entry.shadow) continue;
      if (entry.methods.length > 0 && !entry.methods.includes(asked.method)) return false;
      if (entry.groups.length > 0 && !entry.groups.some((one) => groups.includes(one))) return false;
    }
  }
  return true;
}

/** From far to near; null: a filter names a policy that is not there. */
function levelsOf(world: World, { tenant, rule, listener }: Asked): readonly (readonly Policy[])[] | null {
  const at = (namespace: string, kind: string, section: string) =>
    world.policies
      .filter(
        (one) =>
          one.namespace === namespace &&
          one.targets.some((target) => target.kind === kind && target.section === section),
      )
      .sort((one, other) => one.age - other.age || (one.name < other.name ? -1 : 1))
      .slice(0, 1);
  const pulled = (world.pulled[`${tenant}/${rule}`] ?? []).map((name) =>
    world.policies.find((one) => one.namespace === tenant && one.name === name),
  );
  const there = pulled.filter((one) => one !== undefined);
  if (there.length < pulled.length) return null;
  return [
    at('infra', 'Gateway', ''),
    at('infra', 'Gateway', listener),
    at(tenant, 'HTTPRoute', ''),
    at(tenant, 'HTTPRoute', rule),
    there,
  ];
}

function holds(policy: Policy, level: number, levels: readonly (readonly Policy[])[]): boolean {
  const overridden = levels
    .slice(0, level)
    .some((farther) => farther.some((one) => one.layer === 'overrides'));
  const replaced = policy.layer === 'defaults' && levels.slice(level + 1).some((nearer) => nearer.length > 0);
  return !overridden && !replaced;
}

/** What is in Shadow asks nothing. */
function asksSomething({ merges, keysOf, authorize }: Policy): boolean {
  return merges || keysOf.length > 0 || authorize.some(({ shadow }) => !shadow);
}

function letsIn({ grants }: World, { namespace, keysOf }: Policy, key: NonNullable<Asked['key']>): boolean {
  if (key === 'stranger' || !keysOf.includes(key.namespace)) return false;
  return (
    key.namespace === namespace || grants.some(([from, to]) => from === namespace && to === key.namespace)
  );
}
