// What the data planes of a cluster tell on a page of theirs: each is asked through the API server's proxy, with the rights
// of whoever asks. One that tells nothing is named, and costs nobody else's words.
import type { KubeClient } from '#controller/kube/kube-client.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import { collectionPath } from '#controller/kube/resource-path.ts';
import { adminPort } from '#controller/provision/plan/pod.ts';
import * as shape from '#snapshot/shape.ts';

export interface PageRequest {
  /** Of the Gateways; null: all. */
  readonly namespace: string | null;
  /** Such as `usage`. */
  readonly page: string;
  /** For one data plane, and for all of them. */
  readonly deadlines?: { readonly eachMs: number; readonly allMs: number };
}

/** As many as are asked at once. */
const atOnce = 16;
const patience = { eachMs: 5_000, allMs: 60_000 };

/** As controller/provision makes them. */
const labelSelector = 'app.kubernetes.io/managed-by=turnpike,app.kubernetes.io/component=dataplane';
const pods = { group: '', version: 'v1', plural: 'pods' };

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

/**
 * Hands the page of each data plane to `take`, which throws at what is none, and answers why that is not all.
 * @throws {KubeError} when the API server does not say which data planes there are.
 */
export async function readDataPlanes(
  client: KubeClient,
  { namespace, page, deadlines = patience }: PageRequest,
  take: (page: unknown) => void,
): Promise<readonly string[]> {
  const found = await podsOf(client, namespace);
  const running = found.filter(({ status }) => status.phase === 'Running');
  if (running.length === 0) return [noneRuns(found, namespace)];
  const signal = AbortSignal.timeout(deadlines.allMs);
  const problems: (string | null)[] = [];
  const queue = running.entries();
  const askNext = async (): Promise<void> => {
    for (const [at, { metadata }] of queue) {
      const pod = `${collectionPath(pods, metadata.namespace)}/${metadata.name}:${adminPort}`;
      try {
        const path = `${pod}/proxy/${page}`;
        take(await client.request({ method: 'GET', path, deadlineMs: deadlines.eachMs, signal }));
        problems[at] = null;
      } catch (error) {
        problems[at] = problemOf(metadata, error);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, askNext));
  // A right that is missing is missing for all of a namespace.
  return [...new Set(problems.filter((problem) => problem !== null))];
}

async function podsOf(client: KubeClient, namespace: string | null): Promise<readonly Pod[]> {
  try {
    const path = collectionPath(pods, namespace);
    return podList(await client.request({ method: 'GET', path, query: { labelSelector } })).items;
  } catch (error) {
    if (!(error instanceof KubeError) || error.failure !== 'Forbidden') throw error;
    const remedy = namespace === null ? 'a ClusterRole, or --namespace and a Role there' : 'a Role';
    throw new KubeError(
      'Forbidden',
      `the right to list pods ${placeOf(namespace)} is missing (${remedy}: verbs get, list; resources pods, pods/proxy): ${error.message}`,
      error,
    );
  }
}

function noneRuns(found: readonly Pod[], namespace: string | null): string {
  if (found.length === 0) return `there is no data plane ${placeOf(namespace)}`;
  const [{ metadata, status }] = found as readonly [Pod, ...Pod[]];
  const first = `${metadata.namespace}/${metadata.name} is ${status.phase || 'not scheduled'}`;
  return `no data plane ${placeOf(namespace)} runs: of ${found.length} the first, ${first}`;
}

function placeOf(namespace: string | null): string {
  return namespace === null ? 'in any namespace' : `in namespace ${namespace}`;
}

function problemOf({ namespace, name }: Pod['metadata'], error: unknown): string {
  if (error instanceof KubeError && error.failure === 'Forbidden')
    return `the right to read pages of data planes in namespace ${namespace} is missing (a Role: verb get; resource pods/proxy)`;
  return `data plane ${namespace}/${name} tells nothing: ${wordsOf(error)}`;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof KubeError)) return `its page is not understood: ${String(error)}`;
  if (error.failure === 'Timeout') return 'it does not answer in time';
  if (error.failure === 'Aborted') return 'no time was left for it';
  if (error.status === 503)
    return `the API server does not reach it at port ${adminPort}: it is ending or hangs, or a NetworkPolicy is in between (${error.message})`;
  return error.message;
}
