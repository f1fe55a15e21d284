// What `turnpike check` tells that is no mistake.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';
import { edgeManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';

test('a limit by who calls, where nobody asks, is told and is no error', async () => {
  const policy = `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    - { name: per-client, limits: [{ name: minute, requests: 60, window: 1m }] }
    - name: per-user
      key: { type: Claim, claim: { name: sub } }
      limits: [{ name: minute, requests: 60, window: 1m }]
`;
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080),
    'shop.yaml': [pathRouteManifest('shop', '/', 'shop'), serviceManifest('shop', 3000)].join('---'),
    'policy.yaml': policy,
  });
  const { code, stdout } = await turnpike(['check', folder.path]);
  const [warning, ...rest] = stdout.split('\n');
  assert.equal(
    warning,
    'warning policy.yaml:2: RateLimitPolicy default/shop: No AuthPolicy holds for HTTPRoute/default/shop, so nobody is known there, and rule per-user goes by who calls; add an AuthPolicy, or count by something else.',
  );
  assert.deepEqual(rest, ['6 objects checked, no problems', '']);
  assert.equal(code, 0);
});

test('a Ban that is over, and one where no Gateway is, are told and are no errors', async () => {
  const ban = (name: string, more: string, expires: string) => `
apiVersion: turnpike.dev/v1alpha1
kind: Ban
metadata: { name: ${name}${more} }
spec: { addresses: [192.0.2.7/32]${expires} }
`;
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080),
    'bans.yaml': [
      ban('away', ', namespace: shop', ''),
      ban('good', '', ', expires: "2999-01-01T00:00:00Z"'),
      ban('over', '', ', expires: "2025-01-01T00:00:00Z"'),
    ].join('---'),
  });
  const { code, stdout } = await turnpike(['check', folder.path]);
  assert.deepEqual(
    stdout.split('\n').filter((line) => line.startsWith('warning')),
    [
      'warning bans.yaml:15: Ban default/over: spec.expires: it is over since 2025-01-01T00:00:00Z: delete it, or let it end later',
      'warning bans.yaml:2: Ban shop/away: there is no Gateway in namespace shop, and Bans hold for those of their own namespace alone: write it where the Gateways are',
    ],
  );
  assert.equal(code, 0);
});

