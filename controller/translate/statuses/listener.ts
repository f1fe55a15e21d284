// What is told of one listener, wherever it stands, and of a Gateway's listeners that routes are attached to.
import { gatewayOf } from '#snapshot/ids.ts';
import { listenerUnit, serves, type ListenerModel } from '../served-listener.ts';
import { bad, conditionOf, good, wordsOf } from '../conditions.ts';
import type { GatewayModel } from '../gateway.ts';
import { attachedShelfUnit, attachedShelves } from '../attached-routes.ts';
import { listenerSetUnit, listenerShapeUnit } from '../listener-set.ts';
import { listenerId, type ListenerShape } from '../listeners.ts';
import { entryOf } from '../map-entry.ts';
import type { Read, Unit } from '../memo.ts';
import { overlapUnit } from '../overlapping-hosts.ts';
import type { Problem } from '../problem.ts';
import type { DesiredCondition, DesiredListenerStatus } from '../translation.ts';
import { overShelves } from '../shelves.ts';
import { portProblem } from './ports.ts';

/** A listener and what becomes of it. */
export interface Judged {
  readonly shape: ListenerShape;
  readonly model: ListenerModel;
}

/** The listener of `gateway` that `shape` is, with its conflicts told. */
export function judge(read: Read, { namespace, name }: GatewayModel, shape: ListenerShape): Judged {
  return {
    shape: read.ask(listenerShapeUnit, namespace, name, shape.key) ?? shape,
    model: read.ask(listenerUnit, namespace, name, shape.key),
  };
}

/** Those that data planes are told of. */
export function servedOf(listeners: readonly Judged[]): readonly ListenerShape[] {
  return listeners.filter(({ model }) => serves(model)).map(({ shape }) => shape);
}

/** Why a listener is not accepted. */
export function refusalOf({ shape, model }: Judged): Problem | null {
  return shape.problem ?? model.refused;
}

/** What it names that cannot be had. */
export function referenceProblems({ shape, model }: Judged): readonly Problem[] {
  return [...(shape.kindsProblem === null ? [] : [shape.kindsProblem]), ...model.problems];
}

/** The condition of what listeners stand in, of which `refused` are not accepted. */
export function acceptedBut(
  refused: readonly string[],
  count: number,
  what = 'Not accepted',
): DesiredCondition {
  return refused.length === 0
    ? good('Accepted')
    : {
        type: 'Accepted',
        status: refused.length === count ? 'False' : 'True',
        reason: 'ListenersNotValid',
        message: `${what}: listener ${refused.join(', ')}; see status.listeners.`,
      };
}

/** Whether some listener of the ListenerSet of a namespace and name can be served: without one it is not accepted. */
export const setServesUnit: Unit<boolean> = {
  name: 'set serves',
  compute(read, namespace = '', name = '') {
    const set = read.ask(listenerSetUnit, namespace, name);
    const gateway = set === null ? null : gatewayOf(set.gateway);
    return (
      set !== null &&
      gateway !== null &&
      set.problem === null &&
      set.listeners.some(({ key }) => serves(read.ask(listenerUnit, gateway.namespace, gateway.name, key)))
    );
  },
};

/** Whether some data plane serves the Gateway. */
export function isReady(read: Read, gateway: GatewayModel): boolean {
  return (read.dataPlanes(gateway.key)?.ready ?? 0) > 0;
}

type Counts = ReadonlyMap<string, number>;

/** Routes attached to each listener of the Gateway of a namespace and name, by its key. */
const countsUnit: Unit<Counts> = {
  name: 'attached counts',
  compute: (read, ...gateway) =>
    sumOf(overShelves(read, attachedShelves, shelfCountsUnit, ...gateway).flatMap((counts) => [...counts])),
};

