// The one table of words that users read: what is wrong, told as a condition with the Gateway API's type and
// reason, and a message that names the field and the remedy.
import { bindProblem } from './bind-problem.ts';
import { addressWords } from './address-words.ts';
import { ledWords } from './led-words.ts';
import { policyWords } from './policy-words.ts';
import { accepted, conflicted, programmed, resolvedRefs, sentence } from './words.ts';
import type { Problem, Referrer } from './problem.ts';
import type { DesiredCondition } from './translation.ts';
import type { Words, WordsOf } from './words.ts';

/** Of a listener whose filters cannot be enforced. */
const closedUntilThen = 'Until then all requests to the listener are answered with 500.';

const table: WordsOf<Problem> = {
  ClassNotAccepted: ({ className }) =>
    accepted('InvalidParameters', `GatewayClass ${className} is not accepted; see its status.`),
  UnsupportedVersion: ({ found, supported }) => ({
    type: 'SupportedVersion',
    reason: 'UnsupportedVersion',
    message: `The cluster's definitions of the Gateway API are ${found === '' ? 'of a version that they do not tell' : `of version ${found}`}, and ${supported} is supported: what differs may have no effect; install ${supported}.`,
  }),
  InvalidParameters: ({ field, detail }) => accepted('InvalidParameters', `${field} ${sentence(detail)}`),
  StoreUnresolved: ({ parameters, field, detail }) =>
    resolvedRefs(
      'InvalidParameters',
      `GatewayParameters ${parameters}: spec.rateLimitStore.redis.${field} ${detail}. Until then limits hold as their onStoreError says.`,
    ),
  ListenersNotResolved: ({ listeners }) =>
    resolvedRefs(
      'ListenersNotResolved',
      `Not resolved: listener ${listeners.join(', ')}; see status.listeners.`,
    ),
  NameTaken: ({ name, gateway }) =>
    accepted(
      'Invalid',
      `Its infrastructure would be named ${name}, as that of Gateway ${gateway}; give one of them another name.`,
    ),
  ProvisioningFails: ({ reason, message }) => ({ type: 'turnpike.dev/Provisioned', reason, message }),
  NotProvisioned: ({ reason, message }) =>
    reason === 'Invalid' ? programmed('Invalid', message) : programmed('NoResources', message),
  NoListenerServes: () =>
    programmed('Invalid', 'No listener can serve; see the conditions in status.listeners.'),
  NoPortOpen: ({ listeners }) =>
    programmed(
      'Pending',
      `No data plane can open the port of listener ${listeners.join(', ')}; see status.listeners.`,
    ),
  NoDataPlane: ({ what }) => programmed('Pending', `${what} waits for a data plane that is ready.`),
  NotAccepted: ({ what }) => programmed('Invalid', `${what} is not accepted; see the condition Accepted.`),

  ListenerSetNotAllowed: ({ gateway, namespace, fault }) =>
    accepted(
      'NotAllowed',
      fault === null
        ? `Gateway ${gateway} takes no ListenerSets of namespace ${namespace}; see its spec.allowedListeners.`
        : `Gateway ${gateway} takes no ListenerSets, for its spec.allowedListeners.namespaces.selector${fault.path}: ${fault.detail}.`,
    ),
  ParentNotAccepted: ({ gateway }) =>
    accepted('ParentNotAccepted', `Gateway ${gateway} is not accepted; see its status.`),
  ParentNotProgrammed: ({ gateway }) =>
    programmed('ParentNotProgrammed', `Gateway ${gateway} is not programmed; see its status.`),
  NoListenerProgrammed: ({ listeners }) =>
    programmed('Pending', `Not programmed: listener ${listeners.join(', ')}; see status.listeners.`),

  ListenerProtocol: ({ field, protocol }) =>
    accepted(
      'UnsupportedProtocol',
      `${field}: ${protocol} is not supported; use HTTP, HTTPS, TLS, TCP or UDP.`,
    ),
  NoAuthority: ({ field }) =>
    accepted(
      'NoValidCACertificate',
      `${field}: no authority can be read, and without the client certificates that are asked for the listener does not serve; see the condition ResolvedRefs.`,
    ),
  AuthorityKind: ({ field, reason, group, found }) => {
    const message =
      found === 'ClusterTrustBundle'
        ? `${field} names a ClusterTrustBundle, and this cluster serves none; let its API server serve those of certificates.k8s.io, or name a ConfigMap.`
        : `${field} names the kind ${kindOf(group, found)}; name a ConfigMap or a ClusterTrustBundle.`;
    return reason === 'InvalidKind'
      ? resolvedRefs('InvalidKind', message)
      : resolvedRefs('InvalidCACertificateKind', message);
  },
  AuthorityNotFound: ({ field, holder }) =>
    resolvedRefs('InvalidCACertificateRef', `${field}: ${holder} does not exist; create it.`),
  AuthorityMalformed: ({ field, holder, place }) =>
    resolvedRefs(
      'InvalidCACertificateRef',
      `${field}: ${holder} needs PEM certificates in ${place}; correct it.`,
    ),
  AuthorityNotPermitted: ({ field, from, configMap, namespace }) =>
    notPermitted(`${field}: ConfigMap ${configMap}`, from, namespace),
  HostnameConflict: ({ port, others }) =>
    conflicted(
      'HostnameConflict',
      `Port ${String(port)} with this hostname is also listener ${others.join(', ')}'s; change port or hostname of one of them.`,
    ),
  ProtocolConflict: ({ port, others }) =>
    conflicted(
      'ProtocolConflict',
      `Port ${String(port)} has another protocol in listener ${others.join(', ')}; give one of them another port.`,
    ),
  HostnameTaken: ({ port, by }) =>
    conflicted(
      'HostnameConflict',
      `Port ${String(port)} with this hostname is ${by}'s, which comes first; change port or hostname.`,
    ),
  ProtocolTaken: ({ port, by }) =>
    conflicted(
      'ProtocolConflict',
      `Port ${String(port)} has another protocol in ${by}, which comes first; take another port.`,
    ),
  TooManyListeners: ({ max }) =>
    accepted(
      'TooManyListeners',
      `The Gateway has ${String(max)} listeners already, with those of its ListenerSets; use another Gateway.`,
    ),
  TooManyPorts: ({ port, max }) =>
    accepted(
      'PortUnavailable',
      `Port ${String(port)} would be one more than the ${String(max)} that the Gateway has already, with its ListenerSets; use one of those, or another Gateway.`,
    ),
  InvalidRouteKinds: ({ field, kinds }) =>
    resolvedRefs(
      'InvalidRouteKinds',
      `${field}: ${kinds.join(', ')} cannot be attached to this listener; remove it.`,
    ),
  NoCertificate: ({ field }) =>
    resolvedRefs('InvalidCertificateRef', `${field} is empty; name a Secret of type kubernetes.io/tls.`),
  CertificateKind: ({ field, group, found }) =>
    resolvedRefs('InvalidCertificateRef', `${field} names the kind ${kindOf(group, found)}; name a Secret.`),
  CertificateNotFound: ({ field, secret }) =>
    resolvedRefs('InvalidCertificateRef', `${field}: Secret ${secret} does not exist; create it.`),
  CertificateMalformed: ({ field, secret, detail }) =>
    resolvedRefs(
      'InvalidCertificateRef',
      `${field}: Secret ${secret} cannot be used: ${detail}; correct it.`,
    ),
  CertificateNotPermitted: ({ field, from, secret, namespace }) =>
    notPermitted(`${field}: Secret ${secret}`, from, namespace),
  ListenerFilterInvalid: ({ field, detail }) =>
    accepted('InvalidListenerFilter', `${field}: ${sentence(detail)} ${closedUntilThen}`),
  ListenerFilterUnresolved: ({ cause }) =>
    resolvedRefs('InvalidListenerFilterRef', `${wordsOf(cause).message} ${closedUntilThen}`),
  ExtensionKind: ({ field, group, found }) =>
    resolvedRefs(
      'InvalidListenerFilterRef',
      `${field} names the kind ${kindOf(group, found)}; name an AuthPolicy or a RateLimitPolicy of turnpike.dev. ${closedUntilThen}`,
    ),
  ExtensionNotFound: ({ field, extension }) =>
    resolvedRefs(
      'InvalidListenerFilterRef',
      `${field}: ${extension} does not exist; create it. ${closedUntilThen}`,
    ),
  ExtensionNotEnforced: ({ field, extension }) =>
    resolvedRefs(
      'InvalidListenerFilterRef',
      `${field}: ${extension} cannot be enforced; see its status. ${closedUntilThen}`,
    ),
  Unresolved: ({ what, detail }) => programmed('Invalid', `${what} cannot serve. ${detail}`),
  ListenerRefused: ({ detail }) => programmed('Invalid', `A data plane has refused the listener: ${detail}.`),
  PortUnavailable: ({ port, ready, code, message, dataPlanes }) => {
    const { what, remedy } = bindProblem(code, message);
    return programmed(
      'Pending',
      `Port ${port} cannot be opened${someOf(dataPlanes, ready)}: ${what} (${code}); ${remedy}. It is tried again every second.`,
    );
  },

  ParentNotAttached: ({ set }) =>
    accepted('NoMatchingParent', `ListenerSet ${set} is not attached to its Gateway; see its status.`),
  NoMatchingParent: ({ parent, sectionName, port }) =>
    accepted(
      'NoMatchingParent',
      `${parent} has no listener with ${wanted(sectionName, port)}; correct the parentRef.`,
    ),
  NotAllowedByListeners: ({ parent, namespace, routeKind }) =>
    accepted(
      'NotAllowedByListeners',
      `No listener of ${parent} that the parentRef names allows routes of kind ${routeKind} from namespace ${namespace}; see the protocol and allowedRoutes of each.`,
    ),
  NoMatchingListenerHostname: ({ parent, hostnames }) =>
    accepted(
      'NoMatchingListenerHostname',
      `No listener of ${parent} that the parentRef names serves ${hostnames.join(', ')}; correct spec.hostnames.`,
    ),
  UnsupportedValue: ({ field, detail }) => accepted('UnsupportedValue', `${field}: ${detail}.`),
  IncompatibleFilters: ({ field }) =>
    accepted(
      'IncompatibleFilters',
      `${field}: a rule that redirects sends nothing on that URLRewrite or RequestMirror could take; remove one.`,
    ),
  RulesDropped: ({ rules, problem }) => ({
    type: 'PartiallyInvalid',
    reason: 'UnsupportedValue',
    message: `Dropped Rule ${rules.join(', ')}: requests meant for it do not pass. ${wordsOf(problem).message}`,
  }),

  ...ledWords,

  BackendKind: ({ field, group, found }) =>
    resolvedRefs('InvalidKind', `${field} names the kind ${kindOf(group, found)}; name a Service.`),
  BackendType: ({ field, service }) =>
    resolvedRefs(
      'InvalidKind',
      `${field}: Service ${service} is of type ExternalName, which is not followed; name one with endpoints.`,
    ),
  BackendNotFound: ({ field, service }) =>
    resolvedRefs(
      'BackendNotFound',
      `${field}: Service ${service} does not exist; create it or correct the name.`,
    ),
  BackendPortNotFound: ({ field, service, protocol, port, ports }) =>
    resolvedRefs(
      'BackendNotFound',
      `${field}.port: Service ${service} has no ${protocol} port ${String(port)}; it has ${ports.join(', ') || 'none'}.`,
    ),
  BackendProtocol: ({ field, service, protocol }) =>
    resolvedRefs(
      'UnsupportedProtocol',
      `${field}: Service ${service} has appProtocol ${protocol}, which is not supported; remove it if the backend speaks HTTP/1.1, or write kubernetes.io/h2c if it speaks HTTP/2 in the clear; for TLS attach a BackendTLSPolicy.`,
    ),
  BackendNotPermitted: ({ field, from, service, namespace }) =>
    notPermitted(`${field}: Service ${service}`, from, namespace),
  ClientCertificateUnresolved: ({ cause }) =>
    resolvedRefs(
      'InvalidClientCertificateRef',
      `${wordsOf(cause).message} Until then backends are shown no certificate.`,
    ),
  NoBackendAuthority: ({ field }) =>
    accepted(
      'NoValidCACertificate',
      `${field}: no authority can be read, and without one no backend can be trusted: requests to it are answered with 500; see the condition ResolvedRefs.`,
    ),
  BackendTlsNotEnforced: ({ field, service, policy }) =>
    resolvedRefs(
      'PolicyNotEnforced',
      `${field}: nothing is sent to Service ${service}, since BackendTLSPolicy ${policy} cannot be enforced; see its status.`,
    ),

  ...addressWords,
  ...policyWords,
};