test('of a route with a Gateway that is there and one that is not, the missing one is a warning', async () => {
  const route = (name: string, parents: string) => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [${parents}]
  rules: [{}]
`;
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080),
    'routes.yaml': [
      route('half', '{ name: edge }, { name: egde }, { kind: ListenerSet, namespace: shop, name: more }'),
      route('meshed', '{ name: edge }, { group: "", kind: Service, name: shop }'),
      route('nowhere', '{ name: egde }, { kind: Gatway, name: edge }'),
      route('odd', '{ kind: Gatway, name: edge }, { name: edge }'),
    ].join('---\n'),
  });
  const { code, stdout } = await turnpike(['check', folder.path]);
  const nobody =
    'names the kind gateway.networking.k8s.io/Gatway, which nobody here serves; name a Gateway or a ListenerSet of gateway.networking.k8s.io.';
  const none = 'does not exist; create it or correct the name.';
  assert.deepEqual(stdout.split('\n'), [
    `routes.yaml:19: HTTPRoute default/nowhere: spec.parentRefs[0]: Gateway default/egde ${none} spec.parentRefs[1] ${nobody}`,
    `warning routes.yaml:5: HTTPRoute default/half: spec.parentRefs[1]: Gateway default/egde ${none} spec.parentRefs[2]: ListenerSet shop/more ${none}`,
    `warning routes.yaml:26: HTTPRoute default/odd: spec.parentRefs[0] ${nobody}`,
    '6 objects checked, 1 problem',
    '',
  ]);
  assert.equal(code, 1);
});

test('a Service port that no EndpointSlice has is a warning, which tells what was found', async () => {
  const warning =
    'warning Service default/shop port 80: no EndpointSlice has it, so requests are answered 503: write one with the label kubernetes.io/service-name=shop and a port of the name http (found: ';
  const good = [serviceManifest('shop', 3000), pathRouteManifest('shop', '/', 'shop')].join('---');
  const slips = { 'port: 3000': null, 'service-name: shop': 'none)', '[{ name: http, port: 3000': 'web)' };
  for (const [right, found] of Object.entries(slips)) {
    const wrong = right.replace('name: shop', 'name: shpo').replace('http', 'web');
    await using folder = await givenFolder({
      'edge.yaml': edgeManifest(8080),
      'shop.yaml': good.replace(right, wrong),
    });
    const { code, stdout } = await turnpike(['check', folder.path]);
    const told = found === null ? '' : `${warning}${found}\n`;
    assert.equal(stdout, `${told}5 objects checked, no problems\n`);
    assert.equal(code, 0);
  }
});

test('whatever leads to such a port is told, and what becomes of what is meant for it', async () => {
  const route = (kind: string, backend: string, more = '') => `apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${kind.toLowerCase()}-${backend} }
spec: { parentRefs: [{ name: edge }], rules: [{ ${more}backendRefs: [{ name: ${backend}, port: 53 }] }] }
`;
  const service = (name: string, expose = '') => `apiVersion: v1
kind: Service
metadata: { name: ${name}${expose} }
spec: { ports: [{ name: dns, port: 53, protocol: UDP }, { name: tcp, port: 53 }] }
`;
  const mirror =
    'filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: copy, port: 53 } } }], ';
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080),
    'routes.yaml': [
      route('UDPRoute', 'both'),
      route('TCPRoute', 'both'),
      route('TLSRoute', 'tls'),
      route('GRPCRoute', 'tls', mirror),
      `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { ingressClassName: none, defaultBackend: { service: { name: web, port: { name: tcp } } } }
`,
      ...['both', 'tls', 'copy', 'web', 'nobody'].map((name) => service(name)),
      service('exposed', ', annotations: { turnpike.dev/expose: a.example.com }'),
    ].join('---\n'),
  });
  const { stdout } = await turnpike(['check', folder.path]);
  const told = [
    ...stdout.matchAll(/^warning Service default\/(\S+ port \S+): no EndpointSlice has it, so (.+?): /gm),
  ];
  assert.deepEqual(
    told.map(([, port, end]) => `${port}: ${end}`),
    [
      'tls port 53: connections are closed, and calls fail with UNAVAILABLE',
      'both port 53: connections are closed',
      'both port 53/UDP: datagrams are dropped',
      'copy port 53: no request is copied to it',
      'web port 53: requests are answered 503',
      'exposed port 53: requests are answered 503',
    ],
  );
  assert.match(stdout, /service-name=both and a port of the name dns and the protocol UDP \(found: none\)$/m);
});

test('annotations and patterns that have no effect are told, with what to write', async () => {
  const route = pathRouteManifest('shop', '/odata/Cart(1)', 'shop').replace('PathPrefix', 'Exact');
  await using folder = await givenFolder({
    'edge.yaml': edgeManifest(8080).replace(
      '{ name: edge }',
      '{ name: edge, annotations: { turnpike.dev/expose-default: "true", example.com/team: web } }',
    ),
    'good.yaml': [serviceManifest('shop', 3000), route].join('---'),
    'slips.yaml': `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    nginx.ingress.kubernetes.io/auth-url: https://auth.example.com
    konghq.com/plugins: jwt
    cert-manager.io/issuer: letters
    turnpike.dev/listner: https
spec:
  ingressClassName: none
  rules:
    - http:
        paths:
          - { path: /a/*, pathType: ImplementationSpecific, backend: { service: { name: shop, port: { number: 80 } } } }
          - { path: '/b(/|$)(.*)', pathType: Prefix, backend: { service: { name: shop, port: { number: 80 } } } }
---
apiVersion: v1
kind: Service
metadata: { name: alone, annotations: { turnpike.dev/expos: a.example.com, turnpike.dev/port: http } }
spec: { ports: [{ port: 80 }] }
---
${pathRouteManifest('glob', '/*', 'shop')}`,
  });
  const { stdout } = await turnpike(['check', folder.path]);
  const regular = 'for a regular expression write';
  assert.deepEqual(
    stdout.split('\n').filter((line) => line.startsWith('warning')),
    [
      'Ingress default/shop: metadata.annotations: nginx.ingress.kubernetes.io/auth-url, konghq.com/plugins: annotations of other controllers have no effect: say it by a policy or an HTTPRoute, as the guide to Ingress tells',
      'Ingress default/shop: metadata.annotations[turnpike.dev/listner] has no meaning on the kind Ingress: did you mean turnpike.dev/listener?',
      'Service default/alone: metadata.annotations[turnpike.dev/expos] has no meaning on the kind Service: did you mean turnpike.dev/expose?',
      'Service default/alone: metadata.annotations[turnpike.dev/port] has no effect without turnpike.dev/expose: add that, or remove it',
      'Ingress default/shop: spec.rules[0].http.paths[0].path: "/a/*" is taken letter by letter, and is no pattern: for all below write /a with pathType Prefix',
      `Ingress default/shop: spec.rules[0].http.paths[1].path: "/b(/|$)(.*)" is taken letter by letter, and is no pattern: ${regular} an HTTPRoute with a path of type RegularExpression`,
      'HTTPRoute default/glob: spec.rules[0].matches[0].path.value: "/*" is taken letter by letter, and is no pattern: for all below write / with type PathPrefix',
    ].map((line, at) => `warning slips.yaml:${[1, 1, 18, 18, 15, 16, 30][at]}: ${line}`),
  );
});
