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
