/**
 * A cluster as tests use it: the harness's own, or one that a person has. With E2E_KUBECONFIG set it is the latter:
 * kubectl and helm are those in PATH, and images go to the registry E2E_IMAGE_REGISTRY.
 */
import path from 'node:path';
import { type Client, clientOf } from './client.ts';
import { ClusterError } from './cluster-error.ts';
import { findBuildah } from './buildah.ts';
import { type CommandOptions, outputOf } from './command.ts';
import { importArchive, namesIn } from './containerd.ts';
import { killDaemon } from './daemon.ts';
import type { Channel } from './gateway-api-crds.ts';
import { startServer, statusOf, up } from './lifecycle.ts';
import { type ClusterPrograms, clusterPrograms } from './node-programs.ts';
import type { ServerName } from './servers.ts';
import { type Site, defaultName, inNetwork, nameVariable, siteOf } from './site.ts';

/** What a test sees of a cluster, whoever made it. */
export interface Cluster {
  readonly name: string;
  /** The path of a kubeconfig of an administrator. */
  readonly kubeconfig: string;
  /** The programs that are called, for who starts them in another way. */
  readonly programs: { readonly kubectl: string; readonly helm: string };
  /** Its only node and all around it; null in a cluster that is not the harness's. */
  readonly node: ClusterNode | null;
  /** Runs kubectl as administrator, and resolves with what it prints. Rejects with what it complains of. */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Runs helm as administrator, and resolves with what it prints. Rejects with what it complains of. */
  helm(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Creates the objects or changes them, server-side. */
  apply(objects: readonly object[]): Promise<void>;
  /** Resolves when the condition is true, as `kubectl wait` has it: `for` is 'condition=Available', 'delete', ... */
  waitFor(wait: Wait): Promise<void>;
  /**
   * Puts the images of `docker save` archives where pods find them, unless they are there, and resolves with the names to
   * write into pods, in the archives' order.
   */
  loadImages(archives: readonly string[]): Promise<readonly string[]>;
  /** The words that run the command after them where the cluster's addresses are reached, kubectl and helm in its PATH. */
  readonly entry: readonly [string, ...string[]];
  /** KUBECONFIG, PATH and what leads `findCluster` to this cluster. */
  readonly env: NodeJS.ProcessEnv;
}

export type Wait = {
  readonly for: string;
  /** Such as 'deployment/hello' or 'pods --selector=app=hello', as words. */
  readonly resource: readonly string[];
  readonly namespace?: string;
  /** 60,000 when not given. */
  readonly deadlineMs?: number;
};

/** What can be done to the harness's own cluster only. */
export interface ClusterNode {
  /** Ends a server of the cluster as a crash would. Resolves when it is gone; nothing starts it again. */
  kill(server: ServerName): Promise<void>;
  /**
   * Starts a server that is gone, and resolves when it can be used. With the API server come a new controller manager and
   * scheduler, as they end elsewhere when it is away. kubelet and kube-proxy live on and ask again ever more rarely: after a
   * minute without API server they hear of changes up to a minute later. To kill and start them too is quicker.
   */
  start(server: ServerName): Promise<void>;
  /** A client with the address 10.89.3.`host` of its own, `host` from 1 to 254. */
  client(host: number): Promise<Client>;
}

/**
 * The cluster that is there: the one named, else the one the test was started for, else the default one.
 * Rejects with a ClusterError `missing` when it is not up.
 */
export async function findCluster(name = defaultName()): Promise<Cluster> {
  const given = process.env['E2E_KUBECONFIG'];
  if (given) return new GivenCluster(path.resolve(given), process.env['E2E_IMAGE_REGISTRY']);
  const { ground, servers } = await statusOf(name);
  if (ground !== 'whole' || servers.containerd === null) {
    const remedy = `npm run e2e:cluster -- up --name ${name}`;
    throw new ClusterError('missing', `There is no cluster ${name}: ${remedy}`);
  }
  return new OwnCluster(siteOf(name), await clusterPrograms());
}

/** The cluster, brought up first when it is not, or when something of it is missing. */
export async function startCluster(
  options: { readonly name?: string; readonly gatewayApi?: Channel } = {},
): Promise<Cluster> {
  const name = options.name ?? defaultName();
  if (!process.env['E2E_KUBECONFIG']) await up(name, { gatewayApi: options.gatewayApi ?? null });
  return findCluster(name);
}

abstract class KubernetesCluster {
  abstract readonly name: string;
  abstract readonly kubeconfig: string;
  abstract readonly programs: Cluster['programs'];
  abstract readonly entry: readonly [string, ...string[]];
  abstract readonly env: NodeJS.ProcessEnv;

