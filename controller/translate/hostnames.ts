import type { AttachedHostname } from '#snapshot/route.ts';

/**
 * The hosts that a listener (`''`: any) and a route (no hostnames: any) have in common, in the route's order;
 * empty when there are none. `*.example.com` stands for one or more labels before `.example.com`.
 */
export function intersectHostnames(listener: string, route: readonly string[]): readonly AttachedHostname[] {
  if (route.length === 0) {
    return [{ serves: listener, own: '', oneLabel: false }];
  }
  return [...new Set(route)].flatMap((own) => {
    const serves = common(listener, own);
    return serves === null ? [] : [{ serves, own, oneLabel: false }];
  });
}

function common(listener: string, route: string): string | null {
  if (listener === '' || listener === route) {
    return route;
  }
  if (isWildcard(listener) && within(route, listener)) {
    return route;
  }
  if (isWildcard(route) && within(listener, route)) {
    return listener;
  }
  return null;
}

function isWildcard(hostname: string): boolean {
  return hostname.startsWith('*.');
}

/** Whether all hosts of `hostname` are hosts of `wildcard` (and not of its apex). */
function within(hostname: string, wildcard: string): boolean {
  const suffix = wildcard.slice(1);
  return hostname.length > suffix.length && hostname.endsWith(suffix);
}
