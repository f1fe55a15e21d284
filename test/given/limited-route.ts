import { pathRouteManifest, serviceManifest } from './manifests.ts';

/** Manifests of two routes to one backend: `/limited`, which {@link limitedPolicy} is for, and `/open`, which nothing is. */
export function limitedRouteFiles(backendPort: number) {
  return {
    'services.yaml': serviceManifest('shop', backendPort),
    'routes.yaml': [
      pathRouteManifest('limited', '/limited', 'shop'),
      pathRouteManifest('open', '/open', 'shop'),
    ].join('---'),
  };
}

/** A RateLimitPolicy of one rule, `each`, with these fields; more of them, and more rules, may be written behind it. */
export function limitedPolicy(...fields: readonly string[]): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: limited }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: limited }]
  rules:
    - name: each
${fields.map((field) => `      ${field}\n`).join('')}`;
}
