import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { addressIn } from '../cluster/namespace.ts';
import { entryPoint } from '../images/entry-point.ts';
import { ServerProcess } from '../cluster/server-process.ts';
import { tokenOf, turnpikeAudience, writeAccountKubeconfig } from './service-account.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';

const account = { namespace: 'turnpike-system', name: 'turnpike-controller' };
const program = path.join(import.meta.dirname, '../../controller/main.ts');

/** One replica of the controller: a process with the rights of the chart, on an address of its own. */
export class Controller {
  readonly name: string;
  readonly address: string;
  readonly #cluster: ControlPlane;
  readonly #args: readonly string[];
  #process: ServerProcess | undefined;

  /** Of the replica `number`, from 1, with more arguments; it is not started yet. */
  static async prepare(
    cluster: ControlPlane,
    number: number,
    args: readonly string[] = [],
  ): Promise<Controller> {
    const name = `controller-${number}`;
    const kubeconfig = path.join(cluster.folder, `${name}.kubeconfig`);
    const tokenFile = path.join(cluster.folder, `${name}.token`);
    await writeAccountKubeconfig(cluster, account, kubeconfig);
    await writeFile(tokenFile, await tokenOf(cluster, account, turnpikeAudience), { mode: 0o600 });
    const address = addressIn('controller', number);
    return new Controller(cluster, { name, address, kubeconfig, tokenFile, args });
  }

  private constructor(
    cluster: ControlPlane,
    it: {
      readonly name: string;
      readonly address: string;
      readonly kubeconfig: string;
      readonly tokenFile: string;
      readonly args: readonly string[];
    },
  ) {
    this.name = it.name;
    this.address = it.address;
    this.#cluster = cluster;
    this.#args = [
      program,
      `--name=${it.name}`,
      `--kubeconfig=${it.kubeconfig}`,
      `--token-file=${it.tokenFile}`,
      `--publish-address=${it.address}:8443`,
      `--advertise-address=${it.address}:8443`,
      `--admin-address=${it.address}:9902`,
      ...it.args,
    ];
  }

  /** For `--controller` of a data plane. */
  get url(): string {
    return `https://${this.address}:8443`;
  }

  /** Of the running process. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.ending === undefined;
  }

  /**
   * Resolves when it is ready: it has listed everything and serves data planes. Node is told what the image tells it,
   * and `nodeOptions`.
   */
  async start(...nodeOptions: readonly string[]): Promise<void> {
    this.#process = new ServerProcess({
      program: process.execPath,
      args: [...entryPoint('controller').nodeOptions, ...nodeOptions, ...this.#args],
      logFile: path.join(this.#cluster.folder, `${this.name}.log`),
      isReady: async () => (await fetch(`http://${this.address}:9902/readyz`)).ok,
    });
    await this.#process.whenReady();
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

  /** Names of the data planes that are connected to this replica. */
  async dataPlanes(gateway: string): Promise<readonly string[]> {
    const response = await fetch(`http://${this.address}:9902/config`);
    const config = (await response.json()) as {
      gateways: Record<string, { dataPlanes: { name: string }[] }>;
    };
    return (config.gateways[gateway]?.dataPlanes ?? []).map(({ name }) => name).sort();
  }
}
