import assert from 'node:assert/strict';
import { decodeObject, kinds, type Kind, type KindMap } from '#crds/kind.ts';
import { equal } from '#controller/translate/sharing.ts';
import { decoded } from '#test/given/objects.ts';
import type {
  Observations,
  ObjectReader,
  RefusedObject,
  TranslationInput,
} from '#controller/translate/input.ts';

type AnyObject = KindMap[Kind];

/** Decodes a manifest that must be valid; what an API server would have stamped on it may be left out. */
export function object(manifest: unknown): AnyObject {
  return decoded(kindOf(manifest), manifest);
}

/** A manifest that does not decode, as a source would hand it on. */
export function refusedObject(manifest: unknown): (RefusedObject & { readonly kind: Kind }) | null {
  const kind = kindOf(manifest);
  const result = decodeObject(kind, manifest);
  const { metadata } = manifest as {
    readonly metadata: { readonly name: string; readonly namespace: string };
  };
  return result.ok ? null : { kind, ...metadata, raw: manifest, problems: result.problems };
}

/** The kind a manifest says it is of. */
export function kindOf(manifest: unknown): Kind {
  const kind = (manifest as { readonly kind: string }).kind;
  assert.ok(Object.hasOwn(kinds, kind), `the kind ${kind} is read`);
  return kind as Kind;
}

/** The objects of one moment; a list keeps its reference while `previous` had the same objects of the kind. */
export function reader(
  objects: readonly AnyObject[],
  previous: ObjectReader | null = null,
  refused: readonly (RefusedObject & { readonly kind: Kind })[] = [],
  unserved: readonly Kind[] = [],
): ObjectReader {
  const byKey = new Map(
    objects.map((one) => [keyOf(one.kind, one.metadata.namespace, one.metadata.name), one]),
  );
  const byKind = Map.groupBy(objects, (one): string => one.kind);
  const lists = new Map(
    Object.keys(kinds).map((kind) => {
      const now: readonly AnyObject[] = byKind.get(kind) ?? [];
      const before: readonly AnyObject[] | undefined = previous?.list(kind as Kind);
      const same = before?.length === now.length && now.every((one, index) => one === before[index]);
      return [kind, same ? before : now] as const;
    }),
  );
  const refusedOf = new Map<string, readonly RefusedObject[]>(
    Object.keys(kinds).map((kind) => {
      const now: readonly RefusedObject[] = refused.filter((one) => one.kind === kind);
      const before = previous?.refused(kind as Kind);
      return [kind, before !== undefined && equal(before, now) ? before : now] as const;
    }),
  );
  return {
    get: <K extends Kind>(kind: K, namespace: string, name: string) =>
      byKey.get(keyOf(kind, namespace, name)) as KindMap[K] | undefined,
    list: <K extends Kind>(kind: K) => (lists.get(kind) ?? []) as readonly KindMap[K][],
    refused: (kind) => refusedOf.get(kind) ?? [],
    served: (kind) => !unserved.includes(kind),
  };
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

export const nothingObserved: Observations = {
  dataPlanes: new Map(),
  keys: new Map(),
  provisioning: new Map(),
  quotas: new Map(),
};

/** What a translation of `objects` goes by. */
export function input(
  objects: ObjectReader,
  observations: Observations = nothingObserved,
  settings: Partial<TranslationInput['settings']> = {},
): TranslationInput {
  return {
    settings: {
      controllerName: 'turnpike.dev/gateway-controller',
      dataPlanes: 'External',
      trustedNetworks: [],
      ...settings,
    },
    objects,
    observations,
  };
}