const shelfCountsUnit: Unit<Counts> = {
  name: 'attached counts of a shelf',
  compute: (read, ...shelf) =>
    sumOf(
      read
        .ask(attachedShelfUnit, ...shelf)
        .flatMap(({ listeners }) => listeners.map((listener) => [listener, 1] as const)),
    ),
};

function sumOf(counted: readonly (readonly [listener: string, count: number])[]): Counts {
  const sums = new Map<string, number>();
  for (const [listener, count] of counted) sums.set(listener, (sums.get(listener) ?? 0) + count);
  return sums;
}

const countUnit = entryOf('attached count', countsUnit, 0);

/** The entry of a listener; routes attached to it count whatever its own state (ListenerStatus.attachedRoutes). */
export function listenerStatus(read: Read, gateway: GatewayModel, judged: Judged): DesiredListenerStatus {
  const { shape } = judged;
  return {
    name: shape.name,
    supportedKinds: shape.kinds,
    attachedRoutes: read.ask(countUnit, gateway.namespace, gateway.name, shape.key),
    conditions: [
      listenerAccepted(refusalOf(judged)),
      conflictedCondition(shape.problem),
      conditionOf('ResolvedRefs', referenceProblems(judged)),
      programmedCondition(read, gateway, judged),
      ...overlappingCondition(read, gateway, shape),
    ],
  };
}

/** Only while it is true; nobody is kept from serving by it. */
function overlappingCondition(
  read: Read,
  { namespace, name }: GatewayModel,
  { key, port }: ListenerShape,
): readonly DesiredCondition[] {
  const others = read.ask(overlapUnit, namespace, name, key);
  return others.length === 0
    ? []
    : [
        {
          type: 'OverlappingTLSConfig',
          status: 'True',
          reason: 'OverlappingHostnames',
          message: `On port ${String(port)} its hosts overlap with those of ${others.join(', ')}: over a connection to one of them a client does not reach the others (HTTPS answers 421).`,
        },
      ];
}

/** A conflict has a condition of its own, and is the reason of this one too. */
function listenerAccepted(problem: Problem | null): DesiredCondition {
  return problem === null ? good('Accepted') : { ...bad(problem), type: 'Accepted' };
}

function conflictedCondition(problem: Problem | null): DesiredCondition {
  const words = problem === null ? null : wordsOf(problem);
  return words?.type === 'Conflicted'
    ? { ...words, status: 'True' }
    : { type: 'Conflicted', status: 'False', reason: 'NoConflicts', message: '' };
}

/** What has lost its port or host to another object says so here, too (GEP-1713). */
function programmedCondition(read: Read, gateway: GatewayModel, judged: Judged): DesiredCondition {
  const { problem } = judged.shape;
  if (problem?.kind === 'HostnameTaken' || problem?.kind === 'ProtocolTaken') {
    return { ...bad(problem), type: 'Programmed' };
  }
  const programmed = programmedProblemOf(read, gateway, judged);
  return programmed === null ? good('Programmed') : bad(programmed);
}

/** Why a listener serves nobody, or not everywhere. */
export function programmedProblemOf(
  read: Read,
  gateway: GatewayModel,
  { shape, model }: Judged,
): Problem | null {
  const what = `Listener ${shape.name}`;
  if (gateway.problem !== null) {
    return { kind: 'NotAccepted', what: `Gateway ${gateway.key}` };
  }
  if (refusalOf({ shape, model }) !== null) {
    return { kind: 'NotAccepted', what };
  }
  if (!serves(model)) {
    const first = model.closed ?? model.problems[0];
    return { kind: 'Unresolved', what, detail: first === undefined ? '' : wordsOf(first).message };
  }
  const id = listenerId(gateway, shape.key);
  const detail = read.dataPlanes(gateway.key)?.refused.get(id);
  if (detail !== undefined) {
    return { kind: 'ListenerRefused', detail };
  }
  return isReady(read, gateway) ? portProblem(read, gateway, shape) : { kind: 'NoDataPlane', what };
}
