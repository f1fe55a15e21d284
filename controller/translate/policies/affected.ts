import type { DesiredCondition } from '../translation.ts';
import { policyKinds, type PolicyKind } from './policy.ts';

/** A policy that holds somewhere, by what people call it. */
export interface Affecting {
  readonly kind: PolicyKind;
  readonly title: string;
}

/** Conditions by which a target shows which policies hold for it (GEP-713); none where none does. */
export function affectedConditions(affecting: readonly Affecting[]): readonly DesiredCondition[] {
  return policyKinds.flatMap((kind) => {
    const titles = new Set(affecting.filter((one) => one.kind === kind).map((one) => one.title));
    const message = `Affected by ${[...titles].sort().join(', ')}.`;
    return titles.size === 0
      ? []
      : [
          {
            type: `turnpike.dev/${kind}Affected`,
            status: 'True',
            reason: 'PolicyAffected',
            message,
          } as const,
        ];
  });
}
