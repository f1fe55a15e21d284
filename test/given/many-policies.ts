// As many routes as a large Gateway has, and an AuthPolicy for each.
import { object } from '#test/controller/translate/objects.ts';
import type { JsonWebKey } from '#snapshot/key-set.ts';
import { gatewayClass } from './objects.ts';

export type ManyObject = ReturnType<typeof object>;

const group = 'gateway.networking.k8s.io';

/** Gateway shop/edge with one listener, the Service cart, and routes `/r0`, `/r1`, ... to it; and who signs tokens. */
export function manyRoutes(count: number, port: number, issuer: JsonWebKey): readonly ManyObject[] {
  const { kid, kty, alg, crv, x, y } = issuer;
  const manifests = [
    {
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: 'shop' },
      spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'http', port, protocol: 'HTTP' }] },
    },
    {
      kind: 'Service',
      metadata: { name: 'cart', namespace: 'shop' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    },
    {
      kind: 'ConfigMap',
      metadata: { name: 'keys', namespace: 'shop' },
      data: { 'jwks.json': JSON.stringify({ keys: [{ kid, kty, alg, crv, x, y }] }) },
    },
    ...Array.from({ length: count }, (_, index) => ({
      kind: 'HTTPRoute',
      metadata: { name: `r${index}`, namespace: 'shop' },
      spec: {
        parentRefs: [{ name: 'edge' }],
        rules: [{ matches: [{ path: { value: `/r${index}` } }], backendRefs: [{ name: 'cart', port: 80 }] }],
      },
    })),
  ];
  return [gatewayClass(), ...manifests.map((one) => object(one))];
}

/**
 * A policy for each of the first `count` routes. `when`: what it asks beside a token of https://id.example.com; null for
 * nothing.
 */
export function guards(count: number, when: (index: number) => string | null): readonly ManyObject[] {
  return Array.from({ length: count }, (_, index) => {
    const expression = when(index);
    return object({
      kind: 'AuthPolicy',
      metadata: { name: `r${index}`, namespace: 'shop' },
      spec: {
        targetRefs: [{ group, kind: 'HTTPRoute', name: `r${index}` }],
        rules: {
          authenticate: [
            {
              name: 'staff',
              type: 'JWT',
              jwt: {
                issuer: 'https://id.example.com',
                jwks: { type: 'ConfigMap', configMapRef: { name: 'keys', key: 'jwks.json' } },
              },
            },
          ],
          authorize: expression === null ? [] : [{ name: 'may', when: expression }],
        },
      },
    });
  });
}
