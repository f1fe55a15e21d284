import type { Gateway } from '#crds/gateway-api.ts';
import { backendCertificateUnit } from '../backend-tls/client-certificate.ts';
import { listenerUnit, serves } from '../served-listener.ts';
import { isInsecure } from '../client-authorities.ts';
import { bad, conditionOf, good, wordsOf } from '../conditions.ts';
import { gatewayUnit, type GatewayModel } from '../gateway.ts';
import { addressesUnit } from '../infrastructure/addresses.ts';
import { gatewayListenersUnit, gatewaySetsUnit } from '../listener-set.ts';
import { endsTls, type ListenerShape } from '../listeners.ts';
import type { Read, Unit } from '../memo.ts';
import { affectedConditions, type Affecting } from '../policies/affected.ts';
import type { Problem } from '../problem.ts';
import { channelOf } from '../gateway-api-version.ts';
import type { DesiredCondition, DesiredStatus, Notice, StatusPart } from '../translation.ts';
import { affectingAt } from './affecting.ts';
import {
  acceptedBut,
  isReady,
  judge,
  listenerStatus,
  referenceProblems,
  refusalOf,
  servedOf,
  setServesUnit,
  type Judged,
} from './listener.ts';
import { closedPorts, portNotices } from './ports.ts';
import type { Told } from './told.ts';

type GatewayPart = Extract<StatusPart, { readonly kind: 'Gateway' }>;

/** The status of the Gateway of a namespace and name; null when it is not ours. */
export const gatewayStatusUnit: Unit<Told | null> = {
  name: 'gateway status',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    const object = read.get('Gateway', namespace, name);
    if (gateway === null || object === undefined) {
      return null;
    }
    const served = read.ask(servedUnit, namespace, name);
    return {
      status: gatewayStatus(read, gateway, object),
      notices: [...noticesOf(read, gateway), ...portNotices(read, gateway, served)],
    };
  },
};

function gatewayStatus(read: Read, gateway: GatewayModel, { metadata, spec }: Gateway): DesiredStatus {
  const { namespace, name } = gateway;
  const listeners = gateway.listeners.map((shape) => judge(read, gateway, shape));
  return {
    object: { kind: 'Gateway', namespace, name },
    generation: metadata.generation,
    gateways: [gateway.key],
    status: {
      kind: 'Gateway',
      conditions: gatewayConditions(read, gateway, listeners),
      addresses: addressesOf(read, gateway),
      listeners: listeners.map((one) => listenerStatus(read, gateway, one)),
      attachedListenerSets:
        spec.allowedListeners === undefined ? null : read.ask(attachedSetsUnit, namespace, name),
    },
  };
}

/** From where they are reached is told where the Gateway API has a field for it (GEP-5093). */
function addressesOf(read: Read, { namespace, name }: GatewayModel): GatewayPart['addresses'] {
  const { values } = read.ask(addressesUnit, namespace, name);
  return channelOf(read) === 'experimental' ? values : values.map(({ type, value }) => ({ type, value }));
}

/** How many ListenerSets the Gateway of a namespace and name has: those that are accepted. */
const attachedSetsUnit: Unit<number> = {
  name: 'attached sets',
  compute: (read, namespace = '', name = '') =>
    read
      .ask(gatewaySetsUnit, namespace, name)
      .filter((set) => read.ask(setServesUnit, set.namespace, set.name)).length,
};

/** Of all listeners of the Gateway of a namespace and name those that data planes are told of. */
const servedUnit: Unit<readonly ListenerShape[]> = {
  name: 'served listeners',
  compute: (read, namespace = '', name = '') =>
    read
      .ask(gatewayListenersUnit, namespace, name)
      .filter((one) => serves(read.ask(listenerUnit, namespace, name, one.key))),
};

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

