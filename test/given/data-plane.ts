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
import type { DatagramLimits } from '#dataplane/listen/relay/datagram-server.ts';
import type { Rule, Runtime, RuntimeCell } from '#dataplane/runtime.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { UpstreamLimits } from '#dataplane/upstream/limits.ts';
import type { Upstreams } from '#dataplane/upstream/upstreams.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type { Cluster, ClusterSettings, Endpoint, Endpoints } from '#snapshot/cluster.ts';
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
  /** Replaces the cluster's endpoints by these loopback ports; those of `terminating` end. */
  setEndpoints(ports: readonly number[], terminating?: readonly number[]): void;
  /** Replaces parts of the cluster's settings. */
  configure(changes: Partial<ClusterSettings>): void;
}

export interface DataPlaneChoices {
  readonly limits?: Partial<Limits>;
  readonly upstreamLimits?: Partial<UpstreamLimits>;
  readonly datagramLimits?: Partial<DatagramLimits>;
  /** How the cluster's endpoints are called, where it is not as without any policy. */
  readonly cluster?: Partial<ClusterSettings>;
  readonly certificates?: readonly Certificate[];
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
  let settings: Cluster = { ...clusterResource, ...choices.cluster };
  let endpoints = endpointsResource(backendPorts, []);
  const apply = (): void =>
    upstreams.apply([settings], new Map([[endpointsId, endpoints]]), choices.certificates ?? []);
  apply();
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
    datagramLimits: choices.datagramLimits ?? {},
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
    setEndpoints(ports, terminating = []) {
      endpoints = endpointsResource(ports, terminating);
      apply();
    },
    configure(changes) {
      settings = { ...settings, ...changes };
      apply();
    },
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

function endpointsResource(ready: readonly number[], terminating: readonly number[]): Endpoints {
  const endpoint = (port: number, state: Endpoint['state']): Endpoint => ({
    address: '127.0.0.1',
    port,
    state,
    ...endpointDefaults,
  });
  const endpoints = [
    ...ready.map((port) => endpoint(port, 'Ready')),
    ...terminating.map((port) => endpoint(port, 'Terminating')),
  ];
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
