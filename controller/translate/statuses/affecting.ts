import type { ListenerParent, ListenerShape } from '../listeners.ts';
import type { Read } from '../memo.ts';
import type { Affecting } from '../policies/affected.ts';
import { contenders } from '../policies/conflict.ts';
import { isAbsent, policyKinds, policyTitle } from '../policies/policy.ts';
import { policyUnits } from '../policies/protection.ts';

/** Policies that hold for what listeners stand in, or for one of them. */
export function affectingAt(
  read: Read,
  parent: ListenerParent,
  listeners: readonly ListenerShape[],
): readonly Affecting[] {
  const sections = ['', ...listeners.map((one) => one.name)];
  return policyKinds.flatMap((kind) =>
    sections.flatMap((section) => {
      const [winner = ''] = contenders(read, kind, { ...parent, section });
      const policy = read.ask(policyUnits[kind], parent.namespace, winner);
      const holds = policy !== null && policy.closes?.kind !== 'SettingsInvalid' && !isAbsent(policy);
      return holds ? [{ kind, title: policyTitle(policy) }] : [];
    }),
  );
}
