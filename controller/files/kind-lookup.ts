import { apiVersionOf, kindOf, kinds } from '#crds/kind.ts';
import { nearestName } from '#crds/nearest-name.ts';
import type { KindOf } from './manifest.ts';

/** Groups whose kinds are all meant for us: an unknown one is a mistake and not somebody else's object. */
const ourGroups: ReadonlySet<string> = new Set(['turnpike.dev', 'gateway.networking.k8s.io']);

/** The kind of a manifest among those we read. */
export const manifestKind: KindOf = (apiVersion, kind) => {
  const [group = ''] = apiVersion.split('/');
  const read = kindOf(apiVersion, kind);
  if (read !== undefined) return read;
  return ourGroups.has(group) ? 'Unknown' : 'Foreign';
};

/** What to do about a kind that is none of those we read. */
export function kindMeant(apiVersion: string, kind: string): string {
  const [group = ''] = apiVersion.split('/');
  const ofGroup = Object.values(kinds).filter((one) => one.group === group);
  const meant = nearestName(
    kind,
    ofGroup.map((one) => one.kind),
  );
  const info = ofGroup.find((one) => one.kind === meant);
  return info === undefined
    ? `its kinds are ${ofGroup.map((one) => one.kind).join(', ')}`
    : `did you mean ${apiVersionOf(info)} ${info.kind}?`;
}
