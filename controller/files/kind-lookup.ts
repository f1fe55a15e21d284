import { kindOf } from '#crds/kind.ts';
import type { KindOf } from './manifest.ts';

/** Groups whose kinds are all meant for us: an unknown one is a mistake and not somebody else's object. */
const ourGroups: ReadonlySet<string> = new Set(['turnpike.dev', 'gateway.networking.k8s.io']);

/** The kind of a manifest among those we read. */
export const manifestKind: KindOf = (apiVersion, kind) => {
  const [group = ''] = apiVersion.split('/');
  return kindOf(apiVersion, kind) ?? (ourGroups.has(group) ? 'Unknown' : 'Foreign');
};
