// Turnpike as a chart would install it, but by processes: a control plane of Kubernetes, two controllers, and the
// data planes of the Gateway default/edge on 10.89.1.1 and up. Drives by kubectl, decides nothing of a journey.
import type { TestContext } from 'node:test';
import type { RequestInit } from 'undici';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { Controller } from './controller.ts';
import { DataPlane } from './data-plane.ts';
import { objectPath } from './object-path.ts';
import { service } from './objects.ts';
import { controllerRights } from './rights.ts';
import { storedKinds } from './stored-kinds.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';

const gateway = { namespace: 'default', name: 'edge' };

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/** A GatewayClass and a Gateway with one HTTP listener that asks for the addresses of `dataPlanes` data planes. */
export function edgeGateway(dataPlanes: number): readonly object[] {
  const addresses = Array.from({ length: dataPlanes }, (_, index) => ({
    type: 'IPAddress',
    value: addressIn('dataPlane', index + 1),
  }));
  return [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'turnpike' },
      spec: { controllerName: 'turnpike.dev/gateway-controller' },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: gateway,
      spec: {
        gatewayClassName: 'turnpike',
        addresses,
        listeners: [
          { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'All' } } },
        ],
      },
    },
  ];
}

/** What names an object; what else it has is the API server's to judge. */
export interface ApplicableObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface InstallOptions {
  /** More arguments for each controller. */
  readonly controllerArgs?: readonly string[];
  /** The namespaces that controllers may serve, and do; left out: all. */
  readonly watchNamespaces?: readonly string[];
  /** More arguments for the API server. */
  readonly apiServerArgs?: readonly string[];
}

/** One installation for the tests of a file. */
export class Turnpike {
  readonly cluster: ControlPlane;
  readonly controllers: readonly Controller[];
  readonly dataPlanes: DataPlane[] = [];

  /** Starts a cluster that has all kinds, gives the rights, and resolves when two controllers are ready. */
  static async install({
    controllerArgs = [],
    watchNamespaces = [],
    apiServerArgs = [],
  }: InstallOptions = {}): Promise<Turnpike> {
    const cluster = await startControlPlane({ store: await storedKinds(), apiServerArgs });
    let turnpike: Turnpike | undefined;
    try {
      const input = await controllerRights(watchNamespaces);
      await cluster.kubectl(['apply', '--server-side', '--filename=-'], { input });
      const args = [
        ...controllerArgs,
        ...(watchNamespaces.length === 0 ? [] : [`--watch-namespaces=${watchNamespaces.join(',')}`]),
      ];
      turnpike = new Turnpike(cluster, [
        await Controller.prepare(cluster, 1, args),
        await Controller.prepare(cluster, 2, args),
      ]);
      await Promise.all(turnpike.controllers.map((one) => one.start()));
      return turnpike;
    } catch (error) {
      await (turnpike ?? cluster).stop();
      throw error;
    }
  }

  /** As {@link install}, and resolves when `dataPlanes` data planes serve the Gateway and it says so. */
  static async serve(dataPlanes = 3): Promise<Turnpike> {
    const turnpike = await Turnpike.install();
    try {
      await turnpike.apply(...edgeGateway(dataPlanes));
      await turnpike.startDataPlanes(dataPlanes);
      await turnpike.kubectl('wait', '--for=condition=Programmed', '--timeout=30s', 'gateway/edge');
      return turnpike;
    } catch (error) {
      await turnpike.tellLogs();
      await turnpike.stop();
      throw error;
    }
  }

  private constructor(cluster: ControlPlane, controllers: readonly Controller[]) {
    this.cluster = cluster;
    this.controllers = controllers;
  }

  /** The data planes' addresses, which are the Gateway's. */
  get addresses(): readonly string[] {
    return this.dataPlanes.map(({ address }) => address);
  }

