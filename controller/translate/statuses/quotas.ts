// What is told of quotas that are nearly used up: four fifths, and all of it.
import type { Quota } from '#crds/plan.ts';
import { isNearlyUsed } from '#snapshot/near-quota.ts';
import type { QuotaUse } from '../input.ts';
import type { Notice, ObjectRef, QuotaStatus } from '../translation.ts';

/** Of the quotas of `plan` those of which much is used. */
export function quotaStatuses(
  quotas: readonly Quota[],
  plan: string,
  uses: readonly QuotaUse[],
): readonly QuotaStatus[] {
  return quotas.flatMap(({ name, requests }) => {
    const use = uses.find((one) => one.plan === plan && one.quota === name);
    return use === undefined || !isNearlyUsed(use.used, requests)
      ? []
      : [{ name, plan, used: use.used, requests, ends: timeOf(use.endsMs) }];
  });
}

/** In the same words for all of a period. */
export function quotaNotices(object: ObjectRef, quotas: readonly QuotaStatus[]): readonly Notice[] {
  return quotas.map(({ name, plan, used, requests, ends }) => {
    const quota = `quota ${name} of Plan ${plan}, ${String(requests)} requests until ${ends}`;
    return used < requests
      ? { object, reason: 'QuotaNearlyUsed', message: `80 % or more is used of ${quota}.` }
      : {
          object,
          reason: 'QuotaUsed',
          message: `All is used of ${quota}: requests beyond it are answered by 429.`,
        };
  });
}

/** In whole seconds. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
