// What four data planes do when Redis is stopped, hangs, comes back empty, or is slow: 9 seconds of twice the limit, of which
// the three in the middle are without Redis, or with a bad one.
import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as passed } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { givenRedis, type GivenRedis } from '#test/given/redis.ts';
import { admittedBySecond, runFleet, waitWithin, type FleetSeen } from './fleet.ts';
import { percent, type GoalRow, type Ground, type Measured, type Part } from './part.ts';

const dataPlanes = 4;
const seconds = 9;
const requests = 1000;
const limit = { name: 'only', algorithm: 'TokenBucket', requests, windowMs: 1000, burst: 100 } as const;

interface Fault {
  readonly name: string;
  begin(redis: GivenRedis, line: Line): Promise<void> | void;
  end(redis: GivenRedis, line: Line): Promise<void> | void;
}

const faults: readonly Fault[] = [
  {
    name: 'stopped (SIGKILL), empty on return',
    begin: (redis) => redis.kill(),
    end: (redis) => redis.start(),
  },
  {
    name: 'hung (SIGSTOP)',
    begin: (redis) => void redis.process?.kill('SIGSTOP'),
    end: (redis) => void redis.process?.kill('SIGCONT'),
  },
  { name: 'emptied (FLUSHALL)', begin: emptied, end: () => undefined },
  {
    name: 'slow (100 ms)',
    begin: (_, line) => void (line.delayMs = 50),
    end: (_, line) => void (line.delayMs = 0),
  },
];

async function emptied({ url }: GivenRedis): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

/** What lies between the data planes and Redis. */
interface Line {
  readonly url: string;
  /** Each way. */
  delayMs: number;
  close(): void;
}

async function lineTo(url: string): Promise<Line> {
  const port = Number(new URL(url).port);
  const open = new Set<Socket>();
  const line = { url: '', delayMs: 0, close: (): void => undefined };
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (data: Buffer) => {
      if (line.delayMs === 0) to.write(data);
      else setTimeout(() => to.write(data), line.delayMs);
    });
    from.on('error', () => undefined);
    from.on('close', () => to.destroy());
  };
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near.setNoDelay(), far.setNoDelay()]) open.add(socket);
    pass(near, far);
    pass(far, near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  line.url = `redis://127.0.0.1:${address.port}`;
  line.close = () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return line;
}

async function measureFault(fault: Fault): Promise<FleetSeen> {
  const redis = await givenRedis();
  const line = await lineTo(redis.url);
  try {
    const task = {
      design: 'Turnpike',
      url: line.url,
      dataPlanes,
      limit,
      perSecond: 2 * requests,
      seconds,
      modules: '',
    } as const;
    return await runFleet(task, async (beginMs) => {
      await passed(beginMs + 3000 - Date.now());
      await fault.begin(redis, line);
      await passed(beginMs + 6000 - Date.now());
      await fault.end(redis, line);
    });
  } finally {
    line.close();
    await redis.stop();
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
  for (const fault of faults) {
    const found: Found[] = [];
    for (let round = 0; round < Math.min(rounds, 2); round += 1)
      found.push(judged(await measureFault(fault)));
    tell(`faults: ${fault.name}`);
    const failed = found.reduce((sum, one) => sum + one.failed, 0);
    const addedMs = Math.max(0, Math.min(...found.map((one) => one.addedMs)));
    const over = Math.max(...found.map((one) => one.over));
    goals.push({
      what: `Redis ${fault.name} for 3 s, 4 data planes, twice the limit`,
      measured: `${failed} answers of 5xx; p99 +${addedMs.toFixed(1)} ms; worst second ${percent(over)} over`,
      goal: '0; ≤ +30 ms; ≤ 15 %',
      isMet: failed === 0 && addedMs <= 30 && over <= 0.15,
    });
  }
  return { goals };
}

/** Of a token bucket of 1,000 a second. */
export const outages: Part = { name: 'faults', title: 'When Redis is not well', measure };
