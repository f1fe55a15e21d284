import { outputOf } from '#e2e/cluster/command.ts';
import path from 'node:path';
import { median, spread } from '../statistics.ts';
import type { ListsCost } from './lists-program.ts';
import type { Ground, Measured, Part } from './part.ts';
import type { RefusedCost } from './refused-program.ts';

/** Runs a program of this folder to its end; what it says last is JSON. */
async function said<T>(name: string, words: readonly string[]): Promise<T> {
  const program = path.join(import.meta.dirname, name);
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning'];
  const output = await outputOf(process.execPath, [...flags, program, ...words], { deadlineMs: 120_000 });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T;
}

async function measure({ rounds, tell }: Ground): Promise<Measured> {
  const pairs = await said<readonly RefusedCost[]>('refused-program.ts', [String(6 * rounds)]);
  const share = spread(pairs.map(({ refused, served }) => refused / served));
  const refused = median(pairs.map((pair) => pair.refused));
  const served = median(pairs.map((pair) => pair.served));
  tell('protection: connections');
  const lists: ListsCost[] = [];
  for (let round = 0; round < rounds; round += 1) lists.push(await said<ListsCost>('lists-program.ts', []));
  tell('protection: lists');
  const most = (pick: (one: ListsCost) => number): number => Math.max(...lists.map(pick));
  const controllerMs = most(({ controller }) => controller.totalMs);
  const loadMs = most((one) => one.loadMs);
  const mebibytes = most((one) => one.mebibytes);
  const interval = `${share.low.toFixed(2)} to ${share.high.toFixed(2)}`;
  return {
    goals: [
      {
        what: 'A connection that is kept out, CPU, paired with the cheapest that is served: in the clear, one request, no route',
        measured: `${share.median.toFixed(2)} (${interval}) of it: ${refused.toFixed(0)} µs beside ${served.toFixed(0)}`,
        goal: '≤ 0.5 of it',
        isMet: share.high <= 0.5,
      },
      {
        what: '1,000,000 networks in lists, from the text of ConfigMaps until a data plane is ready, most of the rounds',
        measured: `${(controllerMs / 1000).toFixed(2)} s in the controller, ${(loadMs / 1000).toFixed(2)} s in the data plane`,
        goal: '< 2 s together',
        isMet: controllerMs + loadMs < 2000,
      },
      {
        what: 'What they hold in a data plane with their texts, most of the rounds',
        measured: `${mebibytes.toFixed(0)} MiB`,
        goal: '≤ 64 MiB',
        isMet: mebibytes <= 64,
      },
    ],
    heads: ['what lists of 1,000,000 networks do besides', 'most of the rounds'],
    rows: [
      [
        'the ConfigMap that takes the controller longest',
        `${most((one) => one.controller.longestMs).toFixed(0)} ms`,
      ],
      [
        'the event loop of a data plane held at a stretch while they load',
        `${most((one) => one.loopHeldMs).toFixed(0)} ms`,
      ],
      [
        `a look-up in all ${most((one) => one.controller.lists)} lists`,
        `${most((one) => one.lookUs).toFixed(1)} µs`,
      ],
    ],
  };
}

/** What it costs to keep somebody out, and lists of whom to keep out. */
export const protection: Part = { name: 'protection', title: 'What keeping out costs', measure };
