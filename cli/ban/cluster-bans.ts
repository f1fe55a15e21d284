// Bans in a cluster, with the rights that a kubeconfig gives.
import type { KubeClient } from '#controller/kube/kube-client.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import { collectionPath, objectPath } from '#controller/kube/resource-path.ts';
import { decodeObject, kinds } from '#crds/kind.ts';
import { isRecord } from '#crds/record.ts';
import { openCluster, type ClusterOptions } from '../cluster/cluster.ts';
import { readDataPlanes } from '../cluster/data-planes.ts';
import type { BanPlace, RuleBan, RuleBans } from './ban-place.ts';

/** The Bans of a namespace; null: of the one that the context names. Throws a KubeError. */
export async function clusterBans(options: ClusterOptions, namespace: string | null): Promise<BanPlace> {
  const { client, namespace: usual } = await openCluster(options);
  const place = namespace ?? usual;
  return {
    namespace: place,
    async list() {
      const answer = await client.request({ method: 'GET', path: collectionPath(kinds.Ban, place) });
      return itemsOf(answer).flatMap((item) => {
        const decoded = decodeObject('Ban', item);
        return decoded.ok ? [decoded.object] : [];
      });
    },
    madeByRules: () => bansOfPods(client, place),
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
    async hasGateway() {
      try {
        const path = collectionPath(kinds.Gateway, place);
        const answer = await client.request({ method: 'GET', path, query: { limit: '1' } });
        return itemsOf(answer).length > 0;
      } catch (error) {
        // Who bans need not be one who may see Gateways.
        if (error instanceof KubeError) return null;
        throw error;
      }
    },
    close: () => client.close(),
  };
}

/** What the data planes of a namespace tell, each ban once, with the last of its ends. */
async function bansOfPods(client: KubeClient, namespace: string): Promise<RuleBans> {
  const found = new Map<string, RuleBan>();
  try {
    const problems = await readDataPlanes(client, { namespace, page: 'bans' }, (page) => {
      for (const [key, ban] of bansIn(page)) {
        if (ban.until > (found.get(key)?.until ?? '')) found.set(key, ban);
      }
    });
    return { bans: [...found.values()], problems };
  } catch (error) {
    return { bans: [], problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function bansIn(page: unknown): readonly (readonly [string, RuleBan])[] {
  const bans = isRecord(page) && isRecord(page['bans']) ? page['bans'] : {};
  return Object.entries(bans).flatMap(([key, told]) => {
    const text = (name: string): string => {
      const value = isRecord(told) ? told[name] : null;
      return typeof value === 'string' ? value : '';
    };
    const [address, policy, rule] = [text('address'), text('policy'), text('rule')];
    return [[key, { address, policy, rule, mode: text('mode'), until: text('until') }]];
  });
}

function itemsOf(list: unknown): readonly unknown[] {
  return isRecord(list) && Array.isArray(list['items']) ? list['items'] : [];
}
