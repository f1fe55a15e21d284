// What `turnpike check` tells of what has no conditions: Ingresses, their classes, and Services that are exposed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';
import { edgeManifest, serviceManifest } from '#test/given/manifests.ts';

test('an Ingress that nobody serves, a class without Gateway and a bad annotation are told, with file and line', async () => {
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080),
    'shop.yaml': serviceManifest('shop', 3000).replace(
      '{ name: shop }',
      '{ name: shop, annotations: { turnpike.dev/expose: Shop/x } }',
    ),
    'ingress.yaml': `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: lost }
spec:
  ingressClassName: turnpiek
  defaultBackend: { service: { name: shop, port: { number: 80 } } }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: star }
spec: { ingressClassName: bare, rules: [{ host: '*' }] }
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: bare }
spec: { controller: turnpike.dev/gateway-controller }
`,
  });
  const { code, stdout } = await turnpike(['check', folder.path]);
  assert.deepEqual(stdout.split('\n').slice(0, 4), [
    "ingress.yaml:11: Ingress default/star spec.rules[0].host: '*' is no host name: leave it out, which means any host",
    'ingress.yaml:5: Ingress default/lost: spec.ingressClassName: IngressClass turnpiek does not exist; create it with controller turnpike.dev/gateway-controller, or correct the name.',
    'ingress.yaml:16: IngressClass bare: NoGateway: spec.parameters is missing; name there the Gateway that serves the class.',
    'shop.yaml:2: Service default/shop: InvalidAnnotation: metadata.annotations[turnpike.dev/expose]: "Shop/x": the host must be a lower-case host name without port, such as shop.example.com, or a wildcard such as \'*.example.com\'.',
  ]);
  assert.match(stdout, /4 problems\n$/);
  assert.equal(code, 1);
});

test('parents in other namespaces and of other kinds are told, and Services that a BackendTLSPolicy misses', async () => {
  const route = (name: string, parent: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: shop }
spec: { parentRefs: [${parent}], rules: [{}] }
`;
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080),
    'slips.yaml': [
      route('far', '{ name: edge }'),
      route('mesh', '{ group: "", kind: Service, name: shop }'),
      route('old', '{ group: gateway.networking.x-k8s.io, kind: XListenerSet, name: shop }'),
      `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: shop, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: shpo }]
  validation: { hostname: shop.example.com, wellKnownCACertificates: System }
`,
    ].join('---\n'),
  });
  const { stdout } = await turnpike(['check', folder.path]);
  const nobody = 'which nobody here serves; name a Gateway or a ListenerSet of gateway.networking.k8s.io.';
  assert.deepEqual(stdout.split('\n').slice(0, 4), [
    'slips.yaml:4: HTTPRoute shop/far: spec.parentRefs[0]: Gateway shop/edge does not exist; one of this name is in namespace default: add namespace.',
    `slips.yaml:9: HTTPRoute shop/mesh: spec.parentRefs[0] names the kind Service, ${nobody}`,
    `slips.yaml:14: HTTPRoute shop/old: spec.parentRefs[0] names the kind gateway.networking.x-k8s.io/XListenerSet, ${nobody}`,
    'slips.yaml:20: BackendTLSPolicy shop/shop: spec.targetRefs[0]: Service shop/shpo does not exist; create it or correct the name.',
  ]);
});
