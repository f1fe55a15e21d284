// One journey: namespaces of its own on the shared installation, kubectl, requests and load. Decides nothing.
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { eventually } from '../cluster/eventually.ts';
import { ask } from '../turnpike/client.ts';
import { LoadProcess } from '../turnpike/load-process.ts';
import type { Patience } from '../cluster/eventually.ts';
import type { Answer, Ask, ClientOptions } from '../turnpike/client.ts';
import type { LoadReport } from '../turnpike/load-count.ts';
import type { ProcessLoadOptions } from '../turnpike/load-process.ts';
import type { Condition } from '../turnpike/turnpike.ts';
import { knownSite } from './site.ts';
import type { Site } from './site.ts';

/** A pod as far as journeys look at it. */
export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly address: string;
  readonly ready: boolean;
  readonly restarts: number;
}

/** A Gateway that is Programmed. */
export interface Edge {
  readonly address: string;
  /** One request on a connection of its own, port 80 unless told. */
  ask(request: Ask, options?: ClientOptions): Promise<Answer>;
}

/** Kubernetes is asked for its objects again before this is over. */
const namespaceDeadlineMs = 90_000;

export class Journey {
  readonly site: Site;
  readonly namespace: string;
  readonly #kubeconfig: string;
  readonly #namespaces: string[] = [];
  readonly #loads: LoadProcess[] = [];

  /** Makes the namespace, anew when a run that was cut short has left it. */
  static async begin(namespace: string): Promise<Journey> {
    const site = await knownSite();
    // A context of its own: `--namespace` would refuse objects that name another one.
    const kubeconfig = path.join(await mkdtemp(path.join(os.tmpdir(), 'journey-')), 'kubeconfig');
    await copyFile(site.cluster.kubeconfig, kubeconfig);
    const journey = new Journey(site, namespace, kubeconfig);
    await journey.kubectl('config', 'set-context', '--current', `--namespace=${namespace}`);
    await journey.addNamespace(namespace);
    return journey;
  }

  private constructor(site: Site, namespace: string, kubeconfig: string) {
    this.site = site;
    this.namespace = namespace;
    this.#kubeconfig = kubeconfig;
  }

