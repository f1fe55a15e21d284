import { once } from 'node:events';
import net from 'node:net';
import { createListeners } from '#dataplane/listen/listeners.ts';
import { createUpstreams } from '#dataplane/upstream/upstreams.ts';
import { clusterDefaults, endpointDefaults } from '#snapshot/cluster-defaults.ts';
import { resourceId } from '#snapshot/ids.ts';
import { aPort, aRule, aRuntime } from './runtime.ts';
import type { RequestRecord } from '#dataplane/http/observer.ts';
import type { Limits } from '#dataplane/listen/limits.ts';
import type { Listeners, PortProblem } from '#dataplane/listen/listeners.ts';
import type { Rule, Runtime, RuntimeCell } from '#dataplane/runtime.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { UpstreamLimits } from '#dataplane/upstream/limits.ts';
import type { Upstreams } from '#dataplane/upstream/upstreams.ts';
import type { Cluster, Endpoint, Endpoints } from '#snapshot/cluster.ts';
import type { ResourceId } from '#snapshot/ids.ts';

/** The Gateway's port in these tests; what is bound is any free one. */
export const gatewayPort = 80;

/** A data plane's engine on loopback, with one cluster named `backend`. */
export interface GivenDataPlane extends Disposable {
  readonly cell: RuntimeCell;
  readonly listeners: Listeners;
  readonly upstreams: Upstreams;
  readonly cluster: UpstreamCluster;
  readonly records: readonly RequestRecord[];
  readonly problems: readonly PortProblem[];
  /** The bound port. */
  readonly port: number;
  /** Replaces the cluster's endpoints by these loopback ports. */
  setEndpoints(ports: readonly number[]): void;
}

export interface DataPlaneChoices {
  readonly limits?: Partial<Limits>;
  readonly upstreamLimits?: Partial<UpstreamLimits>;
  /** The one rule there is; forwards to the cluster by default. */
  readonly rule?: (cluster: UpstreamCluster) => Rule;
  /** The whole runtime, in place of one port with that rule. */
  readonly runtime?: (cluster: UpstreamCluster) => Runtime;
}

/** Starts one that forwards to `backendPorts` on loopback. */
export async function givenDataPlane(
  backendPorts: readonly number[],
  choices: DataPlaneChoices = {},
): Promise<GivenDataPlane> {
  const upstreams = createUpstreams({ limits: choices.upstreamLimits ?? {}, random: () => 0 });
  const setEndpoints = (ports: readonly number[]): void => {
    upstreams.apply([clusterResource], new Map([[endpointsId, endpointsResource(ports)]]));
  };
  setEndpoints(backendPorts);
  const cluster = upstreams.cluster(clusterResource.id);
  if (cluster === null) throw new Error('the cluster that was applied is not there');
  const rule = (choices.rule ?? aRule)(cluster);
  const cell = { current: choices.runtime?.(cluster) ?? aRuntime(aPort(gatewayPort, { '': () => rule })) };
  const records: RequestRecord[] = [];
  const problems: PortProblem[] = [];
  const listeners = createListeners({
    cell,
    observer: { exchangeFinished: (record) => void records.push(record) },
    limits: choices.limits ?? {},
    address: '127.0.0.1',
    bindPort: () => 0,
    problem: (problem) => void problems.push(problem),
  });
  await listeners.follow();
  const [first] = cell.current.ports.keys();
  return {
    cell,
    listeners,
    upstreams,
    cluster,
    records,
    problems,
    port: listeners.boundPort(first ?? gatewayPort) ?? 0,
    setEndpoints,
    [Symbol.dispose]() {
      listeners.close();
      upstreams.close();
    },
  };
}

const endpointsId = resourceId('Endpoints', 'default', 'backend');
const clusterResource: Cluster = {
  kind: 'Cluster',
  id: resourceId('Cluster', 'default', 'backend'),
  name: 'default/backend:80',
  endpoints: endpointsId,
  ...clusterDefaults,
};

function endpointsResource(ports: readonly number[]): Endpoints {
  const endpoints = ports.map((port): Endpoint => ({
    address: '127.0.0.1',
    port,
    state: 'Ready',
    ...endpointDefaults,
  }));
  return { kind: 'Endpoints', id: endpointsId satisfies ResourceId, endpoints };
}

/** A port of loopback on which nothing listens now. */
export async function anUnusedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
