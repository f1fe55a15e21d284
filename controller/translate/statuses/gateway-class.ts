import { conditionOf } from '../conditions.ts';
import { gatewayClassUnit } from '../gateway-class.ts';
import { versionOf, supportedVersion } from '../gateway-api-version.ts';
import type { Read, Unit } from '../memo.ts';
import { supportedFeatures } from '../supported-features.ts';
import type { DesiredCondition } from '../translation.ts';
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
          conditions: [conditionOf('Accepted', problems), ...versionCondition(read)],
          supportedFeatures: supportedFeatures(read),
        },
      },
      notices: [],
    };
  },
};

/** Gateways of the class are served all the same. */
function versionCondition(read: Read): readonly DesiredCondition[] {
  const version = versionOf(read);
  if (version === null) return [];
  const { found, isSupported } = version;
  const problem = { kind: 'UnsupportedVersion', found, supported: supportedVersion } as const;
  return [conditionOf('SupportedVersion', isSupported ? [] : [problem])];
}
