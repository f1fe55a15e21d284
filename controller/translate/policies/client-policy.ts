import type { ClientGroups } from '#crds/client-settings.ts';
import type { Unit } from '../memo.ts';
import type { PortPolicy } from './port-policies.ts';
import { refusedModel } from './source.ts';

/** A ClientPolicy, made ready to be attached: each group of its settings is a part. */
export type ClientModel = PortPolicy<ClientGroups>;

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
