// A Provisioner that leads, and the API server it writes to.
import { systemClock } from '#controller/clock.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { Provisioner } from '#controller/provision/provisioner.ts';
import type { ProvisionEvent } from '#controller/provision/apply.ts';
import { provisionedKinds } from '#controller/provision/plan/manifest.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { refuse, startApiServer, type ApiServer, type Fault } from '#test/given/api-server.ts';
import type {
  Infrastructure,
  WantedInfrastructure,
} from '#controller/translate/infrastructure/infrastructure.ts';
import { infrastructureParameters } from '#controller/translate/infrastructure/parameters.ts';
import type { ProvisioningProblem } from '#controller/translate/input.ts';
import type { Clock } from '#controller/clock.ts';
import type { TestContext } from 'node:test';

export const paths = Object.values(provisionedKinds).map(({ group, version, plural }) =>
  group === '' ? `/api/${version}/${plural}` : `/apis/${group}/${version}/${plural}`,
);
/** Paths of the kinds that are made. */
export const deployments = '/apis/apps/v1/deployments';
export const daemonSets = '/apis/apps/v1/daemonsets';
export const services = '/api/v1/services';
export const budgets = '/apis/policy/v1/poddisruptionbudgets';
const edge = gatewayKey('shop', 'edge');
export const name = 'edge-turnpike';

export function wanted(fields: Parameters<typeof infrastructureParameters>[0] = {}): WantedInfrastructure {
  return {
    kind: 'Wanted',
    namespace: 'shop',
    gateway: 'edge',
    className: 'turnpike',
    uid: 'a-uid',
    name,
    labels: {},
    annotations: {},
    ports: [{ number: 80, protocol: 'TCP' }],
    loadBalancerIP: null,
    clusterIP: null,
    parameters: infrastructureParameters(fields, {}),
  };
}

export async function given(t: TestContext, clock: Clock = systemClock) {
  const server = await startApiServer(t, ...paths);
  const client = new KubeClient(server.connection, systemClock);
  const problems: (ProvisioningProblem | null)[] = [];
  const events: ProvisionEvent[] = [];
  const provisioner = new Provisioner({
    client,
    clock,
    random: () => 0,
    platform: {
      controllerName: 'turnpike.dev/gateway-controller',
      image: 'turnpike/dataplane:1',
      pullPolicy: null,
      pullSecrets: [],
      controllerUrl: 'https://controller:8443',
      audience: 'turnpike.dev',
    },
    namespaces: null,
    observe: (_, problem) => problems.push(problem),
    report: (event) => events.push(event),
    reportWatch: () => {},
  });
  t.after(async () => {
    await provisioner.follow();
    await client.close();
  });
  const put = (infrastructure: Infrastructure) => provisioner.put(new Map([[edge, infrastructure]]));
  const start = (infrastructure: Infrastructure) => {
    put(infrastructure);
    provisioner.useAuthorities('PEM');
    provisioner.lead();
  };
  const written = () =>
    server.requests.filter(({ method }) => method === 'PATCH' || method === 'DELETE').length;
  const isDone = () => problems.at(-1) === null && problems.length > 0;
  return { server, provisioner, problems, events, put, start, written, isDone };
}

export function serviceType(server: ApiServer): unknown {
  const { type } = (server.get(services, 'shop', name)?.['spec'] ?? {}) as { readonly type?: unknown };
  return type;
}

export function portsOf(server: ApiServer): readonly unknown[] {
  const { ports = [] } = (server.get(services, 'shop', name)?.['spec'] ?? {}) as {
    readonly ports?: readonly { readonly port: unknown }[];
  };
  return ports.map(({ port }) => port);
}

/** Resolves when nothing has been written for a while. */
export async function quiet(written: () => number): Promise<void> {
  let before = -1;
  while (before !== written()) {
    before = written();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

export function failing(part: string, code: number, times = Infinity): Fault {
  let left = times;
  return ({ method, path }, response) => {
    if (method !== 'PATCH' || !path.includes(part) || left === 0) return false;
    left -= 1;
    return refuse(response, code);
  };
}
