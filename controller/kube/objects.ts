import { sourceObject } from '#controller/source.ts';
import { KubeError } from './kube-error.ts';
import { collectionPath, objectPath } from './resource-path.ts';
import type { SourceObject } from '#controller/source.ts';
import type { KubeClient } from './kube-client.ts';
import type { ResourceLocation } from './resource-path.ts';

/** Who we are in managedFields. */
export const fieldManager = 'turnpike-controller';

/** The labels of what we keep in the cluster. */
export const managedLabels = Object.freeze({ 'app.kubernetes.io/managed-by': 'turnpike' });

/** Where the API server has Secrets. */
export const secrets: ResourceLocation = { group: '', version: 'v1', plural: 'secrets' };

/** Where the API server has ConfigMaps. */
export const configMaps: ResourceLocation = { group: '', version: 'v1', plural: 'configmaps' };

/** Name and place of one object. */
export interface ObjectPlace extends ResourceLocation {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Creates the object; `AlreadyExists` when somebody was faster.
 * @throws {KubeError}
 */
export async function createObject(
  client: KubeClient,
  place: ObjectPlace,
  object: object,
): Promise<SourceObject> {
  const path = collectionPath(place, place.namespace === '' ? null : place.namespace);
  const answer = await client.request({ method: 'POST', path, query: { fieldManager }, body: object });
  return known(answer);
}

/**
 * Puts `object` in the place of the one with its resourceVersion; `Conflict` when somebody was faster.
 * @throws {KubeError}
 */
export async function replaceObject(
  client: KubeClient,
  place: ObjectPlace,
  object: object,
): Promise<SourceObject> {
  const path = objectPath(place, place.namespace, place.name);
  const answer = await client.request({ method: 'PUT', path, query: { fieldManager }, body: object });
  return known(answer);
}

/**
 * Server-side apply of the fields of an object that are `manager`'s: creates it, or makes these as told, whoever had
 * them before; those that it does not tell any more are given up.
 * @throws {KubeError}
 */
export async function applyObject(
  client: KubeClient,
  place: ObjectPlace,
  object: object,
  manager: string = fieldManager,
): Promise<SourceObject> {
  const answer = await client.request({
    method: 'PATCH',
    path: objectPath(place, place.namespace, place.name),
    query: { fieldManager: manager, force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
  return known(answer);
}

/**
 * A JSON merge patch (RFC 7396) of an object that is there: lists in `patch` take the place of those that are there.
 * @throws {KubeError}
 */
export async function mergeObject(client: KubeClient, place: ObjectPlace, patch: object): Promise<void> {
  await client.request({
    method: 'PATCH',
    path: objectPath(place, place.namespace, place.name),
    query: { fieldManager },
    contentType: 'application/merge-patch+json',
    body: patch,
  });
}

/**
 * Makes the ConfigMap `namespace`/`name` hold `data` and nothing else of ours.
 * @throws {KubeError}
 */
export async function applyConfigMap(
  client: KubeClient,
  { namespace, name }: Pick<ObjectPlace, 'namespace' | 'name'>,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const metadata = { name, namespace, labels: managedLabels };
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  await applyObject(client, { ...configMaps, namespace, name }, object);
}

/**
 * The object as it is now; null when there is none.
 * @throws {KubeError}
 */
export async function readObject(client: KubeClient, place: ObjectPlace): Promise<SourceObject | null> {
  const path = objectPath(place, place.namespace, place.name);
  try {
    return known(await client.request({ method: 'GET', path }));
  } catch (error) {
    if (error instanceof KubeError && error.failure === 'NotFound') return null;
    throw error;
  }
}

/**
 * Deletes the object of this uid, what it owns after it; one that is gone is well.
 * @throws {KubeError}
 */
export async function deleteObject(client: KubeClient, place: ObjectPlace, uid: string): Promise<void> {
  const path = objectPath(place, place.namespace, place.name);
  const body = {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    preconditions: { uid },
    propagationPolicy: 'Background',
  };
  try {
    await client.request({ method: 'DELETE', path, body });
  } catch (error) {
    // Conflict: another object has the name now.
    const isGone = error instanceof KubeError && ['NotFound', 'Conflict'].includes(error.failure);
    if (!isGone) throw error;
  }
}

function known(answer: unknown): SourceObject {
  const object = sourceObject(answer);
  if (object === null) {
    throw new KubeError('Malformed', 'the API server answered with something that is no object');
  }
  return object;
}
