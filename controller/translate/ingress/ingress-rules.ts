// What the rules of an Ingress ask for, apart from the Gateway that serves it: one route for each of its hosts.
import type { Ingress, IngressBackend, IngressPath } from '#crds/ingress.ts';
import type { PathMatch } from '#snapshot/route.ts';
import { policiesNamed } from '../annotations.ts';
import type { ResolvedBackend } from '../backends.ts';
import type { Extension } from '../filters/filters.ts';
import type { Read, Unit } from '../memo.ts';
import type { RuleModel } from '../rules/http.ts';
import { exactly, prefixOf } from '../rules/matches.ts';
import { servicePort, serviceRule, unresolved } from '../rules/service.ts';
import type { ObjectRef } from '../translation.ts';

/** The rules of an Ingress for one host. */
export interface HostRules {
  /** `''` for any. */
  readonly host: string;
  /** Default: what the rules of any Ingress leave. */
  readonly rank: 'Rules' | 'Default';
  readonly rules: readonly RuleModel[];
}

/** The rules of the Ingress of a namespace and name: by host in its order, and behind them the default backend. */
export const ingressRulesUnit: Unit<readonly HostRules[]> = {
  name: 'ingress rules',
  compute(read, namespace = '', name = '') {
    const ingress = read.get('Ingress', namespace, name);
    if (ingress === undefined) {
      return [];
    }
    const object = { kind: 'Ingress', namespace, name };
    const extensions = policiesNamed(ingress.metadata.annotations);
    const make = (placed: PlacedPath): RuleModel => ruleOf(read, object, extensions, placed);
    const byHost = Map.groupBy(pathsOf(ingress), (one) => one.host);
    const ofHosts = [...byHost].map(([host, paths]): HostRules => ({
      host,
      rank: 'Rules',
      rules: paths.map(make),
    }));
    return [...ofHosts, ...defaultsOf(ingress, make)];
  },
};

interface PlacedPath {
  readonly host: string;
  /** `<rule>-<path>`, by their indexes. */
  readonly name: string;
  readonly field: string;
  readonly path: PathMatch;
  readonly backend: IngressBackend;
}

/** The field of an Ingress that the rule `name` is made of ({@link PlacedPath}). */
export function ruleField(name: string): string {
  const [rule = '', path] = name.split('-');
  return path === undefined ? 'spec.defaultBackend' : `spec.rules[${rule}].http.paths[${path}]`;
}

function pathsOf({ spec }: Ingress): readonly PlacedPath[] {
  return spec.rules.flatMap(({ host, http }, rule) =>
    (http?.paths ?? []).map((one, index) => ({
      host,
      name: `${String(rule)}-${String(index)}`,
      field: `spec.rules[${String(rule)}].http.paths[${String(index)}].backend`,
      path: pathMatch(one),
      backend: one.backend,
    })),
  );
}

/** What the API leaves to implementations (ImplementationSpecific) is a prefix here, as in most of them. */
function pathMatch({ path, pathType }: IngressPath): PathMatch {
  return pathType === 'Exact' ? exactly(path) : prefixOf(path);
}

function ruleOf(
  read: Read,
  object: ObjectRef,
  extensions: readonly Extension[],
  { name, path, backend, field }: PlacedPath,
): RuleModel {
  return serviceRule(object, { name, path, backend: backendOf(read, object, backend, field), extensions });
}

function backendOf(read: Read, object: ObjectRef, backend: IngressBackend, field: string): ResolvedBackend {
  const { service, resource } = backend;
  if (service === undefined) {
    const { apiGroup: group = '', kind = '' } = resource ?? {};
    return unresolved({ kind: 'BackendKind', field: `${field}.resource`, group, found: kind });
  }
  const from = { object, group: 'networking.k8s.io', field: `${field}.service` };
  const port = service.port.number ?? service.port.name ?? '';
  return servicePort(read, from, { service: service.name, port });
}

/** For requests to its own hosts first: those of another Ingress must not have them. */
function defaultsOf(ingress: Ingress, make: (placed: PlacedPath) => RuleModel): readonly HostRules[] {
  const { defaultBackend, rules } = ingress.spec;
  if (defaultBackend === undefined) {
    return [];
  }
  const rule = make({
    host: '',
    name: 'default',
    field: 'spec.defaultBackend',
    path: prefixOf('/'),
    backend: defaultBackend,
  });
  const hosts = new Set([...rules.map((one) => one.host), '']);
  return [...hosts].map((host) => ({ host, rank: 'Default', rules: [rule] }));
}
