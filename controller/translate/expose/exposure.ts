// What the annotations of a Service ask for that wants a route of its own: where it is to be reached, and by which port.
import { hostname } from '#crds/fields.ts';
import { matchSchema } from '#crds/http-match.ts';
import type { Service } from '#crds/kubernetes.ts';
import { gatewayKey, type GatewayKey } from '#snapshot/ids.ts';
import { namedPath } from '#snapshot/request-path.ts';
import { annotationField, annotationNames, entriesOf } from '../annotations.ts';
import type { Index } from '../memo.ts';
import { portTitle } from '../rules/service.ts';
import { shelvedIndex } from '../shelves.ts';
import type { Problem } from '../problem.ts';

/** Where a Service is to be reached: a host, and all paths below one. */
export interface ExposedPlace {
  /** `''` for any. */
  readonly host: string;
  readonly path: string;
}

/** The places that are told, and what is wrong with others. */
export interface ExposedPlaces {
  readonly places: readonly ExposedPlace[];
  readonly problems: readonly Problem[];
}

const placesMax = 16;

/** Where `service` is to be reached; null: it does not ask for it. */
export function exposedPlaces({ metadata }: Service): ExposedPlaces | null {
  const text = metadata.annotations[annotationNames.expose];
  if (text === undefined) {
    return null;
  }
  const entries = [...new Set(entriesOf(text))];
  if (entries.length === 0 || entries.length > placesMax) {
    const detail = `must name 1 to ${String(placesMax)} places such as shop.example.com/cart, with commas between them.`;
    return { places: [], problems: [badExposure(annotationNames.expose, detail)] };
  }
  const read = entries.map((entry) => placeOf(entry));
  return {
    places: read.flatMap((one) => ('kind' in one ? [] : [one])),
    problems: read.flatMap((one) => ('kind' in one ? [one] : [])),
  };
}

/** What is wrong with the annotation `name`. */
export function badExposure(name: string, detail: string): Problem {
  return { kind: 'BadExposure', field: annotationField(name), detail };
}

function placeOf(entry: string): ExposedPlace | Problem {
  if (/^(?:https?:\/\/|(?:true|false|yes|no)$)/i.test(entry)) {
    const detail = `${JSON.stringify(entry.slice(0, 253))}: write where, as host and path such as shop.example.com/cart, without a scheme.`;
    return badExposure(annotationNames.expose, detail);
  }
  const slash = entry.indexOf('/');
  const host = slash === -1 ? entry : entry.slice(0, slash);
  const path = slash === -1 ? '/' : entry.slice(slash);
  const problem = (host === '' ? null : hostProblem(host)) ?? pathProblem(path);
  return problem === null
    ? { host, path: (namedPath(path) ?? path).replace(/(?<=.)\/$/, '') }
    : badExposure(annotationNames.expose, `${JSON.stringify(entry.slice(0, 253))}: ${problem}.`);
}

function hostProblem(host: string): string | null {
  const read = hostname.safeParse(host);
  return read.success ? null : `the host ${read.error.issues[0]?.message ?? 'is none'}`;
}

function pathProblem(path: string): string | null {
  const read = matchSchema.safeParse({ path: { type: 'PathPrefix', value: path } });
  return read.success ? null : `the path: ${read.error.issues[0]?.message ?? 'is none'}`;
}

/** The Gateway that `service` names; null: none. One without namespace is of its own. */
export function gatewayAsked({ metadata }: Service): GatewayKey | null {
  const text = (metadata.annotations[annotationNames.gateway] ?? '').trim();
  if (text === '') {
    return null;
  }
  const [first = '', ...rest] = text.split('/');
  return rest.length === 0 ? gatewayKey(metadata.namespace, first) : gatewayKey(first, rest.join('/'));
}

/** The number of the port that is meant, or why nobody knows. Of several the one named http is meant. */
export function portAsked({ metadata, spec }: Service): number | Problem {
  const text = (metadata.annotations[annotationNames.port] ?? '').trim();
  const ports = spec.ports.filter((one) => one.protocol === 'TCP');
  const meant = ports.length === 1 ? ports[0] : ports.find((one) => one.name === 'http');
  const found = text === '' ? meant : ports.find((one) => one.name === text || String(one.port) === text);
  if (found !== undefined) {
    return found.port;
  }
  const choice =
    ports.length === 0 ? 'the Service has no TCP port' : `name one of ${ports.map(portTitle).join(', ')}`;
  const slip = text === '' ? '' : `${JSON.stringify(text.slice(0, 63))} is no TCP port of the Service; `;
  return badExposure(annotationNames.port, `${slip}${choice}.`);
}

/** The Services that ask for a route, by the Gateway that they name (`''` for none). */
export const exposedByGateway = shelvedIndex({
  kind: 'Service',
  keysOf: (service) => (isExposed(service) ? [gatewayAsked(service) ?? ''] : []),
});

/** All that ask for a route, under `''`. */
export const allExposed: Index<'Service'> = {
  kind: 'Service',
  keysOf: (service) => (isExposed(service) ? [''] : []),
};

/** Those that ask for a place: `<host> <path>`. */
export const exposedByPlace: Index<'Service'> = {
  kind: 'Service',
  keysOf: (service) => exposedPlaces(service)?.places.map((one) => placeKey(one)) ?? [],
};

/** The key of a place. */
export function placeKey({ host, path }: ExposedPlace): string {
  return `${host} ${path}`;
}

function isExposed({ metadata }: Service): boolean {
  return metadata.annotations[annotationNames.expose] !== undefined;
}
