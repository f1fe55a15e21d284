import { isRecord } from '#crds/record.ts';

/** A part of a manifest. */
export type Json = Readonly<Record<string, unknown>>;

/** Lists whose items are merged by a key, as in Kubernetes' strategic merge; all others are replaced. */
const keys: ReadonlyMap<string, string> = new Map([
  ['containers', 'name'],
  ['initContainers', 'name'],
  ['volumes', 'name'],
  ['imagePullSecrets', 'name'],
  ['env', 'name'],
  ['volumeMounts', 'mountPath'],
  ['ports', 'containerPort'],
  ['hostAliases', 'ip'],
  ['sysctls', 'name'],
]);

/** `patch` laid over `base`: objects by their fields, keyed lists by their items, all else replaced. */
export function mergePatch(base: Json, patch: Json): Json {
  const merged: Record<string, unknown> = { ...base };
  for (const [field, value] of Object.entries(patch)) {
    merged[field] = mergedValue(field, merged[field], value);
  }
  return merged;
}

function mergedValue(field: string, base: unknown, patch: unknown): unknown {
  const key = keys.get(field);
  if (key !== undefined && isList(base) && isList(patch)) {
    return mergedList(key, base, patch);
  }
  return isRecord(base) && isRecord(patch) ? mergePatch(base, patch) : patch;
}

function mergedList(key: string, base: readonly Json[], patch: readonly Json[]): readonly Json[] {
  const rest = [...patch];
  const merged = base.map((item) => {
    const at = rest.findIndex((other) => other[key] === item[key]);
    const [other] = at === -1 ? [] : rest.splice(at, 1);
    return other === undefined ? item : mergePatch(item, other);
  });
  return [...merged, ...rest];
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value) && value.every(isRecord);
}
