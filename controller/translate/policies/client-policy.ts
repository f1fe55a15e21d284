import { isIP } from 'node:net';
import type { ClientGroups } from '#crds/client-settings.ts';
import type { Unit } from '../memo.ts';
import type { Problem } from '../problem.ts';
import { closedPolicy, type PolicyModel } from './policy.ts';
import { refusedModel } from './source.ts';

/** A ClientPolicy, made ready to be attached: each group of its settings is a part. */
export interface ClientModel extends PolicyModel {
  readonly settings: ClientGroups;
}

/** The ClientPolicy of a namespace and name; null when there is none. */
export const clientPolicyUnit: Unit<ClientModel | null> = {
  name: 'ClientPolicy',
  compute(read, namespace = '', name = '') {
    const object = read.get('ClientPolicy', namespace, name);
    if (object === undefined) {
      const refused = refusedModel(read, 'ClientPolicy', namespace, name);
      return refused === null ? null : { ...refused, settings: {} };
    }
    const base = { kind: 'ClientPolicy', namespace, name, layer: 'Rules', strategy: 'Merge' } as const;
    const { targetRefs: _, ...settings } = object.spec;
    const problem = networkProblem(settings);
    if (problem !== null) {
      return { ...closedPolicy(base, problem), settings: {} };
    }
    return {
      ...base,
      parts: Object.keys(settings).map((group) => ({ name: group, id: null })),
      resources: [],
      remoteKeys: [],
      closes: null,
      pending: null,
      settings,
    };
  },
};

/** What the pattern of a network lets through and is none. */
function networkProblem({ clientAddress, proxyProtocol }: ClientGroups): Problem | null {
  const trusted = clientAddress?.type === 'XForwardedFor' ? clientAddress.xForwardedFor : null;
  const lists = [
    ['spec.clientAddress.xForwardedFor.sources', trusted?.type === 'Sources' ? trusted.sources : []],
    ['spec.proxyProtocol.sources', proxyProtocol?.sources ?? []],
  ] as const;
  for (const [field, sources] of lists) {
    const at = sources.findIndex((one) => !isNetwork(one));
    if (at !== -1) {
      const detail = `${sources[at] ?? ''} is no network; write one such as 10.0.0.0/8 or 2001:db8::/32`;
      return { kind: 'SettingsInvalid', field: `${field}[${String(at)}]`, detail };
    }
  }
  return null;
}

function isNetwork(text: string): boolean {
  const [address = '', bits = ''] = text.split('/');
  const family = isIP(address);
  return family !== 0 && Number(bits) <= (family === 4 ? 32 : 128);
}
