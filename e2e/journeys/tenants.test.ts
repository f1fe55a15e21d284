// Two tenants on one installation: what one breaks, the other does not notice, neither in traffic nor in a byte of the
// snapshot.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { gateway } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { assertAllServed, told } from './load-report.ts';
import { echo } from './workloads.ts';

const careless = 'tenants-careless';

const route = (namespace: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: ${namespace} }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /shop } }]
      backendRefs: [{ name: shop, port: 80 }]
`;

/** What people write when they are careless, or worse. The API server takes all of it. */
const broken = `
# A Service that is not there.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: typo, namespace: ${careless} }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: shopp, port: 80 }] }]
---
# An expression that would never end, in an engine that tries all ways.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: expression, namespace: ${careless} }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: RegularExpression, value: "/(a+)+(" } }]
      backendRefs: [{ name: shop, port: 80 }]
---
# Somebody else's Gateway, whose listeners take routes of their own namespace only.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: intruder, namespace: ${careless} }
spec:
  parentRefs: [{ name: edge, namespace: tenants }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /shop/steal } }]
      backendRefs: [{ name: shop, port: 80 }]
---
# Somebody else's Service, without a grant.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: thief, namespace: ${careless} }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /thief } }]
      backendRefs: [{ name: shop, namespace: tenants, port: 80 }]
---
# Keys that are no keys.
apiVersion: v1
kind: ConfigMap
metadata: { name: keys, namespace: ${careless} }
data: { jwks.json: "{" }
---
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: shop, namespace: ${careless} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: https://id.example.com
          jwks: { type: ConfigMap, configMapRef: { name: keys, key: jwks.json } }
---
# A Secret that is no certificate, and a Gateway that wants it.
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: tls, namespace: ${careless} }
stringData: { tls.crt: "no", tls.key: "no" }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: broken, namespace: ${careless} }
spec:
  gatewayClassName: turnpike
  infrastructure:
    parametersRef: { group: turnpike.dev, kind: GatewayParameters, name: nowhere }
  listeners:
    - name: https
      protocol: HTTPS
      port: 443
      tls: { certificateRefs: [{ name: tls }] }
`;

describe('two tenants', () => {
  let journey: Journey;
  let edge: Edge;
  let other: Edge;

  before(async () => {
    journey = await Journey.begin('tenants');
    await journey.addNamespace(careless);
    const { echo: image } = journey.site.images;
    await journey.apply(
      ...echo(image, 'shop'),
      ...echo(image, 'shop', { namespace: careless }),
      ...gateway({ parameters: { replicas: 1 } }),
      ...gateway({ parameters: { replicas: 1 }, namespace: careless }),
      route('tenants'),
      route(careless),
    );
    await journey.rolledOut('shop');
    await journey.rolledOut('shop', careless);
    edge = await journey.edge();
    other = await journey.edge('edge', careless);
    await journey.answers(edge, { path: '/shop' }, 200);
    await journey.answers(other, { path: '/shop' }, 200);
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  /** The version is a hash of every byte that the data plane has. */
  async function snapshot(): Promise<string> {
    const [pod] = await journey.dataPlanes();
    const response = await fetch(`http://${pod?.address}:9901/config`);
    const { version } = (await response.json()) as { version: string };
    return version;
  }

  it('of whom one breaks what can be broken, and the other does not notice', async (test) => {
    const version = await snapshot();
    const load = journey.load(edge, { ask: { path: '/shop' }, rate: 500 });
    const report = await journey.during(load, 1_000, async () => {
      await journey.apply(broken);
      for (const [name, type, reason] of [
        ['httproute/typo', 'ResolvedRefs', 'BackendNotFound'],
        ['httproute/expression', 'Accepted', 'UnsupportedValue'],
        ['httproute/intruder', 'Accepted', 'NotAllowedByListeners'],
        ['httproute/thief', 'ResolvedRefs', 'RefNotPermitted'],
        ['authpolicy/shop', 'ResolvedRefs', 'InvalidKeys'],
        ['gateway/broken', 'Accepted', 'InvalidParameters'],
      ] as const) {
        await journey.until(name, type, reason, careless);
      }
    });
    await load.stop();
    test.diagnostic(told(report));
    assertAllServed(report);
    assert.ok(version.length > 10);
    assert.equal(await snapshot(), version, 'not a byte of the snapshot is another');
  });

  it('of whom the careless one has what is not broken, and closed what cannot be enforced', async () => {
    assert.equal((await other.ask({ path: '/anything' })).status, 500, 'typo');
    assert.equal((await other.ask({ path: '/thief' })).status, 500, 'thief');
    assert.equal((await other.ask({ path: '/shop' })).status, 500, 'a policy that cannot be enforced');
    await journey.kubectl('delete', 'authpolicy/shop', `--namespace=${careless}`);
    await journey.answers(other, { path: '/shop' }, 200, { deadlineMs: 5_000 });
  });
});
