import { isRecord } from '#crds/record.ts';
import { KubeError } from './kube-error.ts';
import { prunedObject } from './watch.ts';
import type { SourceObject } from '#controller/source.ts';
import type { KubeClient } from './kube-client.ts';

export interface ListOptions {
  readonly client: Pick<KubeClient, 'request'>;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly pageSize: number;
}

/** All objects of a kind at one resource version. */
export interface ObjectList {
  readonly objects: readonly SourceObject[];
  readonly resourceVersion: string;
}

const restartsMax = 3;

/**
 * Lists page by page; when the server has forgotten the list half-way (410), begins anew.
 * @throws {KubeError}
 */
export async function listAll(options: ListOptions): Promise<ObjectList> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listPages(options);
    } catch (error) {
      const expired = error instanceof KubeError && error.failure === 'Gone';
      if (!expired || restarts >= restartsMax) throw error;
    }
  }
}

async function listPages(options: ListOptions): Promise<ObjectList> {
  const { client, path, query, signal, deadlineMs, pageSize } = options;
  const objects: SourceObject[] = [];
  let next = '';
  do {
    const page = await client.request({
      method: 'GET',
      path,
      query: { ...query, limit: String(pageSize), ...(next === '' ? {} : { continue: next }) },
      signal,
      deadlineMs,
    });
    const { items, resourceVersion, following } = readPage(page);
    for (const item of items) {
      const object = prunedObject(item);
      if (object !== null) objects.push(object);
    }
    if (following === '') {
      return { objects, resourceVersion };
    }
    next = following;
  } while (!signal.aborted);
  throw new KubeError('Aborted', 'called off');
}

function readPage(page: unknown) {
  const metadata = isRecord(page) && isRecord(page['metadata']) ? page['metadata'] : null;
  const items: unknown = isRecord(page) ? (page['items'] ?? []) : null;
  if (metadata === null || !Array.isArray(items) || typeof metadata['resourceVersion'] !== 'string') {
    throw new KubeError('Malformed', 'the answer to a list is not a list');
  }
  const following = typeof metadata['continue'] === 'string' ? metadata['continue'] : '';
  return { items: items as readonly unknown[], resourceVersion: metadata['resourceVersion'], following };
}
