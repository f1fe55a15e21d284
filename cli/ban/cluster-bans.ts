// Bans in a cluster, with the rights that a kubeconfig gives.
import { systemClock } from '#controller/clock.ts';
import { loadConnection } from '#controller/kube/connection.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import { adminPort } from '#controller/provision/plan/pod.ts';
import { collectionPath, objectPath } from '#controller/kube/resource-path.ts';
import { decodeObject, kinds } from '#crds/kind.ts';
import { isRecord } from '#crds/record.ts';
import type { BanPlace, RuleBan, RuleBans } from './ban-place.ts';

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
    close: () => client.close(),
  };
}

const pods = { group: '', version: 'v1', plural: 'pods' };
const dataPlanes = 'app.kubernetes.io/name=turnpike,app.kubernetes.io/component=dataplane';

/** What the data planes of a namespace tell at their admin port, each ban once, with the last of its ends. */
async function bansOfPods(client: KubeClient, namespace: string): Promise<RuleBans> {
  const path = collectionPath(pods, namespace);
  const query = { labelSelector: dataPlanes, fieldSelector: 'status.phase=Running' };
  const found = new Map<string, RuleBan>();
  try {
    const listed = await client.request({ method: 'GET', path, query });
    const asked = namesOf(listed).map(async (name) => {
      const pod = objectPath(pods, namespace, `${name}:${adminPort}`);
      const page = await client.request({ method: 'GET', path: `${pod}/proxy/bans`, deadlineMs: 5_000 });
      for (const [key, ban] of bansIn(page)) {
        if (ban.until > (found.get(key)?.until ?? '')) found.set(key, ban);
      }
    });
    const outcomes = await Promise.allSettled(asked);
    const problems = outcomes.flatMap((one) => (one.status === 'rejected' ? [wordsOf(one.reason)] : []));
    return { bans: [...found.values()], problems };
  } catch (error) {
    return { bans: [], problems: [wordsOf(error)] };
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function namesOf(list: unknown): readonly string[] {
  return itemsOf(list).flatMap((pod) => {
    const metadata = isRecord(pod) ? pod['metadata'] : null;
    const name = isRecord(metadata) ? metadata['name'] : null;
    return typeof name === 'string' ? [name] : [];
  });
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
