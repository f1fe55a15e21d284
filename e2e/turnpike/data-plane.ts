import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { entryPoint } from '../images/entry-point.ts';
import { addressIn } from '../cluster/namespace.ts';
import { ServerProcess } from '../cluster/server-process.ts';
import { ask } from './client.ts';
import { tokenOf, turnpikeAudience } from './service-account.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';
import type { Answer, Ask } from './client.ts';

const program = path.join(import.meta.dirname, '../../dataplane/main.ts');

export interface DataPlaneSite {
  readonly cluster: ControlPlane;
  /** From 1: its address is 10.89.1.NUMBER. */
  readonly number: number;
  /** Of the Gateway, whose class is `turnpike`. */
  readonly gateway: { readonly namespace: string; readonly name: string };
  /** `https://host:port` of the controllers it may use. */
  readonly controllers: readonly string[];
}

/** One data plane of a Gateway: a process that knows of the cluster only its token and the authority's certificate. */
export class DataPlane {
  readonly name: string;
  readonly address: string;
  readonly #cluster: ControlPlane;
  readonly #args: readonly string[];
  #controllers: readonly string[];
  #process: ServerProcess | undefined;

  /** Writes what a pod would have mounted. It is not started yet. */
  static async prepare(site: DataPlaneSite): Promise<DataPlane> {
    const { cluster, number, gateway } = site;
    const account = {
      namespace: gateway.namespace,
      name: infrastructureName(gateway.name, 'turnpike'),
    };
    const tokenFile = path.join(cluster.folder, `data-plane-${number}.token`);
    await writeFile(tokenFile, await tokenOf(cluster, account, turnpikeAudience), { mode: 0o600 });
    const caFile = path.join(cluster.folder, 'ca.crt');
    const ca = ['get', 'configmap', 'turnpike-ca', '--namespace=turnpike-system'];
    await writeFile(caFile, await cluster.kubectl([...ca, '--output=jsonpath={.data.ca\\.crt}']));
    return new DataPlane(site, { tokenFile, caFile });
  }

  private constructor(
    { cluster, number, gateway, controllers }: DataPlaneSite,
    mounted: { readonly tokenFile: string; readonly caFile: string },
  ) {
    this.name = `data-plane-${number}`;
    this.address = addressIn('dataPlane', number);
    this.#cluster = cluster;
    this.#controllers = controllers;
    this.#args = [
      program,
      `--gateway=${gateway.namespace}/${gateway.name}`,
      `--ca-file=${mounted.caFile}`,
      `--token-file=${mounted.tokenFile}`,
      `--state-folder=${path.join(cluster.folder, this.name)}`,
      `--instance=${this.name}`,
      `--address=${this.address}`,
      `--admin-address=${this.address}:9901`,
      '--access-log=off',
      '--drain-accept=0',
      '--drain-idle=1',
      '--drain-deadline=3',
    ];
  }

  /** Of the running process. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Resolves when it is ready: it serves a complete snapshot. Node is told what the image tells it, and `nodeOptions`. */
  async start(...nodeOptions: readonly string[]): Promise<void> {
    this.#process = new ServerProcess({
      program: process.execPath,
      args: [
        ...entryPoint('dataplane').nodeOptions,
        ...nodeOptions,
        ...this.#args,
        `--controller=${this.#controllers.join(',')}`,
      ],
      logFile: path.join(this.#cluster.folder, `${this.name}.log`),
      isReady: async () => (await fetch(`http://${this.address}:9901/readyz`)).ok,
    });
    await this.#process.whenReady();
  }

  /** Ends it, and starts it anew with these controllers. */
  async restart(controllers: readonly string[]): Promise<void> {
    await this.stop();
    this.#controllers = controllers;
    await this.start();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async logEnd(): Promise<string> {
    return (await this.#process?.logEnd()) ?? '';
  }

  /** One request on a connection of its own. */
  ask(request: Ask): Promise<Answer> {
    return ask(this.address, request);
  }

  /** The whole page of metrics. */
  async metrics(): Promise<string> {
    return (await fetch(`http://${this.address}:9901/metrics`)).text();
  }
}
