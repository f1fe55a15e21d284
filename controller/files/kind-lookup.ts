import type { Kind, KindInfo } from '#crds/kind.ts';
import type { KindOf } from './manifest.ts';

/** Groups whose kinds are all meant for us: an unknown one is a mistake and not somebody else's object. */
const ourGroups: ReadonlySet<string> = new Set(['turnpike.dev', 'gateway.networking.k8s.io']);

/** Finds the kind of a manifest among `kinds`. A beta version of a group counts as the version that we read. */
export function kindLookup(kinds: Readonly<Record<Kind, KindInfo>>): KindOf {
  const known = new Map<string, Kind>();
  for (const [kind, info] of Object.entries(kinds) as [Kind, KindInfo][]) {
    known.set(`${info.group}/${info.kind}`, kind);
  }
  return (apiVersion, kind) => {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    const found = known.get(`${group}/${kind}`);
    return found ?? (ourGroups.has(group) ? 'Unknown' : 'Foreign');
  };
}
