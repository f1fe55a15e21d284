import { resourceId } from '#snapshot/ids.ts';
import { backendCertificateUnit } from '../backend-tls/client-certificate.ts';
import { listenerUnit, type ListenerModel } from '../certificates.ts';
import { isInsecure } from '../client-authorities.ts';
import { bad, conditionOf, good, wordsOf } from '../conditions.ts';
import { gatewayUnit, type GatewayModel } from '../gateway.ts';
import { attachedRoutesUnit } from '../gateway-snapshot.ts';
import { addressesUnit } from '../infrastructure/addresses.ts';
import type { ListenerShape } from '../listeners.ts';
import type { Read, Unit } from '../memo.ts';
import { affectedConditions, type Affecting } from '../policies/affected.ts';
import { contenders } from '../policies/conflict.ts';
import { policyUnits } from '../policies/protection.ts';
import { isAbsent, policyKinds, policyTitle } from '../policies/policy.ts';
import type { Problem } from '../problem.ts';
import type { DesiredCondition, DesiredListenerStatus, DesiredStatus, Notice } from '../translation.ts';
import { closedPorts, portNotices, portProblem } from './ports.ts';
import type { Told } from './told.ts';

/** The status of the Gateway of a namespace and name; null when it is not ours. */
export const gatewayStatusUnit: Unit<Told | null> = {
  name: 'gateway status',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    const object = read.get('Gateway', namespace, name);
    if (gateway === null || object === undefined) {
      return null;
    }
    const listeners = gateway.listeners.map((shape) => ({
      shape,
      model: read.ask(listenerUnit, namespace, name, shape.name),
    }));
    return {
      status: gatewayStatus(read, gateway, { listeners, generation: object.metadata.generation }),
      notices: [...noticesOf(read, gateway), ...portNotices(read, gateway, servedOf(listeners))],
    };
  },
};

function gatewayStatus(
  read: Read,
  gateway: GatewayModel,
  { listeners, generation }: { readonly listeners: readonly Judged[]; readonly generation: number },
): DesiredStatus {
  const { namespace, name } = gateway;
  const attached = countAttached(read, gateway);
  return {
    object: { kind: 'Gateway', namespace, name },
    generation,
    gateways: [gateway.key],
    status: {
      kind: 'Gateway',
      conditions: gatewayConditions(read, gateway, listeners),
      addresses: read.ask(addressesUnit, namespace, name).values,
      listeners: listeners.map((one) =>
        listenerStatus(read, gateway, one, attached.get(one.shape.name) ?? 0),
      ),
    },
  };
}

/** The words are a data plane's, and the log is everybody's. */
const refusedTold = 10;

/** What the owner's status has no place for: a store that cannot be had, resources that data planes refuse. */
function noticesOf(read: Read, { key, namespace, name, parameters }: GatewayModel): readonly Notice[] {
  const { storeProblem } = parameters;
  const object = { kind: 'Gateway', namespace, name };
  const provisioning = read.provisioning(key);
  const refused = [...(read.dataPlanes(key)?.refused ?? [])].sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    ...(storeProblem === null
      ? []
      : [{ object, reason: 'StoreUnresolved', message: wordsOf(storeProblem).message }]),
    ...(provisioning === undefined
      ? []
      : [{ object, reason: 'NotProvisioned', message: provisioning.message }]),
    ...refused.slice(0, refusedTold).map(([id, reason]) => ({
      object,
      reason: 'Refused',
      message: `A data plane has refused ${id}: ${reason}.`,
    })),
    ...(refused.length <= refusedTold
      ? []
      : [{ object, reason: 'Refused', message: 'Data planes have refused more than that: see their logs.' }]),
  ];
}

interface Judged {
  readonly shape: ListenerShape;
  readonly model: ListenerModel;
}

/** Routes attached to each listener, whatever its own state (Gateway API: ListenerStatus.attachedRoutes). */
function countAttached(read: Read, gateway: GatewayModel): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const route of read.ask(attachedRoutesUnit, gateway.namespace, gateway.name)) {
    for (const listener of route.listeners) {
      counts.set(listener, (counts.get(listener) ?? 0) + 1);
    }
  }
  return counts;
}

function gatewayConditions(
  read: Read,
  gateway: GatewayModel,
  listeners: readonly Judged[],
): readonly DesiredCondition[] {
  const provisioning = read.provisioning(gateway.key);
  const programmed = programmedProblem(read, gateway, listeners);
  return [
    acceptedCondition(gateway, listeners),
    ...resolvedCondition(read, gateway),
    programmed === null ? good('Programmed', portsMessage(read, gateway, listeners)) : bad(programmed),
    ...(provisioning === undefined ? [] : [bad({ kind: 'ProvisioningFails', ...provisioning })]),
    ...insecureCondition(read, gateway),
    ...affectedConditions(affectingOf(read, gateway)),
  ];
}

/** Of what the Gateway itself refers to; its listeners tell of their own. */
function resolvedCondition(
  read: Read,
  { namespace, name, parameters }: GatewayModel,
): readonly DesiredCondition[] {
  const shown = read.ask(backendCertificateUnit, namespace, name);
  const problems = [parameters.storeProblem, shown?.problem ?? null].filter((one) => one !== null);
  return shown === null && problems.length === 0 ? [] : [conditionOf('ResolvedRefs', problems)];
}

