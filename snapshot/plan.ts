import type { ResourceId } from './ids.ts';
import type { Limit } from './limit.ts';

/** How much each consumer that has the plan may call: every limit must hold, over all rules. None: it may call at will. */
export interface Plan {
  readonly kind: 'Plan';
  readonly id: ResourceId;
  /** `<namespace>/<plan>`: with a limit's name, the stable part of a counter's key. */
  readonly name: string;
  readonly limits: readonly Limit[];
}
