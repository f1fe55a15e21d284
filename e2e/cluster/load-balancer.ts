/**
 * Gives Services of type LoadBalancer their addresses, as a cloud does: a small process of its own beside the cluster's
 * servers. kube-proxy answers on whatever address stands in a Service's status, so to write it there is all there is to do.
 * Called with the path of a kubeconfig as writeKubeconfig writes it.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, type Dispatcher, fetch } from 'undici';
import { jsonLines } from './json-lines.ts';
import { type LoadBalancerService, assignments } from './load-balancer-addresses.ts';

type ServiceObject = {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly type?: string;
    readonly loadBalancerClass?: string;
    readonly loadBalancerIP?: string;
  };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
};

type WatchEvent = { readonly type: string; readonly object: ServiceObject };

const retryMs = 300;

class LoadBalancer {
  readonly #url: string;
  readonly #dispatcher: Dispatcher;
  readonly #services = new Map<string, ServiceObject>();

  constructor(url: string, dispatcher: Dispatcher) {
    this.#url = url;
    this.#dispatcher = dispatcher;
  }

  /** Lists, watches, and begins anew when the API server ends the watch, or is away. */
  async run(): Promise<never> {
    for (;;) {
      try {
        await this.#follow(await this.#list());
      } catch (error) {
        console.error(`load balancer: ${String(error)}, ${String((error as Error).cause)}`);
      }
      await pause(retryMs);
    }
  }

  async #list(): Promise<string> {
    const response = await this.#fetch('/api/v1/services');
    const list = (await response.json()) as {
      readonly metadata: { readonly resourceVersion: string };
      readonly items: readonly ServiceObject[];
    };
    this.#services.clear();
    for (const service of list.items) this.#services.set(service.metadata.uid, service);
    await this.#assign();
    return list.metadata.resourceVersion;
  }

  async #follow(resourceVersion: string): Promise<void> {
    const query = new URLSearchParams({ watch: 'true', resourceVersion, allowWatchBookmarks: 'true' });
    const response = await this.#fetch(`/api/v1/services?${query.toString()}`);
    assert.ok(response.body);
    for await (const line of jsonLines(response.body)) {
      const { type, object } = line as WatchEvent;
      if (type === 'ERROR') return;
      if (type === 'BOOKMARK') continue;
      if (type === 'DELETED') this.#services.delete(object.metadata.uid);
      else this.#services.set(object.metadata.uid, object);
      await this.#assign();
    }
  }

  async #assign(): Promise<void> {
    const wanted = [...this.#services.values()].filter(isOurs).sort(byAge).map(described);
    for (const [uid, address] of assignments(wanted)) {
      const service = this.#services.get(uid);
      if (service === undefined || assignedTo(service) === address) continue;
      this.#services.set(uid, withAddress(service, address));
      await this.#write(service, address);
    }
  }

  async #write({ metadata }: ServiceObject, address: string | null): Promise<void> {
    const ingress = address === null ? [] : [{ ip: address }];
    await this.#fetch(`/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}/status`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ metadata: { uid: metadata.uid }, status: { loadBalancer: { ingress } } }),
    });
    console.log(`${metadata.namespace}/${metadata.name}: ${address ?? 'pending'}`);
  }

  async #fetch(
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) {
    const response = await fetch(`${this.#url}${path}`, { ...init, dispatcher: this.#dispatcher });
    // A Service may be gone or be another one by the time it is written to; the watch tells next.
    if (response.ok || (init.method === 'PATCH' && [404, 409, 422].includes(response.status)))
      return response;
    throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }
}

function isOurs({ metadata, spec }: ServiceObject): boolean {
  return (
    spec.type === 'LoadBalancer' &&
    spec.loadBalancerClass === undefined &&
    metadata.deletionTimestamp === undefined
  );
}

function byAge(a: ServiceObject, b: ServiceObject): number {
  const order = a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp);
  return order === 0 ? a.metadata.uid.localeCompare(b.metadata.uid) : order;
}

function assignedTo({ status }: ServiceObject): string | null {
  return status?.loadBalancer?.ingress?.[0]?.ip ?? null;
}

function described(service: ServiceObject): LoadBalancerService {
  return {
    uid: service.metadata.uid,
    requested: service.spec.loadBalancerIP || null,
    assigned: assignedTo(service),
  };
}

function withAddress(service: ServiceObject, address: string | null): ServiceObject {
  return { ...service, status: { loadBalancer: { ingress: address === null ? [] : [{ ip: address }] } } };
}

type Kubeconfig = {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
};

const file = process.argv[2];
assert.ok(file !== undefined, 'usage: load-balancer.ts KUBECONFIG');
const kubeconfig = JSON.parse(await readFile(file, 'utf8')) as Kubeconfig;
const [{ cluster }] = kubeconfig.clusters;
const [{ user }] = kubeconfig.users;
const pem = (base64: string) => Buffer.from(base64, 'base64').toString();
const connect = {
  ca: pem(cluster['certificate-authority-data']),
  cert: pem(user['client-certificate-data']),
  key: pem(user['client-key-data']),
};
// A watch is quiet for as long as nothing changes.
await new LoadBalancer(cluster.server, new Agent({ connect, bodyTimeout: 0 })).run();
