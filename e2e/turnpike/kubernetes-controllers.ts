import path from 'node:path';
import { binaries } from '../cluster/binaries.ts';
import { ServerProcess } from '../cluster/server-process.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';

/**
 * Starts some of Kubernetes' own controllers, by their names for `--controllers`: what is made of a Deployment, and
 * what becomes of things whose owner is gone.
 */
export async function startKubernetesControllers(
  cluster: ControlPlane,
  controllers: readonly string[],
): Promise<ServerProcess> {
  const manager = new ServerProcess({
    program: (await binaries())['kube-controller-manager'],
    args: [
      `--kubeconfig=${cluster.kubeconfig}`,
      `--controllers=${controllers.join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ],
    logFile: path.join(cluster.folder, 'kube-controller-manager.log'),
    isReady: () => Promise.resolve(true),
  });
  await manager.whenReady();
  return manager;
}
