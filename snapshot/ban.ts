import type { ResourceId } from './ids.ts';

/** What an operator has said of addresses. */
export interface Ban {
  readonly kind: 'Ban';
  /** `Ban/<namespace>/<name>`. */
  readonly id: ResourceId;
  /** Networks (CIDR). */
  readonly addresses: readonly string[];
  /** Refuse: they are let in no more. Lift: rules have banned them no more, and ban them not. */
  readonly action: 'Refuse' | 'Lift';
  /** Since 1970: from then on it says nothing; 0: it goes on. */
  readonly expiresS: number;
}
