import type { DesiredStatus, Notice } from '../translation.ts';

/** What is to be told of an object: to its owner in the status, to the operator in notices. */
export interface Told {
  readonly status: DesiredStatus;
  readonly notices: readonly Notice[];
}
