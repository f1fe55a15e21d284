import { wordsOf } from '../conditions.ts';
import { exposedUnit } from '../expose/exposed.ts';
import type { Unit } from '../memo.ts';
import type { Notice } from '../translation.ts';

/** What is wrong with the annotations of the Service of a namespace and name: its status is others'. */
export const exposedNoticesUnit: Unit<readonly Notice[]> = {
  name: 'exposed notices',
  compute(read, namespace = '', name = '') {
    const model = read.ask(exposedUnit, namespace, name);
    const object = { kind: 'Service', namespace, name };
    const closed = model?.closed ?? [];
    return [
      ...(model?.problems ?? []).map((one) => wordsOf(one)),
      ...closed.map(({ place, reason }) => ({
        reason: 'Closed',
        message: `${place} is closed: ${reason}.`,
      })),
    ].map(({ reason, message }) => ({ object, reason, message }));
  },
};
