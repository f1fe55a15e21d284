/** Where the API server has a kind of object. */
export interface ResourceLocation {
  /** The core group is `''`. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/** The path of all objects of a kind, in one namespace or (null) in all. */
export function collectionPath(
  { group, version, plural }: ResourceLocation,
  namespace: string | null,
): string {
  const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespace === null
    ? `${base}/${plural}`
    : `${base}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}

/** The path of one object; `namespace` is `''` for kinds without. */
export function objectPath(location: ResourceLocation, namespace: string, name: string): string {
  return `${collectionPath(location, namespace === '' ? null : namespace)}/${encodeURIComponent(name)}`;
}
