// What is worth a warning though no status tells of it: in a cluster, or another day, it may be right.
import type { ObjectReader } from '#controller/translate/input.ts';
import type { DesiredStatus } from '#controller/translate/translation.ts';
import { deadBackendLines } from './dead-backends.ts';
import { idleBanLines } from './idle-bans.ts';
import { idleWordLines } from './idle-words.ts';
import { missingParentLines } from './unclaimed.ts';

/** A line for each, of what is not there, leads nowhere, is over, or has no effect. */
export function warningLines(objects: ObjectReader, statuses: readonly DesiredStatus[]): readonly string[] {
  return [
    ...missingParentLines(objects, statuses),
    ...deadBackendLines(objects),
    ...idleBanLines(objects, Date.now()),
    ...idleWordLines(objects),
  ];
}
