import type { DesiredCondition, DesiredStatus } from '#controller/translate/translation.ts';

/** How one object is, for a person: `ok` is false when something about it is not in force. */
export interface StateLine {
  readonly ok: boolean;
  readonly object: string;
  readonly state: string;
  /** Reason and message of each condition that is not as it should be. */
  readonly details: readonly string[];
}

/** Lines for all objects, Gateways and their classes first, each kind by name. */
export function stateLines(statuses: readonly DesiredStatus[]): readonly StateLine[] {
  return statuses.map(stateLine);
}

function stateLine({ object, status }: DesiredStatus): StateLine {
  const name = `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}`;
  const groups = conditionGroups(status);
  const bad = groups.flatMap(({ where, conditions }) =>
    conditions.filter(isBad).map((one) => `${where}${one.type}=${one.status} ${one.reason}: ${one.message}`),
  );
  const good = groups.flatMap(({ conditions }) =>
    conditions.filter((one) => !isBad(one)).map((one) => one.type),
  );
  const state = bad.length === 0 ? lastWord(good) : 'not in force as written';
  return { ok: bad.length === 0, object: name, state: `${state}${extra(status)}`, details: bad };
}

interface Group {
  readonly where: string;
  readonly conditions: readonly DesiredCondition[];
}

function conditionGroups(status: DesiredStatus['status']): readonly Group[] {
  switch (status.kind) {
    case 'GatewayClass':
      return [{ where: '', conditions: status.conditions }];
    case 'Gateway':
      return [
        { where: '', conditions: status.conditions },
        ...status.listeners.map(({ name, conditions }) => ({ where: `listener ${name}: `, conditions })),
      ];
    case 'Route':
      return status.parents.map(({ parentRef, conditions }) => ({
        where: `${parentRef.name}: `,
        conditions,
      }));
    case 'Policy':
      return [{ where: '', conditions: status.conditions }];
    default:
      return status satisfies never;
  }
}

/** Conditions that are false, or true where true is the bad case. */
function isBad({ type, status }: DesiredCondition): boolean {
  const badWhenTrue = type === 'Conflicted' || type === 'PartiallyInvalid';
  return badWhenTrue ? status === 'True' : status !== 'True';
}

function lastWord(types: readonly string[]): string {
  return ['Programmed', 'Accepted'].find((type) => types.includes(type)) ?? 'known';
}

function extra(status: DesiredStatus['status']): string {
  if (status.kind === 'Policy') return `, targets ${status.targets}`;
  if (status.kind !== 'Gateway') return '';
  return status.listeners
    .map(
      ({ name, attachedRoutes }) =>
        `, listener ${name}: ${attachedRoutes} route${attachedRoutes === 1 ? '' : 's'}`,
    )
    .join('');
}