/** Told so that nobody takes the certificates of clients for a lock (GEP-91). */
function insecureCondition(read: Read, { namespace, name }: GatewayModel): readonly DesiredCondition[] {
  const object = read.get('Gateway', namespace, name);
  return object === undefined || !isInsecure(object)
    ? []
    : [
        {
          type: 'InsecureFrontendValidationMode',
          status: 'True',
          reason: 'ConfigurationChanged',
          message:
            'Clients without a valid certificate are let in too: AllowInsecureFallback in spec.tls.frontend.',
        },
      ];
}

/** Policies of the Gateway and of its listeners; routes tell of their own. */
function affectingOf(read: Read, { namespace, name, listeners }: GatewayModel): readonly Affecting[] {
  const sections = ['', ...listeners.map((one) => one.name)];
  return policyKinds.flatMap((kind) =>
    sections.flatMap((section) => {
      const [winner = ''] = contenders(read, kind, { kind: 'Gateway', namespace, name, section });
      const policy = read.ask(policyUnits[kind], namespace, winner);
      const holds = policy !== null && policy.closes?.kind !== 'SettingsInvalid' && !isAbsent(policy);
      return holds ? [{ kind, title: policyTitle(policy) }] : [];
    }),
  );
}

function acceptedCondition(gateway: GatewayModel, listeners: readonly Judged[]): DesiredCondition {
  if (gateway.problem !== null) {
    return bad(gateway.problem);
  }
  const refused = listeners.filter((one) => refusalOf(one) !== null).map(({ shape }) => shape.name);
  if (refused.length === 0) {
    return good('Accepted');
  }
  const all = refused.length === listeners.length;
  return {
    type: 'Accepted',
    status: all ? 'False' : 'True',
    reason: 'ListenersNotValid',
    message: `Not accepted: listener ${refused.join(', ')}; see status.listeners.`,
  };
}

function programmedProblem(read: Read, gateway: GatewayModel, listeners: readonly Judged[]): Problem | null {
  const what = `Gateway ${gateway.key}`;
  if (gateway.problem !== null) {
    return { kind: 'NotAccepted', what };
  }
  if (listeners.every(({ model }) => model.resource === null)) {
    return { kind: 'NoListenerServes' };
  }
  const { problem } = read.ask(addressesUnit, gateway.namespace, gateway.name);
  const missing = problem ?? (isReady(read, gateway) ? null : ({ kind: 'NoDataPlane', what } as const));
  const provisioning = read.provisioning(gateway.key);
  if (missing !== null) {
    return provisioning === undefined ? missing : { kind: 'NotProvisioned', ...provisioning };
  }
  const served = servedOf(listeners);
  const { everywhere } = closedPorts(read, gateway, served);
  return everywhere.length === served.length ? { kind: 'NoPortOpen', listeners: everywhere } : null;
}

function portsMessage(read: Read, gateway: GatewayModel, listeners: readonly Judged[]): string {
  const { somewhere } = closedPorts(read, gateway, servedOf(listeners));
  return somewhere.length === 0
    ? ''
    : `Not with all ports open: listener ${somewhere.join(', ')}; see status.listeners.`;
}

/** Those that data planes are told of. */
function servedOf(listeners: readonly Judged[]): readonly ListenerShape[] {
  return listeners.filter(({ model }) => model.resource !== null).map(({ shape }) => shape);
}

function isReady(read: Read, gateway: GatewayModel): boolean {
  return (read.dataPlanes(gateway.key)?.ready ?? 0) > 0;
}

function listenerStatus(
  read: Read,
  gateway: GatewayModel,
  { shape, model }: Judged,
  attachedRoutes: number,
): DesiredListenerStatus {
  const references = [...(shape.kindsProblem === null ? [] : [shape.kindsProblem]), ...model.problems];
  const programmed = listenerProgrammedProblem(read, gateway, { shape, model });
  return {
    name: shape.name,
    supportedKinds: shape.kinds,
    attachedRoutes,
    conditions: [
      listenerAccepted(refusalOf({ shape, model })),
      conflictedCondition(shape.problem),
      conditionOf('ResolvedRefs', references),
      programmed === null ? good('Programmed') : bad(programmed),
    ],
  };
}

/** Why a listener is not accepted. */
function refusalOf({ shape, model }: Judged): Problem | null {
  return shape.problem ?? model.refused;
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

function listenerProgrammedProblem(
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
  if (model.resource === null) {
    const [first] = model.problems;
    return { kind: 'Unresolved', what, detail: first === undefined ? '' : wordsOf(first).message };
  }
  const id = resourceId('Listener', gateway.namespace, gateway.name, shape.name);
  const detail = read.dataPlanes(gateway.key)?.refused.get(id);
  if (detail !== undefined) {
    return { kind: 'ListenerRefused', detail };
  }
  return isReady(read, gateway) ? portProblem(read, gateway, shape) : { kind: 'NoDataPlane', what };
}
