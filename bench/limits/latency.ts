// What a policy adds to each answer, in time and CPU: Turnpike with a limit counted in Redis beside Turnpike without, one
// after the other in each round, at a rate that neither is busy with.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { givenRedis } from '#test/given/redis.ts';
import { startBackends } from '../backends/backends.ts';
import { writeCertificate } from '../certificate.ts';
import { freePort, startServer, type Running } from '../ground.ts';
import { runProgram } from '../loads/load.ts';
import { turnpikeObjects } from '../peers/turnpike-objects.ts';
import { cpuMicros } from '../process-cost.ts';
import { untilReady } from '../ready.ts';
import { spread, type Spread } from '../statistics.ts';
import type { Ground, Measured, Part } from './part.ts';

const cores = { measured: 0, load: 1 };
const perSecond = 2000;
const seconds = 4;
const warmUpSeconds = 10;
const roundsMin = 7;
const program = path.join(import.meta.dirname, '../../cli/turnpike.sh');

interface Latency {
  readonly done: number;
  readonly p50: number;
  readonly p95: number;
}

/** Of one run or of the difference of two, in microseconds; `cpu` a request, with both planes and what they do besides. */
interface Cost {
  readonly p50: number;
  readonly p95: number;
  readonly cpu: number;
}

/**
 * Microseconds that the interval may reach to where nothing is found to be added: about what one round trip to Redis takes
 * (87 at p50, 250 at p95 in docs/performance.md, Envoy's model), so that one on the way of requests would have been seen.
 */
const narrow = { p50: 100, p95: 250 } as const;

const meta = (name: string): object => ({ name, namespace: 'default' });

/** A limit that nobody meets, by the one client's address, counted in Redis. */
function limited(url: string): object[] {
  const limits = [{ name: 'second', requests: 100_000, window: '1s' }];
  const targetRefs = [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }];
  return [
    {
      apiVersion: 'turnpike.dev/v1alpha1',
      kind: 'RateLimitPolicy',
      metadata: meta('bench'),
      spec: { targetRefs, rules: [{ name: 'per-client', limits }] },
    },
    {
      apiVersion: 'turnpike.dev/v1alpha1',
      kind: 'GatewayParameters',
      metadata: meta('bench'),
      spec: { rateLimitStore: { type: 'Redis', redis: { secretRef: { name: 'redis', key: 'url' } } } },
    },
    { apiVersion: 'v1', kind: 'Secret', metadata: meta('redis'), stringData: { url } },
  ];
}

/** The Gateway among the objects names the parameters. */
function withParameters(object: object): object {
  if (!('kind' in object) || object.kind !== 'Gateway' || !('spec' in object)) return object;
  const parametersRef = { group: 'turnpike.dev', kind: 'GatewayParameters', name: 'bench' };
  return { ...object, spec: { ...(object.spec as object), infrastructure: { parametersRef } } };
}

type Started = Running & { readonly port: number };

async function started(folder: string, backendPort: number, url: string | null): Promise<Started> {
  const port = await freePort();
  const own = await mkdtemp(path.join(folder, 'turnpike-'));
  const certificate = await writeCertificate(own);
  const terms = { cores, front: 'Http1', port, backendPort, folder: own, certificate } as const;
  const objects = await turnpikeObjects(terms, null);
  const items = url === null ? objects : [...objects.map(withParameters), ...limited(url)];
  await writeFile(path.join(own, 'all.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), {
    mode: 0o600,
  });
  const words = [program, 'up', '--folder', own, '--no-demo', '--quiet'];
  const running = await startServer(cores.measured, ['sh', ...words], port);
  await untilReady('Http1', port, []);
  return { ...running, port };
}

async function load(port: number, forSeconds: number): Promise<Latency> {
  const words = [String(port), String(forSeconds), String(perSecond)];
  return runProgram(cores, 'fixed-rate-program.ts', words, forSeconds);
}

async function costOf({ port, pid }: Started): Promise<Cost> {
  const before = cpuMicros(pid);
  const { done, p50, p95 } = await load(port, seconds);
  return { p50, p95, cpu: (cpuMicros(pid) - before) / done };
}

/** What answers cost a process of its own, whose code has been compiled before. */
async function costOfFresh(start: () => Promise<Started>): Promise<Cost> {
  const running = await start();
  try {
    await load(running.port, warmUpSeconds);
    return await costOf(running);
  } finally {
    await running.stop();
  }
}

/**
 * What a limit costs more, round by round. Each round has two new processes: two that run the same differ too, by where
 * their code and memory lie, and that is no cost of the limit.
 */
async function differences(
  without: () => Promise<Started>,
  limit: () => Promise<Started>,
  { rounds, tell }: Ground,
): Promise<Cost[]> {
  const added: Cost[] = [];
  for (let round = 0; round < Math.max(roundsMin, rounds); round += 1) {
    const first = await costOfFresh(round % 2 === 0 ? without : limit);
    const second = await costOfFresh(round % 2 === 0 ? limit : without);
    const [less, more] = round % 2 === 0 ? [first, second] : [second, first];
    added.push({ p50: more.p50 - less.p50, p95: more.p95 - less.p95, cpu: more.cpu - less.cpu });
    tell(`latency: round ${round + 1}`);
  }
  return added;
}

/** Whether what is added can be told from nothing; null when the interval is too wide to see it. */
function isNone({ low, high }: Spread, narrowMax: number): boolean | null {
  if (low > 0) return false;
  return high <= narrowMax ? true : null;
}

function told(added: readonly Cost[]): Measured {
  const goals = (['p50', 'p95'] as const).map((name) => {
    const found = spread(added.map((one) => one[name]));
    return {
      what: `Latency that a limit counted in Redis adds at ${name}, ${perSecond} a second`,
      measured: `${found.median.toFixed(0)} (${found.low.toFixed(0)} to ${found.high.toFixed(0)}) µs`,
      goal: `none measurable, where the interval ends at ${narrow[name]} µs or before`,
      isMet: isNone(found, narrow[name]),
    };
  });
  const { median, low, high } = spread(added.map(({ cpu }) => cpu));
  return {
    goals,
    heads: ['what a limit counted in Redis adds to a request', 'paired difference, 95 % interval', 'rounds'],
    rows: [
      [
        'CPU of the whole proxy, both planes in one process',
        `${median.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)}) µs`,
        String(added.length),
      ],
    ],
  };
}

async function measure(ground: Ground): Promise<Measured> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-bench-'));
  const backends = await startBackends(cores, folder);
  const redis = await givenRedis();
  const start = (url: string | null) => (): Promise<Started> => started(folder, backends.answers, url);
  try {
    return told(await differences(start(null), start(redis.url), ground));
  } finally {
    await redis.stop();
    await backends.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** In the whole proxy. */
export const latency: Part = { name: 'latency', title: 'What a limit adds to answers', measure };