  async kubectl(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return this.#run(this.programs.kubectl, args, options);
  }

  async helm(args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return this.#run(this.programs.helm, args, options);
  }

  async apply(objects: readonly object[]): Promise<void> {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await this.kubectl(['apply', '--server-side', '--filename', '-'], { input });
  }

  async waitFor(wait: Wait): Promise<void> {
    const deadlineMs = wait.deadlineMs ?? 60_000;
    const namespace = wait.namespace === undefined ? [] : ['--namespace', wait.namespace];
    const until = [`--for=${wait.for}`, `--timeout=${Math.ceil(deadlineMs / 1000)}s`];
    await this.kubectl(['wait', ...namespace, ...until, ...wait.resource], {
      deadlineMs: deadlineMs + 5_000,
    });
  }

  async #run(program: string, args: readonly string[], options: CommandOptions): Promise<string> {
    const [first, ...rest] = [...this.entry, program, ...args];
    return outputOf(first, rest, { ...options, env: { ...this.env, ...options.env } });
  }
}

class OwnCluster extends KubernetesCluster implements Cluster {
  readonly name: string;
  readonly kubeconfig: string;
  readonly programs: Cluster['programs'];
  readonly node: ClusterNode;
  readonly entry: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly #site: Site;

  constructor(site: Site, programs: ClusterPrograms) {
    super();
    this.name = site.name;
    this.kubeconfig = site.kubeconfig;
    this.programs = { kubectl: programs.kubectl, helm: programs.helm };
    this.entry = inNetwork(site);
    this.#site = site;
    const folders = [programs.kubectl, programs.helm].map((program) => path.dirname(program));
    this.env = {
      ...process.env,
      PATH: [...folders, process.env['PATH'] ?? ''].join(':'),
      KUBECONFIG: site.kubeconfig,
      KUBECACHEDIR: path.join(site.folder, 'kubectl-cache'),
      HELM_CACHE_HOME: path.join(site.folder, 'helm'),
      [nameVariable]: site.name,
    };
    this.node = {
      kill: async (server) => killDaemon(site, server),
      start: async (server) => startServer(site, programs, server),
      client: async (host) => clientOf(site, host),
    };
  }

  async loadImages(archives: readonly string[]): Promise<readonly string[]> {
    const names: string[] = [];
    for (const archive of archives) names.push(...(await importArchive(this.#site, archive)));
    return names;
  }
}

class GivenCluster extends KubernetesCluster implements Cluster {
  readonly name = 'given';
  readonly kubeconfig: string;
  readonly programs = { kubectl: 'kubectl', helm: 'helm' };
  readonly node = null;
  // What `env` does is to run the command as it is: this machine reaches the cluster, or E2E_KUBECONFIG is in vain.
  readonly entry = ['env'] as const;
  readonly env: NodeJS.ProcessEnv;
  readonly #registry: string | undefined;

  constructor(kubeconfig: string, registry: string | undefined) {
    super();
    this.kubeconfig = kubeconfig;
    this.env = { ...process.env, KUBECONFIG: kubeconfig };
    this.#registry = registry;
  }

  async loadImages(archives: readonly string[]): Promise<readonly string[]> {
    if (!this.#registry) {
      const why = 'where your cluster pulls images from';
      throw new ClusterError('missing', `Set E2E_IMAGE_REGISTRY beside E2E_KUBECONFIG: ${why}`);
    }
    const buildah = await findBuildah('pushed-images');
    const pushed: string[] = [];
    for (const archive of archives) {
      const id = (await buildah.run('pull', '--quiet', `docker-archive:${archive}`)).trim();
      for (const name of await namesIn(archive)) {
        const there = `${this.#registry}/${withoutRegistry(name)}`;
        await buildah.run('push', id, `docker://${there}`);
        pushed.push(there);
      }
      await buildah.run('rmi', '--force', id);
    }
    return pushed;
  }
}

function withoutRegistry(image: string): string {
  return image.replace(/^(?:localhost|[^/]*[.:][^/]*)\//, '');
}
