// Data planes as processes of their own, which count together in one Redis.
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { outputOf } from '#e2e/cluster/command.ts';
import type { Seen } from './data-plane-program.ts';
import type { Decided, Task } from './designs.ts';

const program = path.join(import.meta.dirname, 'data-plane-program.ts');
/** Until all of them have started. */
const startMs = 3000;

/** One request of a fleet. */
export interface Request {
  readonly cameMs: number;
  readonly waitedMs: number;
  readonly decided: Decided;
}

/** What a fleet saw, in the order in which requests came. */
export interface FleetSeen {
  readonly requests: readonly Request[];
  readonly cpuMicros: number;
}

/** What a fleet is told: `perSecond` goes to all data planes together. */
export type FleetTask = Omit<Task, 'name' | 'beginMs'>;

/** Runs a fleet; `during` is told when its first request comes, by the wall clock. */
export async function runFleet(
  task: FleetTask,
  during: (beginMs: number) => Promise<void> = async () => undefined,
): Promise<FleetSeen> {
  // The windows of the limits begin on the second.
  const beginMs = Math.ceil((Date.now() + startMs) / 1000) * 1000;
  const perSecond = task.perSecond / task.dataPlanes;
  const told: Task = { ...task, perSecond, name: `bench/${randomUUID()}/r`, beginMs };
  const words = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(told)];
  const deadlineMs = startMs + task.seconds * 1000 + 30_000;
  const [found] = await Promise.all([
    Promise.all(
      Array.from({ length: task.dataPlanes }, () => outputOf(process.execPath, words, { deadlineMs })),
    ),
    during(beginMs),
  ]);
  const seen = found.map((text) => JSON.parse(text.trim().split('\n').at(-1) ?? '') as Seen);
  const requests = seen.flatMap(({ cameMs, waitedMs, decided }) =>
    cameMs.map((ms, at) => ({
      cameMs: ms,
      waitedMs: waitedMs[at] ?? Infinity,
      decided: decided[at] ?? 'Failed',
    })),
  );
  return {
    requests: requests.toSorted((a, b) => a.cameMs - b.cameMs),
    cpuMicros: seen.reduce((sum, one) => sum + one.cpuMicros, 0),
  };
}

/** Admitted in each second that is whole, if it came and was decided in it: what was counted in another is not taken for its own. */
export function admittedBySecond({ requests }: FleetSeen, seconds: number): readonly number[] {
  const counts = Array.from({ length: seconds }, () => 0);
  for (const { cameMs, waitedMs, decided } of requests) {
    const second = Math.floor(cameMs / 1000);
    if (decided !== 'Admitted' || Math.floor((cameMs + waitedMs) / 1000) !== second) continue;
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}

/** The wait that `share` of the requests did not exceed, in milliseconds. */
export function waitWithin(requests: readonly Request[], share: number): number {
  const sorted = requests.map(({ waitedMs }) => waitedMs).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
}
