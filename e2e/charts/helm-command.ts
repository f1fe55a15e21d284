import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { ClusterError } from '../cluster/cluster-error.ts';
import { outputOf } from '../cluster/command.ts';
import { helm } from '../cluster/helm.ts';

/** The folder of the chart. */
export const chart = path.join(import.meta.dirname, '../../charts/turnpike');

/** Values as an object, which become a file. */
export type Values = Readonly<Record<string, unknown>>;

/** helm against one cluster, or none, with a home of its own. */
export class HelmCommand {
  readonly #program: string;
  readonly #home: string;
  readonly #kubeconfig: string;
  #files = 0;

  /** Without a kubeconfig no cluster is reached. */
  static async prepare(kubeconfig = '/dev/null'): Promise<HelmCommand> {
    const home = await mkdtemp(path.join(os.tmpdir(), 'helm-'));
    return new HelmCommand(await helm(), home, kubeconfig);
  }

  private constructor(program: string, home: string, kubeconfig: string) {
    this.#program = program;
    this.#home = home;
    this.#kubeconfig = kubeconfig;
  }

  /** What helm is to find its way by. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      HELM_CACHE_HOME: this.#home,
      HELM_CONFIG_HOME: this.#home,
      HELM_DATA_HOME: this.#home,
      KUBECONFIG: this.#kubeconfig,
    };
  }

  /** Resolves with what helm prints; rejects with a ClusterError that tells what it complains of. */
  async run(args: readonly string[], values: Values = {}): Promise<string> {
    const file = path.join(this.#home, `values-${(this.#files += 1)}.yaml`);
    await writeFile(file, stringify(values));
    const withValues = Object.keys(values).length === 0 ? [] : ['--values', file];
    return outputOf(this.#program, [...args, ...withValues], { env: this.env, deadlineMs: 120_000 });
  }

  /** What helm complains of; fails when it does not. */
  async refusal(args: readonly string[], values: Values = {}): Promise<string> {
    const output = await this.run(args, values).catch((error: unknown) => {
      if (error instanceof ClusterError && error.failure === 'command') return error;
      throw error;
    });
    if (typeof output === 'string') throw new Error(`helm ${args.join(' ')} was not refused: ${output}`);
    return output.message;
  }

  /** The manifests of a release `turnpike` in turnpike-system. */
  async template(values: Values = {}, ...args: readonly string[]): Promise<string> {
    return this.run(['template', 'turnpike', chart, '--namespace=turnpike-system', ...args], values);
  }

  async remove(): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }
}
