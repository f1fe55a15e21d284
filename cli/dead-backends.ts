// Backends that no EndpointSlice leads to. In a cluster that is no slip, as Kubernetes writes EndpointSlices; in
// folders of manifests nobody else does.
import { routeKinds, type RouteKind } from '#crds/route-kind.ts';
import type { ObjectReader } from '#controller/translate/input.ts';

const label = 'kubernetes.io/service-name';

/** A line for each Service port that a route names and no EndpointSlice has, each once. */
export function deadBackendLines(objects: ObjectReader): readonly string[] {
  const lines = routeKinds
    .flatMap((routeKind) => objects.list(routeKind).map((route) => ({ routeKind, ...route })))
    .flatMap(({ routeKind, metadata, spec }) =>
      (spec.rules ?? []).flatMap(({ backendRefs }) =>
        backendRefs.map(({ kind, namespace = metadata.namespace, name, port }) =>
          kind === 'Service' && port !== undefined
            ? deadLine(objects, { namespace, name, port, fate: fates[routeKind] })
            : null,
        ),
      ),
    );
  return [...new Set(lines.filter((line) => line !== null))];
}

/** What becomes of that which is for such a backend. */
const fates: Readonly<Record<RouteKind, string>> = {
  HTTPRoute: 'requests are answered 503',
  GRPCRoute: 'calls fail with UNAVAILABLE',
  TLSRoute: 'connections are closed',
  TCPRoute: 'connections are closed',
  UDPRoute: 'datagrams are dropped',
};

interface Backend {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Of what comes for it. */
  readonly fate: string;
}

/** Null where the Service or its port is missing too: the route's status tells that. */
function deadLine(objects: ObjectReader, { namespace, name, port, fate }: Backend): string | null {
  const wanted = objects.get('Service', namespace, name)?.spec.ports.find((one) => one.port === port);
  if (wanted === undefined) return null;
  const found = objects
    .list('EndpointSlice')
    .filter(({ metadata }) => metadata.namespace === namespace && metadata.labels[label] === name)
    .flatMap(({ ports }) => ports.map((one) => one.name));
  if (found.includes(wanted.name)) return null;
  const names = found.length === 0 ? 'none' : [...new Set(found)].map(quoted).join(', ');
  return `Service ${namespace}/${name} port ${port}: no EndpointSlice has it, so ${fate}: write one with the label ${label}=${name} and a port of the name ${quoted(wanted.name)} (found: ${names})`;
}

function quoted(name: string): string {
  return name === '' ? '""' : name;
}
