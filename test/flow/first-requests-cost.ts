// What 5,000 AuthPolicies do to the start of a data plane and to the requests right after it: pairs of processes with the
// same routes, with a policy each and without, in turning order; the paired differences with their intervals. As soon as
// the process says that it is ready, requests come at a fixed rate whether answers come or not, and their clocks run from
// when they were due: half of them to one route that has no policy in either, the others each to a route of its own. Run
// by hand, with two processors or more: node test/flow/first-requests-cost.ts [PAIRS]
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { createTranslator } from '#controller/translate/translate.ts';
import { endpointDefaults } from '#snapshot/cluster-defaults.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { input, reader } from '#test/controller/translate/objects.ts';
import { anUnusedPort } from '#test/given/data-plane.ts';
import { aDataPlaneProcess } from '#test/given/data-plane-process.ts';
import { guards, manyRoutes, type ManyObject } from '#test/given/many-policies.ts';
import { issuerKey } from '#test/given/token.ts';
import { spread } from '../../bench/statistics.ts';

const policies = 5000;
const pairs = Number(process.argv[2] ?? 10);
const requests = 1000;
const perSecond = 1000;

const backend = http.createServer((_, answer) => void answer.end('ok')).listen(0, '127.0.0.1');
await once(backend, 'listening');
const backendPort = (backend.address() as net.AddressInfo).port;
const port = await anUnusedPort();
const key = await issuerKey('one');
const token = await key.sign({ iss: 'https://id.example.com', exp: Math.floor(Date.now() / 1000) + 3600 });

/** What a controller would tell of `objects`. */
function snapshotOf(objects: readonly ManyObject[]): readonly Resource[] {
  const { snapshots } = createTranslator().translate(input(reader(objects)));
  const all = [...(snapshots.get(gatewayKey('shop', 'edge')) ?? new Map<string, Resource>()).values()];
  const endpoint = { address: '127.0.0.1', port: backendPort, state: 'Ready', ...endpointDefaults } as const;
  const endpoints = all.flatMap((one) =>
    one.kind === 'Cluster' ? [{ kind: 'Endpoints', id: one.endpoints, endpoints: [endpoint] } as const] : [],
  );
  return [...all, ...endpoints];
}

// One route more than policies: it has none.
const routes = manyRoutes(policies + 1, port, key.jwk);
const when = (index: number): string =>
  `request.method == 'GET' && request.path.startsWith('/r${index}') || 'write' in auth.scopes`;
const snapshots = {
  without: snapshotOf(routes),
  with: snapshotOf([...routes, ...guards(policies, when)]),
};

/** Milliseconds from when it was due to the end of the answer. */
async function latency(agent: http.Agent, path: string, dueMs: number): Promise<number> {
  const headers = { host: 'example.com', authorization: `Bearer ${token}` };
  const asked = http.get({ host: '127.0.0.1', port, path, agent, headers });
  const [answer] = (await once(asked, 'response')) as [http.IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
  return performance.now() - dueMs;
}

/** Of one start, in milliseconds. */
interface Start {
  readonly ready: number;
  readonly open: number;
  readonly own: number;
}

async function startWith(resources: readonly Resource[]): Promise<Start> {
  const from = performance.now();
  await using _ = await aDataPlaneProcess(backendPort, [], resources);
  const readyMs = performance.now();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const asked: Promise<number>[] = [];
  while (asked.length < requests) {
    const dueMs = readyMs + (asked.length * 1000) / perSecond;
    if (dueMs > performance.now()) {
      await setTimeout(1);
      continue;
    }
    const route = asked.length % 2 === 0 ? policies : (asked.length * 7919) % policies;
    asked.push(latency(agent, `/r${route}`, dueMs));
  }
  const all = await Promise.all(asked);
  agent.destroy();
  const half = (rest: number): number => p99(all.filter((_, at) => at % 2 === rest));
  return { ready: readyMs - from, open: half(0), own: half(1) };
}

function p99(latencies: readonly number[]): number {
  return latencies.toSorted((a, b) => a - b)[Math.ceil(latencies.length * 0.99) - 1] ?? Number.NaN;
}

const found: { readonly without: Start; readonly with: Start }[] = [];
// The first pair is for this process to get warm.
for (let pair = -1; pair < pairs; pair += 1) {
  const isEven = pair % 2 === 0;
  const first = await startWith(isEven ? snapshots.without : snapshots.with);
  const second = await startWith(isEven ? snapshots.with : snapshots.without);
  if (pair >= 0) found.push(isEven ? { without: first, with: second } : { without: second, with: first });
}
backend.close();

function told(figures: readonly number[]): string {
  const { median, low, high } = spread(figures);
  return `${median.toFixed(1)} ms (${low.toFixed(1)} to ${high.toFixed(1)})`;
}
for (const [what, name] of [
  ['ready', 'until it is ready'],
  ['open', 'p99 of the first requests to a route without a policy'],
  ['own', 'p99 of the first requests to routes with one'],
] as const) {
  const without = told(found.map((one) => one.without[what]));
  const more = told(found.map((one) => one.with[what] - one.without[what]));
  process.stdout.write(`${name}: ${without} without policies, ${more} more with ${policies}\n`);
}
