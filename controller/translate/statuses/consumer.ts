import { conditionOf } from '../conditions.ts';
import { consumerKeysUnit, consumerTitle, lostKeys } from '../credentials/key-owners.ts';
import { lackOfPlan } from '../credentials/plan.ts';
import { lostByConsumer } from '../credentials/remarks.ts';
import type { Unit } from '../memo.ts';
import { quotaNotices, quotaStatuses } from './quotas.ts';
import type { Told } from './told.ts';

/** The status of the Consumer of a namespace and name; null when there is none. */
export const consumerStatusUnit: Unit<Told | null> = {
  name: 'consumer status',
  compute(read, namespace = '', name = '') {
    const consumer = read.get('Consumer', namespace, name);
    if (consumer === undefined) {
      return null;
    }
    const keys = read.ask(consumerKeysUnit, namespace, name);
    const detail = lostByConsumer(lostKeys(read, namespace, consumerTitle(namespace, name), keys));
    const taken = detail === null ? [] : [{ kind: 'CredentialsTaken', detail } as const];
    const { plan } = consumer.spec;
    const lack = plan === undefined ? null : lackOfPlan(read, namespace, plan);
    const lacks = lack === null ? [] : [{ kind: 'PlanUnresolved', ...lack } as const];
    const conditions = [conditionOf('Accepted', taken), conditionOf('ResolvedRefs', lacks)];
    const object = { kind: 'Consumer', namespace, name };
    const offered = plan === undefined ? [] : (read.get('Plan', namespace, plan)?.spec.quotas ?? []);
    const quotas = quotaStatuses(offered, plan ?? '', read.quotas(`${namespace}/${name}`) ?? []);
    return {
      status: {
        object,
        generation: consumer.metadata.generation,
        gateways: [],
        status: {
          kind: 'Consumer',
          conditions,
          plan: { name: plan ?? '', quotas: offered.map((quota) => quota.name) },
          quotas,
        },
      },
      notices: quotaNotices(object, quotas),
    };
  },
};