function gatewayConditions(
  read: Read,
  gateway: GatewayModel,
  listeners: readonly Judged[],
): readonly DesiredCondition[] {
  const provisioning = read.provisioning(gateway.key);
  const programmed = read.ask(gatewayProgrammedUnit, gateway.namespace, gateway.name);
  return [
    acceptedCondition(gateway, listeners),
    ...resolvedCondition(read, gateway, listeners),
    programmed === null ? good('Programmed', portsMessage(read, gateway, listeners)) : bad(programmed),
    ...(provisioning === undefined ? [] : [bad({ kind: 'ProvisioningFails', ...provisioning })]),
    ...assignedCondition(read, gateway),
    ...insecureCondition(read, gateway),
    ...affectedConditions(affectingOf(read, gateway)),
  ];
}

/** Of what the Gateway itself refers to, and in sum of its listeners; not told of one that refers to nothing. */
function resolvedCondition(
  read: Read,
  { namespace, name, parameters }: GatewayModel,
  listeners: readonly Judged[],
): readonly DesiredCondition[] {
  const shown = read.ask(backendCertificateUnit, namespace, name);
  const unresolved = listeners.filter((one) => referenceProblems(one).length > 0);
  const problems = [
    parameters.storeProblem,
    shown?.problem ?? null,
    unresolved.length === 0
      ? null
      : ({ kind: 'ListenersNotResolved', listeners: unresolved.map(({ shape }) => shape.name) } as const),
  ].filter((one) => one !== null);
  const refers = shown !== null || problems.length > 0 || listeners.some(({ shape }) => endsTls(shape));
  return refers ? [conditionOf('ResolvedRefs', problems)] : [];
}

/** Whether each entry of spec.addresses has its address (GEP-5093); of the experimental channel. */
function assignedCondition(
  read: Read,
  { namespace, name, problem }: GatewayModel,
): readonly DesiredCondition[] {
  const { assignment } = read.ask(addressesUnit, namespace, name);
  if (channelOf(read) !== 'experimental' || problem !== null || assignment === 'Pending') {
    return [];
  }
  return [assignment === 'Assigned' ? good('AddressesAssigned') : bad(assignment)];
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

/** Policies of the Gateway and of its listeners; routes and ListenerSets tell of their own. */
function affectingOf(read: Read, { namespace, name, listeners }: GatewayModel): readonly Affecting[] {
  return affectingAt(read, { kind: 'Gateway', namespace, name }, listeners);
}

function acceptedCondition(gateway: GatewayModel, listeners: readonly Judged[]): DesiredCondition {
  if (gateway.problem !== null) {
    return bad(gateway.problem);
  }
  const refused = listeners.filter((one) => refusalOf(one) !== null).map(({ shape }) => shape.name);
  return acceptedBut(refused, listeners.length);
}

/** Why the Gateway of a namespace and name is not programmed; null when it is. */
export const gatewayProgrammedUnit: Unit<Problem | null> = {
  name: 'gateway programmed',
  compute(read, namespace = '', name = '') {
    const gateway = read.ask(gatewayUnit, namespace, name);
    return gateway === null ? null : programmedProblem(read, gateway);
  },
};

function programmedProblem(read: Read, gateway: GatewayModel): Problem | null {
  const what = `Gateway ${gateway.key}`;
  if (gateway.problem !== null) {
    return { kind: 'NotAccepted', what };
  }
  const served = read.ask(servedUnit, gateway.namespace, gateway.name);
  if (served.length === 0) {
    return { kind: 'NoListenerServes' };
  }
  const { problem } = read.ask(addressesUnit, gateway.namespace, gateway.name);
  const missing = problem ?? (isReady(read, gateway) ? null : ({ kind: 'NoDataPlane', what } as const));
  const provisioning = read.provisioning(gateway.key);
  if (missing !== null) {
    return provisioning === undefined ? missing : { kind: 'NotProvisioned', ...provisioning };
  }
  const { everywhere } = closedPorts(read, gateway, served);
  return everywhere.length === served.length ? { kind: 'NoPortOpen', listeners: everywhere } : null;
}

function portsMessage(read: Read, gateway: GatewayModel, listeners: readonly Judged[]): string {
  const { somewhere } = closedPorts(read, gateway, servedOf(listeners));
  return somewhere.length === 0
    ? ''
    : `Not with all ports open: listener ${somewhere.join(', ')}; see status.listeners.`;
}
