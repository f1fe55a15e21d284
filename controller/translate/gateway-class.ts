import type { GatewayParameters } from '#crds/gateway-parameters.ts';
import type { Unit } from './memo.ts';
import { findParameters } from './parameters.ts';
import type { Problem } from './problem.ts';

/** A GatewayClass of ours. */
export interface GatewayClassModel {
  readonly name: string;
  readonly generation: number;
  /** Why its Gateways cannot be served. */
  readonly problem: Problem | null;
  readonly parameters: GatewayParameters | null;
}

/** The GatewayClass of a name; null when there is none or another controller's. */
export const gatewayClassUnit: Unit<GatewayClassModel | null> = {
  name: 'gateway class',
  compute(read, name = '') {
    const object = read.get('GatewayClass', '', name);
    if (object === undefined || object.spec.controllerName !== read.settings.controllerName) {
      return null;
    }
    const reference = object.spec.parametersRef;
    const found = findParameters(
      read,
      'spec.parametersRef',
      reference === undefined
        ? undefined
        : { ...reference, namespace: reference.namespace, author: 'Platform' },
    );
    const { generation } = object.metadata;
    return found.kind === 'Invalid'
      ? { name, generation, problem: found.problem, parameters: null }
      : { name, generation, problem: null, parameters: found.object };
  },
};