  /** Another namespace of this journey, with labels. */
  async addNamespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait', '--timeout=90s');
    // What tenants may run is what the chart promises for data planes as well.
    const all = { 'pod-security.kubernetes.io/enforce': 'restricted', ...labels };
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: all } });
    this.#namespaces.push(name);
  }

  /** kubectl as administrator, in the journey's namespace unless the arguments name one. */
  kubectl(...args: readonly string[]): Promise<string> {
    return this.#kubectl(args);
  }

  /** `kubectl apply` of YAML texts and objects; those without a namespace go into the journey's. */
  async apply(...manifests: readonly (string | object)[]): Promise<void> {
    const texts = manifests.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    await this.#kubectl(
      ['apply', '--server-side', '--force-conflicts', '--filename=-'],
      texts.join('\n---\n'),
    );
  }

  /** The object by kubectl: `httproute/shop`. */
  async get(name: string, namespace = this.namespace): Promise<unknown> {
    return JSON.parse(await this.kubectl('get', name, `--namespace=${namespace}`, '--output=json'));
  }

  /** Our conditions of a route or policy at the first of its parents or targets, or those of a Gateway. */
  async conditions(name: string, namespace = this.namespace): Promise<readonly Condition[]> {
    const { status } = (await this.get(name, namespace)) as { status?: Status };
    const entries = status?.parents ?? status?.ancestors;
    if (entries === undefined) return status?.conditions ?? [];
    return entries.find((one) => one.controllerName.startsWith('turnpike.dev/'))?.conditions ?? [];
  }

  /** Resolves once the condition `type` is as `expected` (`True`, or a reason). Rejects with what it was instead. */
  async until(name: string, type: string, expected = 'True', namespace = this.namespace): Promise<Condition> {
    let seen: readonly Condition[] = [];
    const check = async () => {
      seen = await this.conditions(name, namespace);
      return seen.find((one) => one.type === type && (one.status === expected || one.reason === expected));
    };
    try {
      return await eventually(`${name} has ${type} ${expected}`, check, { deadlineMs: 60_000 });
    } catch (cause) {
      throw new Error(`${name}: not ${type} ${expected}: ${JSON.stringify(seen)}`, { cause });
    }
  }

  /** Resolves with the Gateway once it is Programmed and its address is answered on port 80. */
  async edge(name = 'edge', namespace = this.namespace): Promise<Edge> {
    await this.until(`gateway/${name}`, 'Programmed', 'True', namespace);
    const { status } = (await this.get(`gateway/${name}`, namespace)) as {
      status: { addresses: { value: string }[] };
    };
    const address = status.addresses[0]?.value ?? '';
    const edge: Edge = { address, ask: (request, options) => ask(address, request, options) };
    // What is outside (kube-proxy here, a cloud's load balancer elsewhere) hears of it a moment later.
    await eventually(`${address} is answered`, () => edge.ask({ path: '/' }), { intervalMs: 50 });
    return edge;
  }

  /** Resolves with the answer once it is as wanted: what was applied takes a moment to be served. */
  async answers(
    edge: Edge,
    request: Ask,
    wanted: number | ((answer: Answer) => boolean),
    patience?: Patience,
  ) {
    const isWanted = typeof wanted === 'number' ? (answer: Answer) => answer.status === wanted : wanted;
    let last: unknown;
    try {
      return await eventually(
        `${request.path} is answered as wanted`,
        async () => {
          const answer = await edge.ask(request);
          last = { status: answer.status, body: answer.body };
          return isWanted(answer) ? answer : undefined;
        },
        { intervalMs: 20, ...patience },
      );
    } catch (cause) {
      throw new Error(`${request.path}: ${String(wanted)} wanted, last ${JSON.stringify(last)}`, { cause });
    }
  }

  /** Resolves when all replicas of the Deployment are of its newest template and ready. */
  async rolledOut(deployment: string, namespace = this.namespace): Promise<void> {
    const rollout = ['rollout', 'status', `deployment/${deployment}`, `--namespace=${namespace}`];
    await this.kubectl(...rollout, '--timeout=120s');
  }

  /** The name of everything that is made for the Gateway. */
  infrastructure(gateway = 'edge'): string {
    return infrastructureName(gateway, this.site.gatewayClass);
  }

  /** The data planes of a Gateway that are not terminating. */
  dataPlanes(gateway = 'edge', namespace = this.namespace): Promise<readonly Pod[]> {
    return this.pods(`gateway.networking.k8s.io/gateway-name=${gateway}`, namespace);
  }

  /** The pods with these labels that are not terminating, by name. */
  async pods(labels: string, namespace = this.namespace): Promise<readonly Pod[]> {
    const get = ['get', 'pods', `--selector=${labels}`, `--namespace=${namespace}`, '--output=json'];
    const { items } = JSON.parse(await this.kubectl(...get)) as { items: readonly PodObject[] };
    return items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata, status }) => ({
        name: metadata.name,
        uid: metadata.uid,
        address: status.podIP ?? '',
        ready: status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
        restarts: status.containerStatuses?.[0]?.restartCount ?? 0,
      }));
  }

  /** A steady load on the Gateway, from the harness's first client if there is one, on 50 connections. It ends with the journey. */
  load(edge: Edge, options: Omit<ProcessLoadOptions, 'to'>): LoadProcess {
    const load = LoadProcess.start(
      { connections: 50, to: [edge.address], ...options },
      this.site.clients[0]?.entry,
    );
    this.#loads.push(load);
    return load;
  }

  /** What happened to requests of `load` while `act` ran, of which there were at least `count`, and one second longer. */
  async during(load: LoadProcess, count: number, act: () => Promise<unknown>): Promise<LoadReport> {
    await load.lap();
    await act();
    await load.sent(count);
    await pause(1_000);
    return load.lap();
  }

  /** For `afterEach`: shows what the cluster knows when the test has failed. */
  async tellFailure(test: TestContext): Promise<void> {
    if (test.passed) return;
    for (const namespace of [this.site.namespace, ...this.#namespaces]) {
      const of = `--namespace=${namespace}`;
      await this.#show('get', 'gateways,httproutes,deployments,services,pods', '--output=wide', of);
      await this.#show('get', 'events', '--sort-by=.lastTimestamp', of);
      for (const labels of [
        'app.kubernetes.io/component=controller',
        'gateway.networking.k8s.io/gateway-name',
      ]) {
        await this.#show('logs', `--selector=${labels}`, '--all-containers', '--prefix', '--tail=20', of);
      }
    }
  }

  /** Ends loads, and removes the namespaces; resolves once the API server has taken that up. */
  async end(): Promise<void> {
    for (const load of this.#loads) load.end();
    await this.#remove();
    await rm(path.dirname(this.#kubeconfig), { recursive: true });
  }

  async #remove(): Promise<void> {
    if (process.env['TURNPIKE_KEEP'] === '1' || this.#namespaces.length === 0) return;
    await this.kubectl('delete', 'namespace', ...this.#namespaces, '--ignore-not-found', '--wait=false');
  }

  /** Resolves when nothing is left of the journeys before, whose namespaces end while others go on. */
  async othersGone(): Promise<void> {
    const ending = ['get', 'namespaces', '--field-selector=status.phase=Terminating', '--output=name'];
    const check = async () => (await this.kubectl(...ending)) === '' || undefined;
    await eventually('the namespaces before are gone', check, { deadlineMs: namespaceDeadlineMs });
  }

  async #show(...args: readonly string[]): Promise<void> {
    const shown = await this.kubectl(...args).catch(String);
    console.error(`--- kubectl ${args.join(' ')}\n${shown.split('\n').slice(-60).join('\n')}`);
  }

  #kubectl(args: readonly string[], input = ''): Promise<string> {
    const env = { KUBECONFIG: this.#kubeconfig };
    return this.site.cluster.kubectl(args, { input, env, deadlineMs: 150_000 });
  }
}

interface Status {
  readonly conditions?: readonly Condition[];
  readonly parents?: readonly StatusEntry[];
  readonly ancestors?: readonly StatusEntry[];
}

interface StatusEntry {
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}
