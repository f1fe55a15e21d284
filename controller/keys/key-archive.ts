import { createHash } from 'node:crypto';
import { isRecord } from '#crds/record.ts';
import { keptProvider } from './provider-metadata.ts';
import type { ProviderMetadata } from '#controller/translate/input.ts';
import type { JsonWebKey } from '#snapshot/key-set.ts';
import type { ReadKeys } from './public-keys.ts';

/** Good keys, and when they were fetched: milliseconds since 1970. */
export interface KeptKeys {
  readonly keys: readonly JsonWebKey[];
  readonly fetchedMs: number;
  readonly provider?: ProviderMetadata;
}

/** Data of a ConfigMap. */
export type ArchiveData = Readonly<Record<string, string>>;

/** A ConfigMap holds at most 1 MiB. */
const archiveCharactersMax = 900 * 1024;

/** Key sets as the data of a ConfigMap, in a stable order; those beyond its size are left out. */
export function archiveData(good: ReadonlyMap<string, KeptKeys>): ArchiveData {
  const data: Record<string, string> = {};
  let characters = 0;
  for (const [id, { keys, ...rest }] of [...good].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const name = createHash('sha256').update(id).digest('hex').slice(0, 32);
    const text = JSON.stringify({ id, ...rest, keys: keys.map(withoutAbsent) });
    characters += name.length + text.length;
    if (characters > archiveCharactersMax) {
      break;
    }
    data[name] = text;
  }
  return data;
}

/** The key sets in the data of a ConfigMap; what cannot be read is left out. */
export function archivedKeys(data: ArchiveData, readKeys: ReadKeys): ReadonlyMap<string, KeptKeys> {
  const found = new Map<string, KeptKeys>();
  for (const text of Object.values(data)) {
    const entry = entryOf(text);
    const read = entry === null ? null : readKeys(entry.keys);
    if (entry !== null && read?.kind === 'Keys') {
      const { id, fetchedMs, provider } = entry;
      const kept = { keys: read.keys, fetchedMs };
      found.set(id, provider === null ? kept : { ...kept, provider });
    }
  }
  return found;
}

interface ArchiveEntry {
  readonly id: string;
  readonly fetchedMs: number;
  readonly keys: readonly unknown[];
  readonly provider: ProviderMetadata | null;
}

function entryOf(text: string): ArchiveEntry | null {
  try {
    const value: unknown = JSON.parse(text);
    const { id, fetchedMs, keys, provider } = isRecord(value) ? value : {};
    return typeof id === 'string' && typeof fetchedMs === 'number' && Array.isArray(keys)
      ? { id, fetchedMs, keys, provider: isRecord(provider) ? keptProvider(provider) : null }
      : null;
  } catch {
    return null;
  }
}

function withoutAbsent(key: JsonWebKey): object {
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== null));
}
