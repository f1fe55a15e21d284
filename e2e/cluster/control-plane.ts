/**
 * A Kubernetes control plane for one test file: etcd and the API server as they are released, started as processes.
 * There is no node, no scheduler and no controller, so nothing happens but what a test does: Pods stay pending, and
 * ServiceAccounts and EndpointSlices are the test's to create.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Agent, type RequestInit, type Response, fetch } from 'undici';
import { type Binaries, binaries } from './binaries.ts';
import { ClusterError } from './cluster-error.ts';
import { outputOf } from './command.ts';
import { type ClientCredentials, type Credentials, createCredentials } from './credentials.ts';
import { freePorts } from './free-ports.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { isInNamespace, nodeAddress } from './namespace.ts';
import { type ServerCommand, ServerProcess } from './server-process.ts';

export type ControlPlaneOptions = {
  /** The folder to put the folder of data, keys and logs in. Default: the system's for temporary files. */
  readonly dir?: string;
  /** More arguments for kube-apiserver, such as a feature gate. */
  readonly apiServerArgs?: readonly string[];
  /** The folder of a store that another one has kept, of which it begins with a copy. Left out: with nothing. */
  readonly store?: string;
};

export type ControlPlane = {
  /** Of the API server, such as https://10.89.0.1:20003, without a slash at the end. */
  readonly url: string;
  /** The path of a kubeconfig of the administrator. */
  readonly kubeconfig: string;
  /** What the administrator shows. */
  readonly admin: ClientCredentials;
  /** The folder that holds everything of this control plane, logs too. It goes with `stop`. */
  readonly folder: string;
  /** Runs kubectl as administrator, and resolves with what it prints. Rejects with what it complains of. */
  kubectl(args: readonly string[], options?: { readonly input?: string }): Promise<string>;
  /** Asks the API server as administrator. `apiPath` begins with a slash. */
  fetch(apiPath: string, init?: RequestInit): Promise<Response>;
  /** Ends the API server as a crash would. etcd keeps what was stored. */
  killApiServer(): Promise<void>;
  /** Starts the API server again, on the same address. Resolves when it is ready. */
  restartApiServer(): Promise<void>;
  /** Ends all processes and removes the folder. What etcd has stored is copied into the folder `store`, if told. */
  stop(options?: { readonly store?: string }): Promise<void>;
};

const serviceAddresses = { range: '10.96.0.0/16', kubernetes: '10.96.0.1' } as const;

/** The issuer of ServiceAccount tokens, and their audience when none is asked for. */
const issuer = 'https://kubernetes.default.svc.cluster.local';

