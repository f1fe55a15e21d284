import { kindOf } from '#crds/kind.ts';
import type { KindOf } from './manifest.ts';

/** Groups whose kinds are all meant for us: an unknown one is a mistake and not somebody else's object. */
const ourGroups: ReadonlySet<string> = new Set(['turnpike.dev', 'gateway.networking.k8s.io']);

/** Kinds of the Gateway API that are spelt right and not read yet. */
const notYet: ReadonlySet<string> = new Set([
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
  'ListenerSet',
  'BackendTLSPolicy',
]);

/** The kind of a manifest among those we read. */
export const manifestKind: KindOf = (apiVersion, kind) => {
  const [group = ''] = apiVersion.split('/');
  const read = kindOf(apiVersion, kind);
  if (read !== undefined) return read;
  if (group === 'gateway.networking.k8s.io' && notYet.has(kind)) return 'NotYet';
  return ourGroups.has(group) ? 'Unknown' : 'Foreign';
};
