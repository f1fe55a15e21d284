// What the data planes of a cluster tell of usage: each is asked for its own through the API server.
import { systemClock } from '#controller/clock.ts';
import { loadConnection } from '#controller/kube/connection.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import type { FolderUsage } from '#dataplane/metering/read-usage.ts';
import { UsageSums } from '#dataplane/metering/usage-sums.ts';
import * as shape from '#snapshot/shape.ts';
import { readUsagePage } from '#snapshot/usage-page.ts';
import type { UsageLoss } from '#snapshot/usage.ts';

export interface Cluster {
  readonly kubeconfig: string;
  /** Null: the current one. */
  readonly context: string | null;
  /** Of the Gateways; null: all. */
  readonly namespace: string | null;
}

/** What was told, and which data planes told nothing, and why. */
export interface ClusterUsage extends FolderUsage {
  readonly problems: readonly string[];
}

/** As controller/provision makes them. */
const labelSelector = 'app.kubernetes.io/managed-by=turnpike,app.kubernetes.io/component=dataplane';
const adminPort = 9901;

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly status: { readonly phase: string };
}

const podList: shape.Shape<{ readonly items: readonly Pod[] }> = shape.object({
  items: shape.list(
    shape.object({
      metadata: shape.object({ name: shape.text, namespace: shape.text }),
      status: shape.object({ phase: shape.optional(shape.text, '') }),
    }),
  ),
});

/** @throws {KubeError} when the API server cannot be asked which data planes there are. */
export async function clusterUsage({ kubeconfig, context, namespace }: Cluster): Promise<ClusterUsage> {
  const connection = await loadConnection({ kind: 'File', file: kubeconfig, context });
  const client = new KubeClient(connection, systemClock);
  try {
    const path = namespace === null ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`;
    const answer = await client.request({ method: 'GET', path, query: { labelSelector } });
    const pods = podList(answer).items.filter(({ status }) => status.phase === 'Running');
    const sums = new UsageSums();
    const losses: UsageLoss[] = [];
    const problems: string[] = [];
    for (const { metadata } of pods) {
      const pod = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}:${adminPort}`;
      try {
        const page = readUsagePage(await client.request({ method: 'GET', path: `${pod}/proxy/usage` }));
        for (const { hourMs: fromMs, ...sum } of page.sums) sums.add({ ...sum, fromMs });
        losses.push(...page.losses);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        problems.push(`data plane ${metadata.namespace}/${metadata.name} tells nothing: ${why}`);
      }
    }
    return { sums: [...sums.all()], losses, problems };
  } finally {
    await client.close();
  }
}
