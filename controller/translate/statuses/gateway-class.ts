import { conditionOf } from '../conditions.ts';
import { gatewayClassUnit } from '../gateway-class.ts';
import type { Unit } from '../memo.ts';
import type { DesiredStatus } from '../translation.ts';

/** The status of the GatewayClass of a name; null when it is not ours. */
export const gatewayClassStatusUnit: Unit<DesiredStatus | null> = {
  name: 'gateway class status',
  compute(read, name = '') {
    const model = read.ask(gatewayClassUnit, name);
    if (model === null) {
      return null;
    }
    const problems = model.problem === null ? [] : [model.problem];
    return {
      object: { kind: 'GatewayClass', namespace: '', name },
      generation: model.generation,
      gateways: [],
      status: { kind: 'GatewayClass', conditions: [conditionOf('Accepted', problems)] },
    };
  },
};
