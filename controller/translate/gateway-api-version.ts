// Of which version and channel the definitions of the Gateway API are that the cluster has.
import type { Read } from './memo.ts';

/** Whose kinds and fields this controller knows; a release mends without changing them. */
export const supportedVersion = 'v1.7';

/** `v1.7.0` and what else is of {@link supportedVersion}, release candidates too. */
const supported = /^v1\.7\.[0-9]/;

/** `found` is '' when the definitions do not tell. Null: nobody knows, for they may not be read. */
export function versionOf(read: Read): { readonly found: string; readonly isSupported: boolean } | null {
  // A folder has no definitions but those of this program.
  if (read.settings.dataPlanes === 'Standalone') return { found: supportedVersion, isSupported: true };
  const definition = definitionOf(read);
  if (definition === undefined) return null;
  const found = definition.metadata.annotations['gateway.networking.k8s.io/bundle-version'] ?? '';
  return { found, isSupported: supported.test(found) };
}

/** A folder knows all their fields. */
export function channelOf(read: Read): 'standard' | 'experimental' {
  if (read.settings.dataPlanes === 'Standalone') return 'experimental';
  const channel = definitionOf(read)?.metadata.annotations['gateway.networking.k8s.io/channel'];
  return channel === 'experimental' ? channel : 'standard';
}

/** One speaks for all: they are installed together. */
function definitionOf(read: Read) {
  return read.get('CustomResourceDefinition', '', 'gateways.gateway.networking.k8s.io');
}
