// What four data planes do when Redis is stopped, hangs, is emptied, is slow or fails over: 9 seconds of twice the limit, from
// whose third on Redis is away or a bad one, for three of them or until another server has taken over.
import { setTimeout as passed } from 'node:timers/promises';
import { encodeResource } from '#snapshot/encode.ts';
import { resourceId } from '#snapshot/ids.ts';
import { sharedRedises, type GivenSharedRedis } from '#test/given/shared-redis.ts';
import { median } from '../statistics.ts';
import { admittedBySecond, runFleet, waitWithin, type FleetSeen } from './fleet.ts';
import { percent, type GoalRow, type Ground, type Measured, type Part } from './part.ts';

const dataPlanes = 4;
const seconds = 9;
const requests = 1000;
const limit = { name: 'only', algorithm: 'TokenBucket', requests, windowMs: 1000, burst: 100 } as const;

/** What happens to which Redis. */
const faults: readonly (readonly [redis: string, fault: string])[] = [
  ['one Redis', 'is killed, and is empty when it is back'],
  ['one Redis', 'hangs'],
  ['one Redis', 'is emptied'],
  ['one Redis', 'answers 100 ms late'],
  ['a Redis that a Sentinel watches', 'loses its master'],
  ['a Redis that a Sentinel watches', 'has a master that hangs'],
  ['a Cluster', 'loses its master'],
  ['a Cluster', 'has a master that hangs'],
];

function faultOf(given: GivenSharedRedis, name: string): GivenSharedRedis['faults'][string] {
  const emptied = { begin: () => given.empty(), end: () => Promise.resolve() };
  const fault = name === 'is emptied' ? emptied : given.faults[name];
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  return fault;
}

async function measureFault(redis: string, name: string): Promise<FleetSeen> {
  const given = await sharedRedises[redis]?.();
  if (given === undefined) throw new Error(`there is no Redis ${redis}`);
  const fault = faultOf(given, name);
  const id = resourceId('RateLimitStore', 'redis');
  try {
    const task = {
      design: 'Turnpike',
      url: '',
      store: encodeResource({ kind: 'RateLimitStore', id, type: 'Redis', ...given.redis }),
      dataPlanes,
      limit,
      perSecond: 2 * requests,
      seconds,
      modules: '',
    } as const;
    return await runFleet(task, async (beginMs) => {
      await passed(beginMs + 3000 - Date.now());
      await fault.begin();
      await passed(beginMs + 6000 - Date.now());
      await fault.end();
    });
  } finally {
    await given.stop();
  }
}

interface Found {
  readonly failed: number;
  /** How much longer 99 of 100 requests waited at most, by what it was before. */
  readonly addedMs: number;
  /** The worst second, beside the limit. */
  readonly over: number;
}

function judged(seen: FleetSeen): Found {
  const between = (fromMs: number, untilMs: number) =>
    seen.requests.filter(({ cameMs }) => cameMs >= fromMs && cameMs < untilMs);
  const bySecond = admittedBySecond(seen, seconds).slice(1);
  return {
    failed: seen.requests.filter(({ decided }) => decided === 'Failed').length,
    addedMs: waitWithin(between(3000, 9000), 0.99) - waitWithin(between(1000, 3000), 0.99),
    over: Math.max(...bySecond) / requests - 1,
  };
}

async function measure({ rounds, tell }: Ground): Promise<Measured> {
  const goals: GoalRow[] = [];
  for (const [redis, fault] of faults) {
    const found: Found[] = [];
    for (let round = 0; round < Math.min(rounds, 3); round += 1)
      found.push(judged(await measureFault(redis, fault)));
    tell(`faults: ${redis} ${fault}`);
    const failed = found.reduce((sum, one) => sum + one.failed, 0);
    const addedMs = found.map((one) => Math.max(0, one.addedMs));
    const over = Math.max(...found.map((one) => one.over));
    goals.push({
      what: `${redis[0]?.toUpperCase()}${redis.slice(1)} ${fault}: 4 data planes, twice the limit`,
      measured: `${failed} answers of 5xx; p99 +${median(addedMs).toFixed(1)} ms in the round in the middle, +${Math.max(...addedMs).toFixed(1)} in the worst; worst second ${percent(over)} over`,
      goal: '0; ≤ +30 ms; ≤ 15 %',
      isMet: failed === 0 && median(addedMs) <= 30 && over <= 0.15,
    });
  }
  return { goals };
}

/** Of a token bucket of 1,000 a second. */
export const outages: Part = { name: 'faults', title: 'When Redis is not well', measure };
