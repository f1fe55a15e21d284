// Backends that no EndpointSlice leads to. In a cluster that is no slip, as Kubernetes writes EndpointSlices; in
// folders of manifests nobody else does.
import { exposedPlaces, portAsked } from '#controller/translate/expose/exposure.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { HTTPRouteFilter } from '#crds/http-filter.ts';

const label = 'kubernetes.io/service-name';

/** A line for each Service port that something leads to and no EndpointSlice has, each once, with what becomes of that. */
export function deadBackendLines(objects: ObjectReader): readonly string[] {
  const lines = new Map<string, { readonly remedy: string; readonly ends: Set<string> }>();
  for (const use of [...streamUses(objects), ...requestUses(objects), ...portUses(objects)]) {
    const dead = deadPort(objects, use);
    if (dead === null) continue;
    const known = lines.get(dead.title) ?? { remedy: dead.remedy, ends: new Set() };
    lines.set(dead.title, known);
    known.ends.add(use.end);
  }
  return [...lines].map(
    ([title, { ends, remedy }]) =>
      `${title}: no EndpointSlice has it, so ${[...ends].join(', and ')}: ${remedy}`,
  );
}

/** What leads to a port of a Service. */
interface Use {
  readonly namespace: string;
  readonly name: string;
  /** Its number, or its name. */
  readonly port: number | string;
  readonly protocol: 'TCP' | 'UDP';
  /** What becomes of what is meant for it. */
  readonly end: string;
}

type End = Pick<Use, 'protocol' | 'end'>;

/** As routes name a backend. */
interface Reference {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly port?: number | undefined;
}

const streamEnds = {
  TLSRoute: { protocol: 'TCP', end: 'connections are closed' },
  TCPRoute: { protocol: 'TCP', end: 'connections are closed' },
  UDPRoute: { protocol: 'UDP', end: 'datagrams are dropped' },
} as const;
const answered = { protocol: 'TCP', end: 'requests are answered 503' } as const;
const requestEnds = {
  HTTPRoute: answered,
  GRPCRoute: { protocol: 'TCP', end: 'calls fail with UNAVAILABLE' },
} as const;
const notCopied = { protocol: 'TCP', end: 'no request is copied to it' } as const;

function streamUses(objects: ObjectReader): readonly Use[] {
  return (['TLSRoute', 'TCPRoute', 'UDPRoute'] as const).flatMap((kind) =>
    objects
      .list(kind)
      .flatMap(({ metadata, spec }) =>
        spec.rules.flatMap(({ backendRefs }) =>
          backendRefs.flatMap((one) => useOf(metadata.namespace, one, streamEnds[kind])),
        ),
      ),
  );
}

function requestUses(objects: ObjectReader): readonly Use[] {
  return (['HTTPRoute', 'GRPCRoute'] as const).flatMap((kind) =>
    objects
      .list(kind)
      .flatMap(({ metadata: { namespace }, spec }) =>
        spec.rules.flatMap(({ backendRefs, filters }) => [
          ...filterUses(namespace, filters, requestEnds[kind]),
          ...backendRefs.flatMap((one) => [
            ...useOf(namespace, one, requestEnds[kind]),
            ...filterUses(namespace, one.filters, requestEnds[kind]),
          ]),
        ]),
      ),
  );
}

function filterUses(namespace: string, filters: readonly HTTPRouteFilter[], end: End): readonly Use[] {
  return filters.flatMap((filter) => {
    if (filter.type === 'RequestMirror') return useOf(namespace, filter.requestMirror.backendRef, notCopied);
    return filter.type === 'ExternalAuth' ? useOf(namespace, filter.externalAuth.backendRef, end) : [];
  });
}

function useOf(home: string, { kind, namespace = home, name, port }: Reference, end: End): readonly Use[] {
  return kind === 'Service' && port !== undefined ? [{ namespace, name, port, ...end }] : [];
}

/** Of Ingresses, and of Services that ask for a route. */
function portUses(objects: ObjectReader): readonly Use[] {
  const ingresses = objects.list('Ingress').flatMap(({ metadata: { namespace }, spec }) =>
    [
      spec.defaultBackend,
      ...spec.rules.flatMap(({ http }) => (http?.paths ?? []).map(({ backend }) => backend)),
    ].flatMap((backend) =>
      backend?.service === undefined
        ? []
        : [
            {
              namespace,
              name: backend.service.name,
              port: backend.service.port.number ?? backend.service.port.name ?? '',
              ...answered,
            },
          ],
    ),
  );
  const exposed = objects.list('Service').flatMap((service) => {
    const { namespace, name } = service.metadata;
    const places = exposedPlaces(service)?.places ?? [];
    const port = places.length === 0 ? null : portAsked(service);
    return typeof port === 'number' ? [{ namespace, name, port, ...answered }] : [];
  });
  return [...ingresses, ...exposed];
}

/** Null where the Service or its port is missing, or cannot be followed: a status or an Event tells that. */
function deadPort(
  objects: ObjectReader,
  { namespace, name, port, protocol }: Use,
): { readonly title: string; readonly remedy: string } | null {
  const spec = objects.get('Service', namespace, name)?.spec;
  const wanted = spec?.ports.find(
    (one) => one.protocol === protocol && (typeof port === 'number' ? one.port : one.name) === port,
  );
  if (wanted === undefined || spec?.type === 'ExternalName') return null;
  const found = objects
    .list('EndpointSlice')
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels[label] === name)
    .flatMap(({ ports }) => ports.filter((one) => one.protocol === protocol).map((one) => one.name));
  if (found.includes(wanted.name)) return null;
  const names = found.length === 0 ? 'none' : [...new Set(found)].map(quoted).join(', ');
  const of = protocol === 'UDP' ? ' and the protocol UDP' : '';
  return {
    title: `Service ${namespace}/${name} port ${String(wanted.port)}${protocol === 'UDP' ? '/UDP' : ''}`,
    remedy: `write one with the label ${label}=${name} and a port of the name ${quoted(wanted.name)}${of} (found: ${names})`,
  };
}

function quoted(name: string): string {
  return name === '' ? '""' : name;
}