/** The words for `problem`. */
export function wordsOf(problem: Problem): Words {
  // The key is the problem's own kind, so the entry takes it.
  const words = table[problem.kind] as (problem: Problem) => Words;
  return words(problem);
}

/** What is right is told with its own type as reason, but for what it is worth saying. */
export function good(type: string, message = '', reason = type): DesiredCondition {
  return { type, status: 'True', reason, message };
}

/** `problem` as a condition that is not met. */
export function bad(problem: Problem): DesiredCondition {
  return { ...wordsOf(problem), status: 'False' };
}

/** The condition `type`: not met for the first of `problems` that speaks in it, else met. */
export function conditionOf(type: string, problems: readonly Problem[], message = ''): DesiredCondition {
  const mine = problems.map((one) => wordsOf(one)).filter((one) => one.type === type);
  const [first] = mine;
  return first === undefined
    ? good(type, message)
    : {
        type,
        status: 'False',
        reason: first.reason,
        message: [...new Set(mine.map((one) => one.message))].join(' '),
      };
}

const namesMax = 3;

/** ` by 2 of 3 data planes (edge-0, edge-2)`; nothing where there is but one. */
function someOf(names: readonly string[], all: number): string {
  if (all === 1) {
    return '';
  }
  const more = names.length > namesMax ? ', ...' : '';
  return ` by ${String(names.length)} of ${String(all)} data planes (${names.slice(0, namesMax).join(', ')}${more})`;
}

/** `what` stands in `namespace`, which has not granted it to the kind and namespace of `from`. */
function notPermitted(what: string, from: Referrer, namespace: string): Words {
  return resolvedRefs(
    'RefNotPermitted',
    `${what} may not be used from namespace ${from.namespace}; add a ReferenceGrant for ${from.kind} to namespace ${namespace}.`,
  );
}

function kindOf(group: string, kind: string): string {
  return group === '' ? kind : `${group}/${kind}`;
}

function wanted(sectionName: string | null, port: number | null): string {
  const parts = [
    ...(sectionName === null ? [] : [`the name ${sectionName}`]),
    ...(port === null ? [] : [`port ${String(port)}`]),
  ];
  return parts.join(' and ');
}
