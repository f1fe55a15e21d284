import { conditionOf } from '../conditions.ts';
import { planUnit } from '../credentials/plan.ts';
import type { Index, Unit } from '../memo.ts';
import type { Told } from './told.ts';

const consumersByPlan: Index<'Consumer'> = {
  kind: 'Consumer',
  keysOf: ({ metadata, spec: { plan } }) => (plan === undefined ? [] : [`${metadata.namespace}/${plan}`]),
};

/** The status of the Plan of a namespace and name; null when there is none. */
export const planStatusUnit: Unit<Told | null> = {
  name: 'plan status',
  compute(read, namespace = '', name = '') {
    const object = read.get('Plan', namespace, name);
    const plan = read.ask(planUnit, namespace, name);
    if (plan === null) {
      return null;
    }
    const problems = plan.kind === 'Refused' ? [plan.problem] : [];
    const consumers = read.find(consumersByPlan, `${namespace}/${name}`).length;
    return {
      status: {
        object: { kind: 'Plan', namespace, name },
        generation: object?.metadata.generation ?? 0,
        gateways: [],
        status: { kind: 'Plan', conditions: [conditionOf('Accepted', problems)], consumers },
      },
      notices: [],
    };
  },
};
