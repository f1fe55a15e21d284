/** The entry `key` of a Secret's or ConfigMap's data; null when there is none (`constructor` is none by itself). */
export function entryOf(data: Readonly<Record<string, string>> | undefined, key: string): string | null {
  return data !== undefined && Object.hasOwn(data, key) ? (data[key] ?? null) : null;
}

/** An entry of a Secret or ConfigMap, as people read where it is. */
export function entryTitle(
  kind: 'Secret' | 'ConfigMap',
  namespace: string,
  { name, key }: { readonly name: string; readonly key: string },
): string {
  return `key ${key} of ${kind} ${namespace}/${name}`;
}

/** What is wrong where `data` has no entry of a key, and the remedy; `undefined` where there is no such object. */
export function whyNoEntry(data: Readonly<Record<string, string>> | undefined): string {
  return data === undefined
    ? 'does not exist; create it with that key'
    : 'has no such key; add it, or name one that is there';
}

/** The octets that `encoded` (base64, as in a Secret's data) stands for, or null when it is none. */
export function decodeOctets(encoded: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(encoded);
  } catch {
    return null;
  }
}

/** The UTF-8 text that `encoded` (base64, as in a Secret's data) stands for, or null when it is none. */
export function decodeBase64(encoded: string): string | null {
  const octets = decodeOctets(encoded);
  try {
    return octets === null ? null : new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    return null;
  }
}
