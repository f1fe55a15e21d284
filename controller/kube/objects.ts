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
 * Server-side apply of an object that is ours as a whole: creates it, or makes its fields as told.
 * @throws {KubeError}
 */
export async function applyObject(
  client: KubeClient,
  place: ObjectPlace,
  object: object,
): Promise<SourceObject> {
  const answer = await client.request({
    method: 'PATCH',
    path: objectPath(place, place.namespace, place.name),
    query: { fieldManager, force: 'true' },
    contentType: 'application/apply-patch+yaml',
    body: object,
  });
  return known(answer);
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

function known(answer: unknown): SourceObject {
  const object = sourceObject(answer);
  if (object === null) {
    throw new KubeError('Malformed', 'the API server answered with something that is no object');
  }
  return object;
}
