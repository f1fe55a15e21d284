// What fleets of any size let pass in simulated seconds, with the limiter as it is and its script on a real Redis.
import { Redis } from 'ioredis';
import type { TimedLimit } from '#snapshot/limit.ts';
import { givenRedis } from '#test/given/redis.ts';
import { byWindow, mostBeyond, mostWithin } from '#test/redis/bounds.ts';
import { evenly, simulated, skewed, type Outcomes, type Scenario } from '#test/redis/simulated-fleet.ts';
import { percent, type GoalRow, type Measured, type Part } from './part.ts';

const requests = 1000;
const burst = 500;
const seconds = 10;
const overloads = [1.05, 1.3, 4];
const windows = { kind: 'Even', lengthMs: 1000 } as const;
/** 2 * rate * lease interval. */
const leased = 2 * requests * 0.1;

/** How much more than its bound a run let pass, as a share of it; below 0: less. */
type Over = (found: Outcomes) => number;

const limits: readonly { readonly limit: TimedLimit; readonly goal: string; readonly over: Over }[] = [
  {
    limit: { name: 'only', algorithm: 'TokenBucket', requests, windowMs: 1000, burst },
    goal: '≤ burst + rate x T + 2 x rate x lease interval, in any time T',
    over: ({ admitted }) => mostBeyond(admitted, requests / 1000) / (burst + leased) - 1,
  },
  {
    limit: { name: 'only', algorithm: 'FixedWindow', requests, windows },
    goal: '≤ limit in each aligned window',
    over: ({ admitted }) => Math.max(...byWindow(admitted, 1000, seconds)) / requests - 1,
  },
  {
    limit: { name: 'only', algorithm: 'SlidingWindow', requests, windowMs: 1000 },
    goal: '≤ limit + the named error (less than as many again) in any span',
    over: ({ admitted }) => mostWithin(admitted, 1000) / (2 * requests - 1) - 1,
  },
];

const fleets: readonly (readonly [string, Scenario['parts']])[] = [
  ...[2, 4, 8, 50].map((count) => [`${count}, even`, () => evenly(count)] as const),
  ...[2, 4, 8, 50].map((count) => [`${count}, 90/10`, () => skewed(count)] as const),
  ['2 to 8 to 2', (ms) => evenly(ms > 3300 && ms < 6600 ? 8 : 2)],
];

/** Of what the limit lets pass and was asked for, what did not pass; the first second fills what is fresh. */
function under({ admitted }: Outcomes): number {
  const passed = admitted.filter((ms) => ms >= 1000 && ms < seconds * 1000).length;
  return Math.max(0, 1 - passed / (requests * (seconds - 1)));
}

async function measure(): Promise<Measured> {
  const redis = await givenRedis();
  const client = new Redis(redis.url);
  const goals: GoalRow[] = [];
  const rows: string[][] = [];
  let [mostOver, mostUnder, callsMost] = [0, 0, 0];
  try {
    for (const { limit, goal, over } of limits) {
      let worst = -Infinity;
      for (const [fleet, parts] of fleets) {
        const found: Outcomes[] = [];
        for (const overload of overloads) {
          found.push(await simulated(client, { limit, seconds, perSecond: overload * requests, parts }));
        }
        const [overs, unders] = [Math.max(...found.map(over)), Math.max(...found.map(under))];
        const calls = found.map((one) => one.calls / one.offered);
        worst = Math.max(worst, overs);
        mostUnder = Math.max(mostUnder, unders);
        if (fleet.startsWith('4,')) callsMost = Math.max(callsMost, ...calls);
        rows.push([
          limit.algorithm,
          fleet,
          percent(overs),
          percent(unders),
          ...calls.map((each) => each.toFixed(3)),
        ]);
      }
      mostOver = Math.max(mostOver, worst);
      goals.push({
        what: `${limit.algorithm}: most admitted, beside its bound`,
        measured: percent(worst),
        goal,
        isMet: worst <= 0,
      });
    }
    goals.push(
      {
        what: 'Over-admission beyond those bounds',
        measured: percent(mostOver),
        goal: '≤ 0.5 %',
        isMet: mostOver <= 0.005,
      },
      {
        what: 'Under-admission when demand is there',
        measured: percent(mostUnder),
        goal: '≤ 1 %',
        isMet: mostUnder <= 0.01,
      },
      {
        what: 'Calls of Redis a request, 4 data planes, 1,000 a second and more (simulated)',
        measured: `${callsMost.toFixed(3)} at most`,
        goal: '≤ 0.15',
        isMet: callsMost <= 0.15,
      },
    );
  } finally {
    client.disconnect();
    await redis.stop();
  }
  const heads = ['algorithm', 'data planes', 'worst beside the bound', 'not used'];
  return {
    goals,
    heads: [...heads, ...overloads.map((one) => `calls a request at ${one} times the limit`)],
    rows,
  };
}

/** Limits of 1,000 a second and key. */
export const admission: Part = {
  name: 'admission',
  title: 'What fleets admit of 1,000 a second, in simulated seconds with the real limiter and script',
  measure,
};
