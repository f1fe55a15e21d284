import type { Unit } from '../memo.ts';
import type { PolicyKind } from '../policies/policy.ts';
import type { DesiredStatus } from '../translation.ts';

export const policyStatusUnits = {
  AuthPolicy: { name: 'AuthPolicy status', compute: () => null },
  RateLimitPolicy: { name: 'RateLimitPolicy status', compute: () => null },
} as const satisfies Record<PolicyKind, Unit<DesiredStatus | null>>;
