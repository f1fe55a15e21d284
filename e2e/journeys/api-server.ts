// The API server dies and comes back. Only of a cluster that the harness has made: another's is not ours to kill.
import type { Site } from './site.ts';

/** SIGKILL. */
export async function killApiServer({ cluster }: Site): Promise<void> {
  await cluster.node?.kill('kube-apiserver');
}

/** Resolves when it is ready again. Does nothing when it runs. */
export async function startApiServer({ cluster }: Site): Promise<void> {
  await cluster.node?.start('kube-apiserver');
}

/**
 * The node's own clients have learnt to wait up to half a minute between attempts while the API server was away: begun
 * anew they do not, and the journeys that come next need not wait for that. Pods notice nothing.
 */
export async function freshNode({ cluster }: Site): Promise<void> {
  for (const server of ['kubelet', 'kube-proxy'] as const) {
    await cluster.node?.kill(server);
    await cluster.node?.start(server);
  }
}
