import { liveStatusOf, sourceObject } from '#controller/source.ts';
import { KubeError } from './kube-error.ts';
import { objectPath } from './resource-path.ts';
import type { LiveStatus } from '#controller/source.ts';
import type { Kind, KindInfo } from '#crds/kind.ts';
import type { KubeClient } from './kube-client.ts';

interface Ref {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

type Written =
  | { readonly kind: 'Written'; readonly live: LiveStatus }
  | { readonly kind: 'Conflict' }
  | { readonly kind: 'Gone' };

/** Reads and writes the status subresource of the objects of `kinds`, for the status room. */
export class KubeStatusClient {
  readonly #client: KubeClient;
  readonly #kinds: Readonly<Record<Kind, KindInfo>>;

  constructor(client: KubeClient, kinds: Readonly<Record<Kind, KindInfo>>) {
    this.#client = client;
    this.#kinds = kinds;
  }

  /** Null when the object is gone. */
  async read(object: Ref): Promise<LiveStatus | null> {
    try {
      return liveOf(await this.#client.request({ method: 'GET', path: this.#pathOf(object) }));
    } catch (error) {
      if (error instanceof KubeError && error.failure === 'NotFound') return null;
      throw error;
    }
  }

  /** Server-side apply would delete entries of others: their lists are atomic. So this is a patch with a version. */
  async write(
    object: Ref,
    resourceVersion: string,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<Written> {
    try {
      const answer = await this.#client.request({
        method: 'PATCH',
        path: `${this.#pathOf(object)}/status`,
        query: { fieldManager: 'turnpike-controller' },
        contentType: 'application/merge-patch+json',
        body: { metadata: { resourceVersion }, status: fields },
      });
      return { kind: 'Written', live: liveOf(answer) };
    } catch (error) {
      if (error instanceof KubeError && error.failure === 'Conflict') return { kind: 'Conflict' };
      if (error instanceof KubeError && error.failure === 'NotFound') return { kind: 'Gone' };
      throw error;
    }
  }

  #pathOf({ kind, namespace, name }: Ref): string {
    const info = Object.values(this.#kinds).find((known) => known.kind === kind);
    if (info === undefined) {
      throw new TypeError(`${kind} is not a kind with a status of ours`);
    }
    return objectPath(info, namespace, name);
  }
}

function liveOf(answer: unknown): LiveStatus {
  const object = sourceObject(answer);
  if (object === null) {
    throw new KubeError('Malformed', 'the API server answered with something that is no object');
  }
  return liveStatusOf(object);
}
