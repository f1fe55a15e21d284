// Writes of single objects that are made for Gateways, and what their failures are called. Does not know why they are
// written.
import { isRecord } from '#crds/record.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import {
  applyObject,
  deleteObject,
  fieldManager,
  mergeObject,
  readObject,
} from '#controller/kube/objects.ts';
import type { SourceObject } from '#controller/source.ts';
import type { KubeClient } from '#controller/kube/kube-client.ts';
import type { ProvisioningProblem } from '#controller/translate/input.ts';
import { ownerOf } from './made.ts';
import { provisionedKinds, type Manifest, type ProvisionedKind } from './plan/manifest.ts';

/** Who is told to own a number of replicas that is nobody's word, so that we do not. */
const initialManager = 'turnpike-controller-initial';

/** Something of the same name is there that was not made for the Gateway. */
export class ObjectExistsError extends Error {}

/**
 * Makes the fields of `manifest` so; answers the object as it was and as it is. `initialReplicas`: for a Deployment
 * that is made now, and never again.
 * @throws {KubeError}
 * @throws {ObjectExistsError} rather than take what is not the Gateway's own.
 */
export async function applyManifest(
  client: KubeClient,
  manifest: Manifest,
  initialReplicas: number | null,
): Promise<{ readonly before: SourceObject | null; readonly after: SourceObject }> {
  const place = placeOf(manifest.kind, manifest.metadata);
  const live = await readObject(client, place);
  if (live !== null && ownerOf(live)?.uid !== manifest.metadata.ownerReferences[0]?.uid) {
    throw new ObjectExistsError(
      'is there already and was not made for this Gateway; remove it, or give the Gateway another name',
    );
  }
  const there =
    manifest.kind === 'Deployment' && initialReplicas !== null
      ? await leaveReplicas(client, manifest, live, initialReplicas)
      : live;
  const wanted = ofThis(there, manifest);
  const after =
    manifest.kind === 'Service'
      ? await applyService(client, wanted, live)
      : await applyObject(client, place, wanted);
  return { before: live, after };
}

/**
 * The manifest for the object that is `there`, if one is, and for no other of its name: one that was deleted since it
 * was read is to be made from the beginning, and one that was made since then to be looked at.
 */
function ofThis(there: SourceObject | null, manifest: Manifest): Manifest {
  const { uid } = there?.metadata ?? {};
  return uid === undefined ? manifest : { ...manifest, metadata: { ...manifest.metadata, uid } };
}

/**
 * A clusterIP may be somebody else's, or none of the cluster's, and a Service that has one keeps it: where it cannot be
 * had all the rest is made, and the status of the Gateway tells what is missing.
 */
async function applyService(
  client: KubeClient,
  manifest: Manifest,
  live: SourceObject | null,
): Promise<SourceObject> {
  const place = placeOf(manifest.kind, manifest.metadata);
  const { clusterIP, ...rest } = manifest['spec'] as Readonly<Record<string, unknown>>;
  const isKept = live === null || (isRecord(live['spec']) && live['spec']['clusterIP'] === clusterIP);
  const wanted = isKept ? manifest : { ...manifest, spec: rest };
  try {
    return await applyObject(client, place, wanted);
  } catch (error) {
    if (!isInvalid(error)) throw error;
    if (live === null) {
      return await applyObject(client, place, { ...manifest, spec: rest });
    }
    // Ports go by number: one that somebody gave another number stays beside ours, where its name is in the way.
    const { uid } = live.metadata;
    await mergeObject(client, place, { metadata: { uid }, spec: { ports: rest['ports'] } });
    return await applyObject(client, place, wanted);
  }
}

function isInvalid(error: unknown): boolean {
  return error instanceof KubeError && error.failure === 'Invalid';
}

/**
 * A field that an apply gives up goes back to its default unless somebody else owns it. So the number of replicas gets
 * another owner, of which nothing is heard again: whoever scales takes it from there. Answers what is there now.
 */
