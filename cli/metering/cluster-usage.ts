// What the data planes of a cluster tell of usage.
import type { FolderUsage } from '#dataplane/metering/read-usage.ts';
import { UsageSums } from '#dataplane/metering/usage-sums.ts';
import { readUsagePage } from '#snapshot/usage-page.ts';
import type { UsageLoss } from '#snapshot/usage.ts';
import { openCluster, type ClusterOptions } from '../cluster/cluster.ts';
import { readDataPlanes } from '../cluster/data-planes.ts';

export interface UsageCluster extends ClusterOptions {
  /** Of the Gateways; null: all. */
  readonly namespace: string | null;
}

/** What was told, and why that may not be all. */
export interface ClusterUsage extends FolderUsage {
  readonly problems: readonly string[];
}

/** @throws {KubeError} when the API server does not say which data planes there are. */
export async function clusterUsage({ namespace, ...options }: UsageCluster): Promise<ClusterUsage> {
  const { client } = await openCluster(options);
  try {
    const sums = new UsageSums();
    const losses: UsageLoss[] = [];
    const problems = await readDataPlanes(client, { namespace, page: 'usage' }, (told) => {
      const page = readUsagePage(told);
      sums.addAll(page.sums);
      for (const loss of page.losses) losses.push(loss);
    });
    return { sums: [...sums.all()], losses, problems };
  } finally {
    await client.close();
  }
}