  /**
   * Makes what will be made for each Gateway: the ServiceAccount that may have its snapshot, the Service that tells
   * how many data planes there are, and `count` of them.
   */
  async startDataPlanes(count: number): Promise<void> {
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const name = infrastructureName(gateway.name, 'turnpike');
    await this.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: gateway.namespace, name } },
      ...service(
        name,
        numbers.map((number) => ({ address: addressIn('dataPlane', number) })),
      ),
    );
    const controllers = this.controllers.map(({ url }) => url);
    this.dataPlanes.push(
      ...(await Promise.all(numbers.map((number) => this.prepareDataPlane(number, controllers)))),
    );
    await Promise.all(this.dataPlanes.map((one) => one.start()));
  }

  /** A data plane that is not started, and is none of {@link dataPlanes}. */
  prepareDataPlane(number: number, controllers: readonly string[]): Promise<DataPlane> {
    return DataPlane.prepare({ cluster: this.cluster, number, gateway, controllers });
  }

  /** kubectl as administrator. */
  kubectl(...args: readonly string[]): Promise<string> {
    return this.cluster.kubectl(args);
  }

  /** kubectl apply of YAML texts and objects. */
  async apply(...manifests: readonly (string | object)[]): Promise<void> {
    const texts = manifests.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    await this.cluster.kubectl(['apply', '--server-side', '--filename=-'], { input: texts.join('\n---\n') });
  }

  /**
   * The object: `httproute/shop`, in `namespace`. The API server itself is asked, as many times a second: kubectl takes more
   * of the machine to start than what is waited for.
   */
  async get(name: string, namespace = 'default'): Promise<unknown> {
    const response = await this.cluster.fetch(objectPath(name, namespace));
    const body = await response.json();
    if (!response.ok) throw new Error(`${name} in ${namespace}: ${JSON.stringify(body)}`);
    return body;
  }

  /** `kubectl apply --server-side` of one object, without the 100 ms that it takes kubectl to start. */
  async put(object: ApplicableObject): Promise<void> {
    const { kind, metadata } = object;
    const place = objectPath(`${kind}/${metadata.name}`, metadata.namespace ?? 'default');
    await this.#change(`${place}?fieldManager=kubectl&force=true`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: JSON.stringify(object),
    });
  }

  /** The object (`httproute/shop`) is gone, or will be when its finalizers are; also when there was none. */
  async remove(name: string, namespace = 'default'): Promise<void> {
    await this.#change(objectPath(name, namespace), { method: 'DELETE' });
  }

  async #change(place: string, init: RequestInit): Promise<void> {
    const response = await this.cluster.fetch(place, init);
    const body = await response.text();
    const isGone = init.method === 'DELETE' && response.status === 404;
    if (!response.ok && !isGone) throw new Error(`${init.method} ${place}: ${body}`);
  }

  /** Our conditions of a route or policy at the first of its parents or targets, or those of a Gateway. */
  async conditions(name: string, namespace = 'default'): Promise<readonly Condition[]> {
    const { status } = (await this.get(name, namespace)) as {
      status?: {
        conditions?: Condition[];
        parents?: { controllerName: string; conditions: Condition[] }[];
        ancestors?: { controllerName: string; conditions: Condition[] }[];
      };
    };
    const entries = status?.parents ?? status?.ancestors;
    const own = entries?.find((one) => one.controllerName.startsWith('turnpike.dev/'));
    return own?.conditions ?? (entries === undefined ? status?.conditions : undefined) ?? [];
  }

  /** Resolves once the condition `type` is as `expected` (`True`, or a reason). Rejects with what it was instead. */
  async until(name: string, type: string, expected: string, namespace = 'default'): Promise<Condition> {
    let seen: readonly Condition[] = [];
    try {
      return await eventually(`${name} has ${type} ${expected}`, async () => {
        seen = await this.conditions(name, namespace);
        return seen.find((one) => one.type === type && (one.status === expected || one.reason === expected));
      });
    } catch (cause) {
      throw new Error(`${name}: not ${type} ${expected}: ${JSON.stringify(seen)}`, { cause });
    }
  }

  /** The replica that leads, by the Lease. */
  async leader(): Promise<Controller> {
    return eventually('a replica that runs leads', async () => {
      const { spec } = (await this.get('lease/turnpike-controller', 'turnpike-system')) as {
        spec: { holderIdentity: string };
      };
      return this.controllers.find(({ name, running }) => running && name === spec.holderIdentity);
    });
  }

  /**
   * SIGKILL for the leader; resolves with it once the other replica leads. Nobody waits for the end of the lease, which
   * says that it is over in a second.
   */
  async replaceLeader(): Promise<Controller> {
    const leader = await this.leader();
    await leader.kill();
    const lease = ['lease/turnpike-controller', '--namespace=turnpike-system', '--type=merge'];
    await this.kubectl('patch', ...lease, '--patch={"spec":{"leaseDurationSeconds":1}}');
    await eventually('another leads', async () => (await this.leader()) !== leader || undefined);
    return leader;
  }

  /** For `afterEach`: shows the end of every log when the test has failed. */
  async tellFailure(test: TestContext): Promise<void> {
    if (!test.passed) await this.tellLogs();
  }

  async tellLogs(): Promise<void> {
    for (const one of [...this.controllers, ...this.dataPlanes]) {
      console.error(`--- the end of the log of ${one.name}:\n${await one.logEnd()}`);
    }
  }

  /** Ends every process, the cluster last. */
  async stop(): Promise<void> {
    await Promise.all(this.dataPlanes.map((one) => one.stop()));
    await Promise.all(this.controllers.map((one) => one.stop()));
    await this.cluster.stop();
  }
}
