// What there is of what we have made, by Gateway: told by watches of objects with our label. Does not know what there
// should be.
import { hash } from 'node:crypto';
import { isRecord } from '#crds/record.ts';
import { gatewayKey, type GatewayKey } from '#snapshot/ids.ts';
import type { ObjectSink, SourceObject } from '#controller/source.ts';
import type { ProvisionedKind } from './plan/manifest.ts';

/** An object that is there and belongs to a Gateway. */
export interface Made {
  readonly kind: ProvisionedKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly gateway: GatewayKey;
  /** The uid of the Gateway. */
  readonly owner: string;
  /** Of all but its status: equal as long as nobody writes to it. */
  readonly fingerprint: string;
  /** Of a workload: its pods that are ready. */
  readonly readyPods: number;
  /** It is on its way out. */
  readonly isLeaving: boolean;
}

/** The objects of all Gateways; a sink for the watches, which may be one for each namespace. */
export class MadeObjects {
  readonly #objects = new Map<string, Made>();
  readonly #byGateway = new Map<GatewayKey, Set<string>>();
  readonly #onChange: (gateway: GatewayKey) => void;

  /** `onChange` hears of each Gateway of which an object came, went or changed. */
  constructor(onChange: (gateway: GatewayKey) => void) {
    this.#onChange = onChange;
  }

  get(kind: ProvisionedKind, namespace: string, name: string): Made | undefined {
    return this.#objects.get(keyOf(kind, namespace, name));
  }

  of(gateway: GatewayKey): readonly Made[] {
    const keys = this.#byGateway.get(gateway) ?? [];
    return [...keys].map((key) => this.#objects.get(key)).filter((one) => one !== undefined);
  }

  /** Takes the objects of one namespace, or (null) of all. */
  sink(scope: string | null): ObjectSink<ProvisionedKind> {
    return {
      replaceAll: (kind, objects) => this.#replaceAll(kind, objects, scope),
      upsert: (kind, object) => this.#put(kind, object),
      delete: (kind, { metadata }) => this.#drop(keyOf(kind, metadata.namespace ?? '', metadata.name)),
      progress: () => {},
      unserved: (kind) => this.#replaceAll(kind, [], scope),
    };
  }

  #replaceAll(kind: ProvisionedKind, objects: readonly SourceObject[], scope: string | null): void {
    const keys = new Set(objects.map(({ metadata }) => keyOf(kind, metadata.namespace ?? '', metadata.name)));
    for (const [key, made] of this.#objects) {
      const isInScope = made.kind === kind && (scope === null || made.namespace === scope);
      if (isInScope && !keys.has(key)) this.#drop(key);
    }
    for (const object of objects) this.#put(kind, object);
  }

  #put(kind: ProvisionedKind, object: SourceObject): void {
    const key = keyOf(kind, object.metadata.namespace ?? '', object.metadata.name);
    const before = this.#objects.get(key);
    const made = madeOf(kind, object);
    if (before !== undefined && before.gateway !== made?.gateway) {
      this.#drop(key);
    }
    if (made === null) {
      return;
    }
    this.#objects.set(key, made);
    this.#byGateway.set(made.gateway, (this.#byGateway.get(made.gateway) ?? new Set()).add(key));
    this.#onChange(made.gateway);
  }

  #drop(key: string): void {
    const made = this.#objects.get(key);
    if (made === undefined) {
      return;
    }
    this.#objects.delete(key);
    const keys = this.#byGateway.get(made.gateway);
    keys?.delete(key);
    if (keys?.size === 0) this.#byGateway.delete(made.gateway);
    this.#onChange(made.gateway);
  }
}

/** The Gateway that controls `object`, by its owner references; null when none does. */
export function ownerOf({ metadata }: SourceObject): { readonly name: string; readonly uid: string } | null {
  const references = Array.isArray(metadata['ownerReferences']) ? metadata['ownerReferences'] : [];
  const owner = references.filter(isRecord).find((one) => one['controller'] === true);
  const { kind, name, uid } = owner ?? {};
  return kind === 'Gateway' && typeof name === 'string' && typeof uid === 'string' ? { name, uid } : null;
}

/** `object` as it is; null when it belongs to no Gateway. */
export function madeOf(kind: ProvisionedKind, object: SourceObject): Made | null {
  const owner = ownerOf(object);
  const { namespace = '', name, uid = '' } = object.metadata;
  if (owner === null) {
    return null;
  }
  return {
    kind,
    namespace,
    name,
    uid,
    gateway: gatewayKey(namespace, owner.name),
    owner: owner.uid,
    fingerprint: fingerprintOf(object),
    readyPods: readyPodsOf(object['status']),
    isLeaving: object.metadata['deletionTimestamp'] !== undefined,
  };
}

function fingerprintOf(object: SourceObject): string {
  const { status: _, apiVersion: __, kind: ___, metadata, ...content } = object;
  const { labels, annotations, ownerReferences, finalizers } = metadata;
  // kubectl's note of what it applied says nothing of what is there, and watches leave it out.
  const noted = isRecord(annotations) ? Object.entries(annotations).filter(([name]) => !isNote(name)) : [];
  const parts = [labels, noted, ownerReferences, finalizers, content];
  return hash('sha256', JSON.stringify(parts), 'base64');
}

function isNote(annotation: string): boolean {
  return annotation === 'kubectl.kubernetes.io/last-applied-configuration';
}

function readyPodsOf(status: unknown): number {
  const { readyReplicas, numberReady } = isRecord(status) ? status : {};
  const ready = readyReplicas ?? numberReady;
  return typeof ready === 'number' ? ready : 0;
}

function keyOf(kind: ProvisionedKind, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}
