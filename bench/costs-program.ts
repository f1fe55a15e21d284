// Measures what a lookup of a route costs among 10 to 100,000, and a pick of an endpoint among 1 to 5,000: in turning rounds,
// least of all. Says results as a line of JSON. usage: costs-program.ts [ROUNDS]
import { createUpstreams } from '#dataplane/upstream/upstreams.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import type { Endpoint } from '#snapshot/cluster.ts';
import { resourceId } from '#snapshot/ids.ts';
import { routers } from '#test/dataplane/route/routers.ts';
import { givenRequest } from '#test/given/request.ts';
import { givenMatch, givenRoute, givenRule } from '#test/given/route.ts';
import type { CostResult } from './report/results.ts';

const rounds = Number(process.argv[2] ?? 15);
const operations = 100_000;
/** As many different requests, whatever there is to choose from: what memory costs is not what is asked. */
const different = 10;

type Step = (at: number) => unknown;

function lookup(count: number): Step {
  const pathOf = (at: number): string => `/team-${at % 100}/service-${at}`;
  const routes = Array.from({ length: count }, (_, at) =>
    givenRoute(`route-${at}`, {
      rules: [givenRule({ matches: [givenMatch({ path: `Prefix ${pathOf(at)}` })] })],
    }),
  );
  const router = routers['compiled router']?.({ http: '' }, routes);
  const requests = Array.from({ length: different }, (_, at) =>
    givenRequest({ target: `${pathOf(Math.floor((at * count) / different))}/orders` }),
  );
  const now = (): number => 0;
  return (at) => {
    const request = requests[at % different];
    return request === undefined ? null : (router?.listenerFor(request.host)?.match(request, now) ?? null);
  };
}

function pick(count: number): Step {
  const cluster = clusterOf(count);
  return () => cluster.pick(0, []);
}

function clusterOf(count: number): UpstreamCluster {
  const [id, endpoints] = [resourceId('Cluster', 'bench', 'b'), resourceId('Endpoints', 'bench', 'b')];
  const members = Array.from({ length: count }, (_, at): Endpoint => ({
    address: `10.0.${at >> 8}.${at & 255}`,
    port: 80,
    state: 'Ready',
    forZones: [],
    forNodes: [],
  }));
  const upstreams = createUpstreams();
  upstreams.apply(
    [{ ...clusterDefaults, kind: 'Cluster', id, name: 'bench/b:80', endpoints }],
    new Map([[endpoints, { kind: 'Endpoints', id: endpoints, endpoints: members }]]),
  );
  const cluster = upstreams.cluster(id);
  upstreams.close();
  if (cluster === null) throw new Error('the cluster that was applied is not there');
  return cluster;
}

/** Nanoseconds of each, the least of all rounds. */
function measured(title: string, steps: readonly (readonly [number, Step])[]): CostResult {
  const least = new Map<number, number>();
  // The first round is for the compiler of V8.
  for (let round = -1; round < rounds; round += 1) {
    for (const [count, step] of steps) {
      const nanos = nanosOf(step);
      if (round >= 0) least.set(count, Math.min(nanos, least.get(count) ?? Number.POSITIVE_INFINITY));
    }
  }
  return { title, measuredAt: new Date().toISOString(), nanos: Object.fromEntries(least), must: 1.3 };
}

function nanosOf(step: Step): number {
  let missed = 0;
  const began = process.hrtime.bigint();
  for (let at = 0; at < operations; at += 1) if (step(at) === null) missed += 1;
  const nanos = Number(process.hrtime.bigint() - began) / operations;
  if (missed > 0) throw new Error('a step found nothing');
  return nanos;
}

const results = [
  measured(
    'Lookup of a route among so many',
    [10, 100, 1000, 10_000, 100_000].map((count) => [count, lookup(count)]),
  ),
  measured(
    'Pick of an endpoint among so many',
    [1, 10, 100, 1000, 5000].map((count) => [count, pick(count)]),
  ),
];
console.log(JSON.stringify(results));
process.exit(0);
