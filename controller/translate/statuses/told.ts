import type { DesiredStatus, Notice } from '../translation.ts';

/** What is to be told of an object: to its owner in the status, to the operator in notices. */
export interface Told {
  readonly status: DesiredStatus;
  readonly notices: readonly Notice[];
}

/** All notices are gone through with each change of anything, and an Ingress may have ten thousand. */
const noticesMax = 16;

/** The first of `notices`, which are of one object, and how many there are beside them. */
export function firstOf(notices: readonly Notice[]): readonly Notice[] {
  const untold = notices[noticesMax];
  if (untold === undefined) return notices;
  const count = String(notices.length - noticesMax);
  const message = `${count} more problems are not told; mend these first.`;
  return [...notices.slice(0, noticesMax), { object: untold.object, reason: untold.reason, message }];
}