async function leaveReplicas(
  client: KubeClient,
  manifest: Manifest,
  live: SourceObject | null,
  initial: number,
): Promise<SourceObject> {
  const place = placeOf(manifest.kind, manifest.metadata);
  const spec = { ...(manifest['spec'] as object), replicas: initial };
  const there = live ?? (await applyObject(client, place, { ...manifest, spec }));
  if (!ownsReplicas(there)) {
    return there;
  }
  const { apiVersion, kind, metadata } = manifest;
  const replicas = isRecord(there['spec']) ? there['spec']['replicas'] : initial;
  const { name, namespace } = metadata;
  const owned = {
    apiVersion,
    kind,
    metadata: { name, namespace, uid: there.metadata.uid },
    spec: { replicas },
  };
  return applyObject(client, place, owned, initialManager);
}

function ownsReplicas({ metadata }: SourceObject): boolean {
  const managed = Array.isArray(metadata['managedFields']) ? metadata['managedFields'] : [];
  return managed.filter(isRecord).some(({ manager, operation, fieldsV1 }) => {
    const spec = isRecord(fieldsV1) ? fieldsV1['f:spec'] : null;
    return (
      manager === fieldManager && operation === 'Apply' && isRecord(spec) && spec['f:replicas'] !== undefined
    );
  });
}

/**
 * Removes the object of this uid.
 * @throws {KubeError}
 */
export async function removeObject(
  client: KubeClient,
  object: { readonly kind: ProvisionedKind; readonly namespace: string; readonly name: string },
  uid: string,
): Promise<void> {
  await deleteObject(client, placeOf(object.kind, object), uid);
}

/**
 * Tells data planes the authorities, in the ConfigMap that is there for them.
 * @throws {KubeError}
 */
export async function renewAuthorities(
  client: KubeClient,
  map: { readonly namespace: string; readonly name: string },
  authorities: string,
): Promise<void> {
  await mergeObject(client, placeOf('ConfigMap', map), { data: { 'ca.crt': authorities } });
}

function placeOf(
  kind: ProvisionedKind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
) {
  return { ...provisionedKinds[kind], namespace, name };
}

/** An API server calls it its own failure (500) when what is applied has fields that there are not. */
function isNoSuchField({ failure, message }: KubeError): boolean {
  return failure === 'Server' && message.includes('failed to create typed patch object');
}

/** What came of a write that failed. */
export interface WriteFailure {
  readonly problem: ProvisioningProblem;
  /** Whether somebody has to do something about it, or it may well pass by itself. */
  readonly remedy: 'Needed' | 'Patience';
}

/** What `error`, met while writing `object` (`KIND NAMESPACE/NAME`), is called. Throws what is no failure of a write. */
export function failureOf(object: string, error: unknown): WriteFailure {
  if (error instanceof ObjectExistsError) {
    return {
      problem: { reason: 'ObjectExists', message: `${object} ${error.message}.` },
      remedy: 'Needed',
    };
  }
  if (!(error instanceof KubeError)) throw error;
  const words = error.message.replace(/\.$/, '');
  if (error.failure === 'Forbidden') {
    const remedy = 'give the controller the right, or mend the quota or the admission policy';
    const message = `${object} cannot be written: ${words}; ${remedy} that this names.`;
    return { problem: { reason: 'Forbidden', message }, remedy: 'Needed' };
  }
  if (['Invalid', 'BadRequest', 'TooLarge'].includes(error.failure) || isNoSuchField(error)) {
    const message = `${object} is refused: ${words}; correct that in the GatewayParameters or in spec.infrastructure.`;
    return { problem: { reason: 'Invalid', message }, remedy: 'Needed' };
  }
  const message = `${object} cannot be written: ${words}; it is tried again.`;
  const remedy = error.failure === 'NotFound' ? 'Needed' : 'Patience';
  return { problem: { reason: 'Failing', message }, remedy };
}
