// What is worth a warning though no status tells of it: in a cluster, or another day, it may be right.
import type { ObjectReader } from '#controller/translate/input.ts';
import { deadBackendLines } from './dead-backends.ts';
import { idleBanLines } from './idle-bans.ts';
import { idleWordLines } from './idle-words.ts';

/** A line for each, of what leads nowhere, is over, or has no effect. */
export function warningLines(objects: ObjectReader): readonly string[] {
  return [...deadBackendLines(objects), ...idleBanLines(objects, Date.now()), ...idleWordLines(objects)];
}
