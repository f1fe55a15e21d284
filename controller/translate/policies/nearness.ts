// How policies of one kind at different levels meet (GEP-713, and: a nearer level never opens a door). Levels go
// from far to near: Gateway, listener, route, rule, filter of the rule. All hold together, but: what stands under
// `overrides` puts aside what is nearer, and what stands under `defaults` gives way to what is nearer. Values cannot
// hold together: of settings what is nearer puts aside what is farther, part by part, unless that overrides.
import type { PolicyModel, PolicyPart } from './policy.ts';

/** A policy as it holds at one rule. */
export interface Standing<Model extends PolicyModel = PolicyModel> {
  readonly policy: Model;
  /** What of it holds there; a policy that cannot be enforced has no parts, and closes where it holds. */
  readonly parts: readonly PolicyPart[];
  readonly holds: boolean;
  /** The policies that put all or some of it aside. */
  readonly asideFor: readonly Model[];
}

/** Whether what two levels ask holds together, or the nearer of two values. */
export type Meeting = 'Together' | 'Nearest';

/** What holds of each policy; `levels` from far to near, each with the policies of one kind attached there. */
export function standings<Model extends PolicyModel>(
  levels: readonly (readonly Model[])[],
  meeting: Meeting = 'Together',
): readonly Standing<Model>[] {
  return levels.flatMap((policies, level) => {
    const farther = levels.slice(0, level).flat();
    const nearer = levels.slice(level + 1).flat();
    return policies.map((policy) => standing(policy, farther, givesWay(policy, meeting) ? nearer : []));
  });
}

function givesWay({ layer }: PolicyModel, meeting: Meeting): boolean {
  return layer === 'Defaults' || (layer === 'Rules' && meeting === 'Nearest');
}

function standing<Model extends PolicyModel>(
  policy: Model,
  farther: readonly Model[],
  stronger: readonly Model[],
): Standing<Model> {
  const rivals = [
    ...farther.filter((one) => one.layer === 'Overrides').map((one) => ({ one, strategy: one.strategy })),
    ...stronger.map((one) => ({ one, strategy: policy.strategy })),
  ];
  const beats = ({ strategy, one }: (typeof rivals)[number], part: PolicyPart) =>
    strategy === 'Atomic' || one.parts.some((other) => other.name === part.name);
  const parts = policy.parts.filter((part) => !rivals.some((rival) => beats(rival, part)));
  const winners = rivals.filter(
    (rival) => rival.strategy === 'Atomic' || policy.parts.some((part) => beats(rival, part)),
  );
  const holds = policy.closes === null ? parts.length > 0 : winners.length === 0;
  return { policy, parts, holds, asideFor: [...new Set(winners.map(({ one }) => one))] };
}
