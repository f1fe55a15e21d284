// The cluster of a kubeconfig, for commands that people run.
import { homedir } from 'node:os';
import path from 'node:path';
import { systemClock } from '#controller/clock.ts';
import { loadConnection } from '#controller/kube/connection.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';

/** What a command is told; what it is not told is as for kubectl. */
export interface ClusterOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

export interface Cluster {
  readonly client: KubeClient;
  /** That the context names. */
  readonly namespace: string;
}

/** @throws {KubeError} when the kubeconfig cannot be used. */
export async function openCluster({ kubeconfig, context }: ClusterOptions): Promise<Cluster> {
  const [usual] = (process.env['KUBECONFIG'] ?? '').split(path.delimiter);
  const file = kubeconfig ?? (usual || path.join(homedir(), '.kube/config'));
  const connection = await loadConnection({ kind: 'File', file, context: context ?? null });
  return {
    client: new KubeClient(connection, systemClock),
    namespace: connection.namespace ?? 'default',
  };
}
