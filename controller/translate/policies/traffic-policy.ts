import type { TrafficSettings } from '#crds/traffic-settings.ts';
import type { Unit } from '../memo.ts';
import { placedSettings, type PolicyModel } from './policy.ts';
import { refusedModel } from './source.ts';

/** A TrafficPolicy, made ready to be attached: each group of its settings is a part. */
export interface TrafficModel extends PolicyModel {
  readonly settings: TrafficSettings;
}

/** The TrafficPolicy of a namespace and name; null when there is none. */
export const trafficPolicyUnit: Unit<TrafficModel | null> = {
  name: 'TrafficPolicy',
  compute(read, namespace = '', name = '') {
    const object = read.get('TrafficPolicy', namespace, name);
    if (object === undefined) {
      const refused = refusedModel(read, 'TrafficPolicy', namespace, name);
      return refused === null ? null : { ...refused, settings: {} };
    }
    const { layer, strategy, settings } = placedSettings<TrafficSettings>(object.spec);
    return {
      kind: 'TrafficPolicy',
      namespace,
      name,
      layer,
      strategy,
      parts: Object.keys(settings).map((group) => ({ name: group, id: null })),
      resources: [],
      remoteKeys: [],
      closes: null,
      pending: null,
      settings,
    };
  },
};
