// What it costs four data planes to count together: ours, and what others do, in turning rounds on the same Redis.
import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { cached } from '#e2e/cluster/cache-folder.ts';
import { outputOf } from '#e2e/cluster/command.ts';
import type { TimedLimit } from '#snapshot/limit.ts';
import { givenRedis } from '#test/given/redis.ts';
import path from 'node:path';
import { median } from '../statistics.ts';
import type { Task } from './designs.ts';
import { admittedBySecond, runFleet, waitWithin } from './fleet.ts';
import { percent, type Ground, type Measured, type Part } from './part.ts';

const dataPlanes = 4;
const seconds = 4;
const requests = 1000;
const windows = { kind: 'Even', lengthMs: 1000 } as const;
const bucket = { name: 'only', algorithm: 'TokenBucket', requests, windowMs: 1000, burst: 100 } as const;
const fixed = { name: 'only', algorithm: 'FixedWindow', requests, windows } as const;
const sliding = { name: 'only', algorithm: 'SlidingWindow', requests, windowMs: 1000 } as const;

interface Contender {
  readonly name: string;
  readonly design: Task['design'];
  readonly limit: TimedLimit;
  readonly perSecond: number;
}

const flexibleName = 'rate-limiter-flexible 11.4.0';
const ours = (limit: TimedLimit, perSecond: number): Contender => ({
  name: `Turnpike, ${limit.algorithm}`,
  design: 'Turnpike',
  limit,
  perSecond,
});
const contenders: readonly Contender[] = [
  ...[10, 100, 300, 1000, 3000].map((perSecond) => ours(bucket, perSecond)),
  ours(fixed, 3000),
  ours(sliding, 3000),
  { name: 'Envoy’s global model', design: 'Envoy', limit: fixed, perSecond: 3000 },
  { name: flexibleName, design: 'Flexible', limit: fixed, perSecond: 3000 },
];

interface Run {
  readonly calls: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly cpu: number;
  readonly most: number;
  readonly least: number;
}

/** Calls that clients have made: those that a script makes are not among them. */
async function callsOf(client: Redis, design: Task['design']): Promise<number> {
  const stats = await client.info('commandstats');
  const names = design === 'Envoy' ? ['incrby'] : ['evalsha', 'eval'];
  return names.reduce(
    (sum, name) => sum + Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0),
    0,
  );
}

async function measureOne(contender: Contender, url: string, client: Redis, modules: string): Promise<Run> {
  const { design, limit, perSecond } = contender;
  await client.config('RESETSTAT');
  const seen = await runFleet({ design, url, dataPlanes, limit, perSecond, seconds, modules });
  const calls = await callsOf(client, design);
  // What is fresh is filled in the first second, and compiled.
  const settled = seen.requests.filter(({ cameMs }) => cameMs >= 1000);
  const whole = admittedBySecond(seen, seconds).slice(1, seconds);
  return {
    calls: calls / seen.requests.length,
    p50: waitWithin(settled, 0.5),
    p95: waitWithin(settled, 0.95),
    p99: waitWithin(settled, 0.99),
    cpu: seen.cpuMicros / seen.requests.length,
    most: Math.max(...whole),
    least: Math.min(...whole),
  };
}

/** Where rate-limiter-flexible is: in the cache folder, since the project itself does not need it. */
async function flexibleModules(): Promise<string> {
  const folder = await cached('bench-rate-limiter-flexible-11.4.0', async (draft) => {
    const words = [
      'install',
      '--prefix',
      draft,
      '--no-save',
      '--ignore-scripts',
      'rate-limiter-flexible@11.4.0',
    ];
    await outputOf('npm', words, { deadlineMs: 300_000 });
  }).catch(() => '');
  return existsSync(path.join(folder, 'node_modules/rate-limiter-flexible')) ? folder : '';
}

async function measure({ rounds, tell }: Ground): Promise<Measured> {
  const modules = await flexibleModules();
  const wanted = contenders.filter(({ design }) => design !== 'Flexible' || modules !== '');
  const redis = await givenRedis();
  const client = new Redis(redis.url);
  const runs = new Map<Contender, Run[]>(wanted.map((one) => [one, []]));
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const one of round % 2 === 0 ? wanted : wanted.toReversed()) {
        runs.get(one)?.push(await measureOne(one, redis.url, client, modules));
      }
      tell(`sharing: round ${round + 1} of ${rounds}`);
    }
  } finally {
    client.disconnect();
    await redis.stop();
  }
  const middle = (one: Contender, pick: (run: Run) => number): number =>
    median((runs.get(one) ?? []).map(pick));
  const busy = wanted.filter(({ design, perSecond }) => design === 'Turnpike' && perSecond >= 1000);
  const most = Math.max(...busy.map((one) => middle(one, ({ calls }) => calls)));
  const rows = wanted.map((one) => [
    one.name,
    one.perSecond.toLocaleString('en'),
    middle(one, ({ calls }) => calls).toFixed(3),
    middle(one, ({ p50 }) => p50).toFixed(3),
    middle(one, ({ p95 }) => p95).toFixed(2),
    middle(one, ({ p99 }) => p99).toFixed(1),
    middle(one, ({ cpu }) => cpu).toFixed(0),
    one.perSecond > requests
      ? `${Math.round(middle(one, (run) => run.least))} to ${Math.round(middle(one, (run) => run.most))}`
      : '',
  ]);
  if (modules === '') rows.push([flexibleName, 'did not come from npm']);
  const worst = Math.max(
    ...busy.filter(({ perSecond }) => perSecond > requests).map((one) => middle(one, (run) => run.most)),
  );
  return {
    goals: [
      {
        what: 'Calls of Redis a request, 4 data planes as processes, 1,000 a second and more',
        measured: `${most.toFixed(3)} at most`,
        goal: '≤ 0.15',
        isMet: most <= 0.15,
      },
      {
        what: 'Worst second of 4 data planes as processes, three times the limit',
        measured: `${percent(worst / requests - 1)} over`,
        goal: '≤ 20 % (2 x rate x lease interval)',
        isMet: worst <= 1.2 * requests,
      },
    ],
    heads: [
      'design',
      'requests a second',
      'calls of Redis a request',
      'wait p50, ms',
      'p95',
      'p99',
      'CPU µs a request',
      'admitted a second of 1,000',
    ],
    rows,
  };
}

/** One key; all data planes and Redis on the same processors, so waits and CPU are for comparing rows. */
export const sharing: Part = {
  name: 'sharing',
  title: 'What counting together costs 4 data planes, each a process, and what others’ ways cost',
  measure,
};
