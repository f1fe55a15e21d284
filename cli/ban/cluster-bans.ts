// Bans in a cluster, with the rights that a kubeconfig gives.
import { systemClock } from '#controller/clock.ts';
import { loadConnection } from '#controller/kube/connection.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import { collectionPath, objectPath } from '#controller/kube/resource-path.ts';
import { decodeObject, kinds } from '#crds/kind.ts';
import { isRecord } from '#crds/record.ts';
import type { BanPlace } from './ban-place.ts';

/** The Bans of a namespace; null: of the one that the context names. Throws a KubeError. */
export async function clusterBans(
  from: { readonly file: string; readonly context: string | null },
  namespace: string | null,
): Promise<BanPlace> {
  const connection = await loadConnection({ kind: 'File', ...from });
  const client = new KubeClient(connection, systemClock);
  const place = namespace ?? connection.namespace ?? 'default';
  return {
    namespace: place,
    async list() {
      const answer = await client.request({ method: 'GET', path: collectionPath(kinds.Ban, place) });
      const items = isRecord(answer) && Array.isArray(answer['items']) ? answer['items'] : [];
      return items.flatMap((item) => {
        const decoded = decodeObject('Ban', item);
        return decoded.ok ? [decoded.object] : [];
      });
    },
    async put(manifest) {
      await client.request({
        method: 'PATCH',
        path: objectPath(kinds.Ban, place, manifest.metadata.name),
        query: { fieldManager: 'turnpike-ban', force: 'true' },
        contentType: 'application/apply-patch+yaml',
        body: manifest,
      });
    },
    async remove(name) {
      try {
        await client.request({ method: 'DELETE', path: objectPath(kinds.Ban, place, name) });
      } catch (error) {
        if (!(error instanceof KubeError) || error.failure !== 'NotFound') throw error;
      }
    },
    close: () => client.close(),
  };
}
