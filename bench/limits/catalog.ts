import { admission } from './admission.ts';
import { callers } from './callers.ts';
import { outages } from './faults.ts';
import { latency } from './latency.ts';
import type { Part } from './part.ts';
import { protection } from './protection.ts';
import { sharing } from './sharing.ts';

/** All parts in the order of the tables. */
export const allParts: readonly Part[] = [admission, sharing, latency, outages, callers, protection];
