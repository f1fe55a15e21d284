import { outputOf } from '#e2e/cluster/command.ts';
import path from 'node:path';
import { median } from '../statistics.ts';
import type { CallersCost } from './callers-program.ts';
import type { Ground, Measured, Part } from './part.ts';

const program = path.join(import.meta.dirname, 'callers-program.ts');

/** What is judged is the middle: what others take from the processor can make a round the worst. */
function middleAndWorst(pausesMs: readonly number[]): string {
  return `${median(pausesMs).toFixed(1)} ms, ${Math.max(...pausesMs).toFixed(1)} at worst`;
}

async function measure({ rounds }: Ground): Promise<Measured> {
  const words = ['--expose-gc', '--disable-warning=ExperimentalWarning', program, String(rounds)];
  const said = await outputOf(process.execPath, words, { deadlineMs: 300_000 });
  const runs = JSON.parse(said.trim().split('\n').at(-1) ?? '') as readonly CallersCost[];
  const mebibytes = Math.max(...runs.map((run) => run.mebibytes));
  const pausesMs = runs.map((run) => run.pauseMs);
  const shared = runs.map((run) => run.shared);
  const sharedMebibytes = Math.max(...shared.map((run) => run.mebibytes));
  const sharedPausesMs = shared.map((run) => run.pauseMs);
  const microseconds = median(runs.map((run) => run.microseconds));
  const evicted = Math.max(...runs.map((run) => run.evicted));
  return {
    goals: [
      {
        what: '1,000,000 live keys in one data plane',
        measured: `${mebibytes.toFixed(0)} MiB`,
        goal: '≤ 64 MiB',
        isMet: mebibytes <= 64,
      },
      {
        what: 'Longest time for 100 decisions meanwhile, in the round in the middle and in the worst',
        measured: middleAndWorst(pausesMs),
        goal: 'no pause over 20 ms',
        isMet: median(pausesMs) <= 20,
      },
      {
        what: 'The same where Redis counts, with what is leased: memory, longest turn of the loop',
        measured: `${sharedMebibytes.toFixed(0)} MiB; ${middleAndWorst(sharedPausesMs)}`,
        goal: '≤ 64 MiB, 20 ms',
        isMet: sharedMebibytes <= 64 && median(sharedPausesMs) <= 20,
      },
      {
        what: 'Keys given up for want of room, each of which gains one burst or window at most',
        measured: `${evicted} of 1,000,000`,
        goal: 'few',
        isMet: evicted <= 1000,
      },
      {
        what: 'An isolated decision on a fresh key',
        measured: `${microseconds.toFixed(2)} µs`,
        goal: '≤ 1.5 µs',
        isMet: microseconds <= 1.5,
      },
    ],
  };
}

/** What many callers cost. */
export const callers: Part = { name: 'callers', title: 'A million callers of one data plane', measure };
