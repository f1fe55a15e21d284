// Rules that send all their requests to one port of a Service: those of an Ingress, and of a Service that is exposed.
import type { ServicePort } from '#crds/kubernetes.ts';
import { forwardDefaults, timeoutDefaults } from '#snapshot/cluster-defaults.ts';
import type { PathMatch } from '#snapshot/route.ts';
import { resolveBackend, type Referrer, type ResolvedBackend } from '../backends.ts';
import type { Extension } from '../filters/filters.ts';
import type { Read } from '../memo.ts';
import { cookieDefaults } from '../policies/session-persistence.ts';
import type { Problem } from '../problem.ts';
import type { RuleModel } from './http.ts';

/** A rule for a path. */
export interface ServiceRule {
  readonly name: string;
  readonly path: PathMatch;
  readonly backend: ResolvedBackend;
  /** Policies that are pulled in. */
  readonly extensions: readonly Extension[];
}

/** A port of a Service of the referrer's own namespace. */
export interface NamedPort {
  readonly service: string;
  /** Its number, or its name. */
  readonly port: number | string;
}

/** The port that `to` names, or what is wrong with it. */
export function servicePort(read: Read, from: Referrer, { service, port }: NamedPort): ResolvedBackend {
  const { namespace } = from.object;
  const ports = read.get('Service', namespace, service)?.spec.ports.filter((one) => one.protocol === 'TCP');
  const found = typeof port === 'number' ? port : ports?.find((one) => one.name === port)?.port;
  if (ports !== undefined && found === undefined) {
    return unresolved({
      kind: 'BackendPortNotFound',
      protocol: 'TCP',
      field: from.field,
      service: `${namespace}/${service}`,
      port,
      ports: ports.map(portTitle),
    });
  }
  return resolveBackend(read, from, { group: '', kind: 'Service', name: service, port: found ?? 0 });
}

/** `http (80)`, or its number where it has no name. */
export function portTitle({ name, port }: ServicePort): string {
  return name === '' ? String(port) : `${name} (${String(port)})`;
}

/** What `problem` keeps from being found. */
export function unresolved(problem: Problem): ResolvedBackend {
  return { kind: 'Unresolved', problem };
}

/** `rule` of the object that `from` is. */
export function serviceRule(from: Referrer['object'], rule: ServiceRule): RuleModel {
  const { name, path, backend, extensions } = rule;
  const matches = [{ path, method: null, headers: [], query: [] }];
  const resolved = backend.kind === 'Resolved' ? backend.backend : null;
  return {
    name,
    sectionName: null,
    matches,
    filters: [],
    extensions,
    asks: false,
    asked: [],
    action: {
      kind: 'Forward',
      ...forwardDefaults,
      backends: [{ cluster: resolved?.cluster.id ?? null, weight: 1, filters: [], mirrors: [] }],
      timeouts: { requestMs: null, backendRequestMs: null, ...timeoutDefaults },
    },
    backends: resolved === null ? [] : [resolved],
    cookie: cookieDefaults(from, name, matches),
    mirrored: [],
    problem: null,
    referenceProblems: backend.kind === 'Unresolved' ? [backend.problem] : [],
    ignored: [],
  };
}
