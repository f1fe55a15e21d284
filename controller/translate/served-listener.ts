// A listener with all that it needs to serve: certificates, what clients must show, and what its requests meet first.
import { listenerTlsDefaults } from '#snapshot/client-defaults.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Listener as ServedListener, ListenerFilter, ListenerTls } from '#snapshot/listener.ts';
import { certificatesOf } from './certificates.ts';
import { clientAuthorities } from './client-authorities.ts';
import { closedFilters, listenerFilters, type FoundFilters } from './filters/listener-filters.ts';
import { securedListenersUnit } from './ingress/ingress-tls.ts';
import { listenerShapeUnit } from './listener-set.ts';
import { endsTls, listenerId, type ListenerShape } from './listeners.ts';
import type { Read, Unit } from './memo.ts';
import { listenerTls } from './policies/client-rules.ts';
import { gatewayClientsUnit } from './policies/client-settings.ts';
import type { Problem } from './problem.ts';

/** A listener with what it needs to serve. */
export interface ListenerModel {
  /** Null: it cannot serve. */
  readonly resource: ServedListener | null;
  readonly certificates: readonly Certificate[];
  /** What its filters name, and what it takes to reach that. */
  readonly asked: Pick<FoundFilters, 'resources' | 'sources'>;
  /** References that could not be resolved. */
  readonly problems: readonly Problem[];
  /** Why it is not accepted, for what it or its Gateway names. */
  readonly refused: Problem | null;
  /** Why it lets no request pass, although it keeps its port and its hosts. */
  readonly closed: Problem | null;
}

/** Whether requests and streams come through. */
export function serves({ resource, closed }: ListenerModel): boolean {
  return resource !== null && closed === null;
}

const none = Object.freeze({ resource: null, certificates: [], problems: [], refused: null });

/** The listener of a Gateway of ours by the Gateway's namespace, its name, and the listener's key. */
export const listenerUnit: Unit<ListenerModel> = {
  name: 'listener',
  compute(read, namespace = '', gatewayName = '', key = '') {
    const shape = read.ask(listenerShapeUnit, namespace, gatewayName, key);
    if (shape === null) {
      return { ...none, asked: { resources: [], sources: [] }, closed: null };
    }
    const found = listenerFilters(read, shape);
    const unasked = found.refused ?? found.problems[0] ?? null;
    const filters = unasked === null ? found.filters : closedFilters(shape, unasked);
    const part = securedPart(read, { namespace, name: gatewayName }, shape, filters);
    return {
      ...part,
      asked: unasked === null ? found : { resources: [], sources: [] },
      problems: [...part.problems, ...found.problems],
      refused: part.refused ?? found.refused ?? shape.namespacesProblem,
      closed: unasked ?? shape.namespacesProblem,
    };
  },
};

type SecuredPart = Pick<ListenerModel, 'resource' | 'certificates' | 'problems' | 'refused'>;

/** The listener with what it shows to clients, and wants to be shown. */
function securedPart(
  read: Read,
  at: { readonly namespace: string; readonly name: string },
  shape: ListenerShape,
  filters: readonly ListenerFilter[],
): SecuredPart {
  const { namespace, name } = at;
  const gateway = read.get('Gateway', namespace, name);
  if (gateway === undefined) {
    return none;
  }
  const id = listenerId(at, shape.key);
  if (!endsTls(shape)) {
    const resource = resourceOf(id, shape, { certificates: [], tls: listenerTlsDefaults, filters });
    return { ...none, resource };
  }
  const { certificates, problems } = certificatesOf(read, shape);
  const clients = clientAuthorities(read, gateway, shape.port);
  const settings = read.ask(gatewayClientsUnit, namespace, name).tls.get(shape.key);
  const isHttps = shape.protocol === 'HTTPS';
  // What goes on as it is is spoken by nobody here: to agree on a protocol would be to promise it.
  const alpn = isHttps ? {} : { alpn: [] };
  const tls = { ...listenerTls(settings), ...alpn, clientCertificates: clients.certificates };
  const borrows =
    isHttps && certificates.length === 0 && read.ask(securedListenersUnit, namespace, name).includes(id);
  const canServe = clients.refused === null && (certificates.length > 0 || borrows);
  return {
    resource: canServe ? resourceOf(id, shape, { certificates, tls, filters }) : null,
    certificates,
    problems: [...problems.filter((one) => !borrows || one.kind !== 'NoCertificate'), ...clients.problems],
    refused: clients.refused,
  };
}

function resourceOf(
  id: ResourceId,
  { key, createdMs, port, hostname, protocol, tlsMode, problem }: ListenerShape,
  of: {
    readonly certificates: readonly Certificate[];
    readonly tls: ListenerTls;
    readonly filters: readonly ListenerFilter[];
  },
): ServedListener | null {
  if (problem !== null) {
    return null;
  }
  const { tls, filters } = of;
  const base = { kind: 'Listener', id, name: key, createdMs, port, hostname } as const;
  const secured = { certificates: of.certificates.map((one) => one.id), tls };
  switch (protocol) {
    case 'HTTPS':
      return { ...base, protocol, ...secured, filters };
    case 'TLS':
      return { ...base, protocol, mode: tlsMode ?? 'Terminate', ...secured };
    case 'TCP':
    case 'UDP':
      return { ...base, protocol };
    default:
      return { ...base, protocol: 'HTTP', filters };
  }
}
