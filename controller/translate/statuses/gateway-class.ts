import { conditionOf } from '../conditions.ts';
import { gatewayClassUnit } from '../gateway-class.ts';
import type { Unit } from '../memo.ts';
import { supportedFeatures } from '../supported-features.ts';
import type { Told } from './told.ts';

/** The status of the GatewayClass of a name; null when it is not ours. */
export const gatewayClassStatusUnit: Unit<Told | null> = {
  name: 'gateway class status',
  compute(read, name = '') {
    const model = read.ask(gatewayClassUnit, name);
    if (model === null) {
      return null;
    }
    const problems = model.problem === null ? [] : [model.problem];
    return {
      status: {
        object: { kind: 'GatewayClass', namespace: '', name },
        generation: model.generation,
        gateways: [],
        status: {
          kind: 'GatewayClass',
          conditions: [conditionOf('Accepted', problems)],
          supportedFeatures: supportedFeatures(read),
        },
      },
      notices: [],
    };
  },
};