/**
 * Starts etcd and the API server, and resolves when the API server is ready. Needs the namespace (see namespace.ts).
 * When something does not start, everything is ended, and the error holds the end of its log.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  if (!isInNamespace()) {
    throw new ClusterError(
      'missing',
      'A control plane runs in the namespace that `npm run e2e` makes; start the test by it',
    );
  }
  const programs = await binaries();
  const folder = await mkdtemp(path.join(options.dir ?? os.tmpdir(), 'control-plane-'));
  let controlPlane: LocalControlPlane | undefined;
  try {
    if (options.store !== undefined) await copyStore(options.store, storeIn(folder));
    controlPlane = await LocalControlPlane.prepare({
      programs,
      folder,
      apiServerArgs: options.apiServerArgs ?? [],
    });
    await controlPlane.start();
    return controlPlane;
  } catch (error) {
    await controlPlane?.stop();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

type Site = {
  readonly programs: Binaries;
  readonly folder: string;
  readonly apiServerArgs: readonly string[];
};

class LocalControlPlane implements ControlPlane {
  readonly url: string;
  readonly kubeconfig: string;
  readonly admin: ClientCredentials;
  readonly folder: string;
  readonly #kubectl: string;
  readonly #agent: Agent;
  readonly #commands: { readonly etcd: ServerCommand; readonly apiServer: ServerCommand };
  #etcd: ServerProcess | undefined;
  #apiServer: ServerProcess | undefined;

  static async prepare(site: Site): Promise<LocalControlPlane> {
    const { folder } = site;
    const addresses = [nodeAddress, '127.0.0.1', serviceAddresses.kubernetes];
    const credentials = await createCredentials(path.join(folder, 'keys'), addresses);
    const [client = 0, peer = 0, secure = 0] = await freePorts(nodeAddress, 3);
    const controlPlane = new LocalControlPlane(site, credentials, { client, peer, secure });
    await writeKubeconfig(controlPlane.kubeconfig, controlPlane.url, credentials.admin);
    return controlPlane;
  }

  private constructor(site: Site, credentials: Credentials, ports: Ports) {
    const { admin } = credentials;
    this.url = `https://${nodeAddress}:${ports.secure}`;
    this.folder = site.folder;
    this.kubeconfig = path.join(site.folder, 'kubeconfig');
    this.admin = admin;
    this.#kubectl = site.programs.kubectl;
    this.#agent = new Agent({ connect: { ca: admin.authority, cert: admin.certificate, key: admin.key } });
    this.#commands = {
      etcd: {
        program: site.programs.etcd,
        args: etcdArgs(site.folder, ports),
        logFile: path.join(site.folder, 'etcd.log'),
        isReady: async () => (await fetch(`${etcdUrl(ports.client)}/readyz`)).ok,
      },
      apiServer: {
        program: site.programs['kube-apiserver'],
        args: [...apiServerArgs(credentials, ports), ...site.apiServerArgs],
        logFile: path.join(site.folder, 'kube-apiserver.log'),
        isReady: async () => (await this.fetch('/readyz')).ok,
      },
    };
  }

  async start(): Promise<void> {
    this.#etcd = new ServerProcess(this.#commands.etcd);
    await this.#etcd.whenReady();
    await this.restartApiServer();
  }

  async kubectl(args: readonly string[], options: { readonly input?: string } = {}): Promise<string> {
    const cache = path.join(this.folder, 'kubectl-cache');
    return outputOf(this.#kubectl, [...args, '--kubeconfig', this.kubeconfig, '--cache-dir', cache], options);
  }

  async fetch(apiPath: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${apiPath}`, { ...init, dispatcher: this.#agent });
  }

  async killApiServer(): Promise<void> {
    await this.#apiServer?.kill();
    this.#apiServer = undefined;
  }

  async restartApiServer(): Promise<void> {
    await this.#apiServer?.stop();
    this.#apiServer = new ServerProcess(this.#commands.apiServer);
    await this.#apiServer.whenReady();
  }

  async stop({ store }: { readonly store?: string } = {}): Promise<void> {
    await this.#agent.destroy();
    // Nothing is left for them to put in order: etcd can go on with what a killed one has written.
    await Promise.all([this.#apiServer?.kill(), this.#etcd?.kill()]);
    if (store !== undefined) await copyStore(storeIn(this.folder), store);
    await rm(this.folder, { recursive: true, force: true });
  }
}

type Ports = { readonly client: number; readonly peer: number; readonly secure: number };

function storeIn(folder: string): string {
  return path.join(folder, 'etcd');
}

// Most of it is room that etcd has made for what comes, so holes are kept. It refuses a folder that others may read.
async function copyStore(from: string, to: string): Promise<void> {
  await outputOf('cp', ['--recursive', '--sparse=always', '--no-target-directory', from, to]);
  await chmod(to, 0o700);
}

function etcdUrl(port: number): string {
  return `http://${nodeAddress}:${port}`;
}

function etcdArgs(folder: string, ports: Ports): readonly string[] {
  const peer = etcdUrl(ports.peer);
  const client = etcdUrl(ports.client);
  return [
    '--name=e2e',
    `--data-dir=${storeIn(folder)}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=e2e=${peer}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiServerArgs(credentials: Credentials, ports: Ports): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl(ports.client)}`,
    `--bind-address=${nodeAddress}`,
    `--advertise-address=${nodeAddress}`,
    `--secure-port=${ports.secure}`,
    `--tls-cert-file=${credentials.server.certificateFile}`,
    `--tls-private-key-file=${credentials.server.keyFile}`,
    `--client-ca-file=${credentials.authorityFile}`,
    '--authorization-mode=Node,RBAC',
    `--service-account-issuer=${issuer}`,
    `--service-account-key-file=${credentials.serviceAccounts.publicKeyFile}`,
    `--service-account-signing-key-file=${credentials.serviceAccounts.keyFile}`,
    `--api-audiences=${issuer}`,
    `--service-cluster-ip-range=${serviceAddresses.range}`,
    // Beta in 1.34, and off: the Gateway API may name such bundles as certificate authorities.
    '--feature-gates=ClusterTrustBundle=true',
    '--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true',
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
  ];
}
