// The objects that lead requests for a host, by the host they name.
import type { Index } from './memo.ts';
import { routeIndex } from './route-index.ts';

/** Routes by the hosts they name; `''` for none. */
export const routesByHost = routeIndex((route) =>
  hostsOrAny('hostnames' in route.spec ? route.spec.hostnames : []),
);

/** Ingresses by the hosts of their rules; `''` for any, and for a default backend. */
export const ingressesByHost: Index<'Ingress'> = {
  kind: 'Ingress',
  keysOf: ({ spec }) => [
    ...spec.rules.map((one) => one.host),
    ...(spec.defaultBackend === undefined ? [] : ['']),
  ],
};

function hostsOrAny(hosts: readonly string[]): readonly string[] {
  return hosts.length === 0 ? [''] : hosts;
}
