// Routes of every kind, found by what their rules name.
import type { HTTPRouteFilter, StreamRouteRule } from '#crds/gateway-api.ts';
import { mirrorsIn } from './filters/mirror.ts';
import { routeIndex } from './route-index.ts';

/** Routes by the policies they pull in with filters of type ExtensionRef: `<kind>/<namespace>/<name>`. */
export const routesByExtension = routeIndex((route) =>
  route.spec.rules
    .flatMap((rule) => filtersOf(rule))
    .flatMap((filter) => (filter.type === 'ExtensionRef' ? [filter.extensionRef] : []))
    .filter((one) => one.group === 'turnpike.dev')
    .map((one) => `${one.kind}/${route.metadata.namespace}/${one.name}`),
);

/** Routes by the Services they send requests or copies of them to: `<namespace>/<name>`. */
export const routesByService = routeIndex((route) =>
  route.spec.rules
    .flatMap((rule) => [
      ...rule.backendRefs,
      ...mirrorsIn([...filtersOf(rule), ...rule.backendRefs.flatMap((one) => filtersOf(one))]),
    ])
    .filter((one) => one.group === '' && one.kind === 'Service')
    .map((one) => `${one.namespace ?? route.metadata.namespace}/${one.name}`),
);

/** Routes by the Services that their filters ask: `<namespace>/<name>`. */
export const routesByAskedService = routeIndex(({ metadata, spec }) =>
  spec.rules
    .flatMap((rule) => filtersOf(rule))
    .flatMap((one) => (one.type === 'ExternalAuth' ? [one.externalAuth.backendRef] : []))
    .map((one) => `${one.namespace ?? metadata.namespace}/${one.name}`),
);

/** Those of a rule or of one of its backends; routes of streams have none. */
function filtersOf(
  one: { readonly filters?: readonly HTTPRouteFilter[] } | StreamRouteRule | StreamBackend,
): readonly HTTPRouteFilter[] {
  return 'filters' in one ? (one.filters ?? []) : [];
}

type StreamBackend = StreamRouteRule['backendRefs'][number];
