// What a policy adds to each answer: Turnpike with a limit counted in Redis beside Turnpike without, one after the other in
// each round, at a rate that neither is busy with.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { givenRedis } from '#test/given/redis.ts';
import { startBackends } from '../backends/backends.ts';
import { writeCertificate } from '../certificate.ts';
import { freePort, startServer, type Running } from '../ground.ts';
import { runProgram } from '../loads/load.ts';
import { turnpikeObjects } from '../peers/turnpike-objects.ts';
import { untilReady } from '../ready.ts';
import { spread } from '../statistics.ts';
import type { Ground, Measured, Part } from './part.ts';

const cores = { measured: 0, load: 1 };
const perSecond = 2000;
const seconds = 4;
const warmUpSeconds = 8;
const program = path.join(import.meta.dirname, '../../cli/main.ts');

interface Latency {
  readonly p50: number;
  readonly p95: number;
}

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

async function started(
  folder: string,
  backendPort: number,
  url: string | null,
): Promise<Running & { port: number }> {
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
  const running = await startServer(cores.measured, [process.execPath, ...words], port);
  await untilReady('Http1', port, []);
  return { ...running, port };
}

async function measure({ rounds, tell }: Ground): Promise<Measured> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-bench-'));
  const backends = await startBackends(cores, folder);
  const redis = await givenRedis();
  const all = [
    await started(folder, backends.answers, null),
    await started(folder, backends.answers, redis.url),
  ];
  const load = (port: number, forSeconds: number): Promise<Latency> =>
    runProgram(
      cores,
      'fixed-rate-program.ts',
      [String(port), String(forSeconds), String(perSecond)],
      forSeconds,
    );
  const added: Latency[] = [];
  try {
    for (const { port } of all) await load(port, warmUpSeconds);
    for (let round = 0; round < Math.max(5, rounds); round += 1) {
      const found = new Map<number, Latency>();
      for (const { port } of round % 2 === 0 ? all : all.toReversed())
        found.set(port, await load(port, seconds));
      const [without, beside] = all.map(({ port }) => found.get(port));
      if (without === undefined || beside === undefined) continue;
      added.push({ p50: beside.p50 - without.p50, p95: beside.p95 - without.p95 });
      tell(`latency: round ${round + 1}`);
    }
  } finally {
    for (const one of all) await one.stop();
    await redis.stop();
    await backends.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const goals = (['p50', 'p95'] as const).map((name) => {
    const { median, low, high } = spread(added.map((one) => one[name]));
    return {
      what: `Latency that a limit counted in Redis adds at ${name}, ${perSecond} a second`,
      measured: `${median.toFixed(0)} (${low.toFixed(0)} to ${high.toFixed(0)}) µs`,
      goal: 'none measurable',
      isMet: low <= 0,
    };
  });
  return { goals };
}

/** In the whole proxy. */
export const latency: Part = { name: 'latency', title: 'What a limit adds to answers', measure };
