// One data plane that is asked so many times a second, whether it has answered or not. Says what was decided as a line of
// JSON. usage: data-plane-program.ts TASK
import { deciderOf, type Decided, type Task } from './designs.ts';

/** What a data plane saw: for each request in turn when it came, by milliseconds since the beginning, and what it waited. */
export interface Seen {
  readonly cameMs: readonly number[];
  readonly waitedMs: readonly number[];
  readonly decided: readonly Decided[];
  readonly cpuMicros: number;
}

const task = JSON.parse(process.argv[2] ?? '') as Task;
const decider = await deciderOf(task);
const cameMs: number[] = [];
const waitedMs: number[] = [];
const decided: Decided[] = [];
const waiting: Promise<void>[] = [];

function ask(): void {
  const at = cameMs.length;
  const began = performance.now();
  cameMs.push(performance.timeOrigin + began - task.beginMs);
  const end = (found: Decided): void => {
    decided[at] = found;
    waitedMs[at] = performance.now() - began;
  };
  const found = decider.decide();
  if (!(found instanceof Promise)) {
    end(found);
    return;
  }
  waiting.push(found.then(end));
}

await new Promise((resolve) => setTimeout(resolve, task.beginMs - Date.now()));
const cpu = process.cpuUsage();
await new Promise<void>((resolve) => {
  const tick = (): void => {
    const elapsedMs = Date.now() - task.beginMs;
    const due = Math.min(elapsedMs, task.seconds * 1000) * (task.perSecond / 1000);
    while (cameMs.length < due) ask();
    if (elapsedMs < task.seconds * 1000) setTimeout(tick, 1);
    else resolve();
  };
  tick();
});
const { user, system } = process.cpuUsage(cpu);
await Promise.race([Promise.all(waiting), new Promise((resolve) => setTimeout(resolve, 5000))]);
const waited = cameMs.map((_, at) => Math.round((waitedMs[at] ?? Infinity) * 1000) / 1000);
const verdicts = cameMs.map((_, at) => decided[at] ?? 'Failed');
const seen: Seen = { cameMs, waitedMs: waited, decided: verdicts, cpuMicros: user + system };
process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
await decider.close();
