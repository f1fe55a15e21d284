import type { Cors } from '#crds/cors.ts';
import type { CorsFilter } from '#snapshot/filter.ts';

const defaultPorts = { http: ':80', https: ':443' } as const;

/** What `cors` of a filter or a policy lets browsers do. */
export function corsFilter(cors: Cors): CorsFilter {
  const credentials = cors.allowCredentials ?? false;
  const exposed = cors.exposeHeaders.map((name) => name.toLowerCase());
  return {
    kind: 'Cors',
    origins: cors.allowOrigins.map(originPattern),
    credentials,
    methods: cors.allowMethods,
    headers: cors.allowHeaders.map((name) => name.toLowerCase()),
    // With credentials browsers take it for the name of a field.
    exposed: credentials ? exposed.filter((name) => name !== '*') : exposed,
    maxAgeS: cors.maxAge,
  };
}

/** As browsers write origins: in lower case, and a port that the scheme has anyway left out. */
function originPattern(told: string): string {
  const origin = told.toLowerCase();
  const port = origin.startsWith('https:') ? defaultPorts.https : defaultPorts.http;
  return origin.endsWith(port) ? origin.slice(0, -port.length) : origin;
}
