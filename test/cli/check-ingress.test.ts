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
kind: IngressClass
metadata: { name: bare }
spec: { controller: turnpike.dev/gateway-controller }
`,
  });
  const { code, stdout } = await turnpike(['check', folder.path]);
  assert.deepEqual(stdout.split('\n').slice(0, 3), [
    'ingress.yaml:5: Ingress default/lost: spec.ingressClassName: IngressClass turnpiek does not exist; create it with controller turnpike.dev/gateway-controller, or correct the name.',
    'ingress.yaml:11: IngressClass bare: NoGateway: spec.parameters is missing; name there the Gateway that serves the class.',
    'shop.yaml:2: Service default/shop: InvalidAnnotation: metadata.annotations[turnpike.dev/expose]: "Shop/x": the host must be a lower-case host name without port, such as shop.example.com, or a wildcard such as \'*.example.com\'.',
  ]);
  assert.match(stdout, /3 problems\n$/);
  assert.equal(code, 1);
});
