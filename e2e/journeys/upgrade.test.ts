// Turnpike is upgraded and rolled back under load, controller and data planes one version apart in between: nothing fails,
// and only routes that need what their data planes do not know, themselves or by a policy, are closed.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import type { LoadProcess } from '../turnpike/load-process.ts';
import { rate, requests } from './counts.ts';
import { gateway, shopRoute } from './gateway.ts';
import { helm, imageValues, upgrade } from './helm.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { assertAllServed, assertWritten, readsAndWrites, told } from './load-report.ts';
import { newFieldRealm, newFilterHeader } from './next-version.ts';
import { echo } from './workloads.ts';

const route = `
# The next version has a filter of its own for this one.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: new }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /new } }]
      filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: { set: [{ name: ${newFilterHeader}, value: "1" }] }
      backendRefs: [{ name: shop, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: asked }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /asked } }]
      backendRefs: [{ name: shop, port: 80 }]
---
# And a new field for this one.
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: asked }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: asked }]
  rules:
    realm: ${newFieldRealm}
    authorize: [{ name: readers, methods: [GET] }]
`;

/** Those that need what only the next version knows. */
const paths = ['/new', '/asked'];

describe('an upgrade and a rollback under load', () => {
  let journey: Journey;
  let edge: Edge;
  let load: LoadProcess;

  before(async () => {
    journey = await Journey.begin('upgrade');
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop', { replicas: 2 }),
      ...gateway(),
      shopRoute,
      route,
    );
    await journey.rolledOut('shop');
    edge = await journey.edge();
    await answer(200);
    load = journey.load(edge, { ask: readsAndWrites, rate });
    await load.sent(2 * rate);
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(async () => {
    await upgrade(journey.site, imageValues(journey.site.images));
    await journey.end();
  });

  async function answer(status: number): Promise<void> {
    for (const path of paths) await journey.answers(edge, { path }, status);
  }

  /** The images that run in the data planes, without those that are terminating. */
  async function runs(image: string): Promise<void> {
    const name = journey.infrastructure();
    await eventually(`all data planes are ${image}`, async () => {
      const { spec } = (await journey.get(`deployment/${name}`)) as {
        spec: { template: { spec: { containers: { name: string; image: string }[] } } };
      };
      return spec.template.spec.containers.some((container) => container.image === image) || undefined;
    });
    await journey.rolledOut(name);
  }

  it('fail no request, and close what is new only, where the data planes are the older ones', async (test) => {
    const { images, nextImages } = journey.site;
    const report = await journey.during(load, requests / 4, async () => {
      await upgrade(journey.site, imageValues({ ...images, controller: nextImages.controller }));
      await answer(500);
    });
    test.diagnostic(told(report));
    assertAllServed(report);
    assertWritten(report);
  });

  it('open that again once the data planes are upgraded too', async (test) => {
    const { nextImages } = journey.site;
    const report = await journey.during(load, requests / 4, async () => {
      await upgrade(journey.site, imageValues(nextImages));
      await runs(nextImages.dataplane);
      await answer(200);
    });
    test.diagnostic(told(report));
    assertAllServed(report);
    assertWritten(report);
  });

  it('serve everything where the controller is the older one', async (test) => {
    const { images, nextImages } = journey.site;
    const report = await journey.during(load, requests / 4, async () => {
      await upgrade(journey.site, imageValues({ ...nextImages, controller: images.controller }));
      await answer(200);
    });
    test.diagnostic(told(report));
    assertAllServed(report);
    assertWritten(report);
  });

  it('go back by helm rollback', async (test) => {
    const { images, release } = journey.site;
    const report = await journey.during(load, requests / 4, async () => {
      const history = JSON.parse(await helm(journey.site, 'history', release, '--output=json')) as {
        revision: number;
      }[];
      // Before the three upgrades of above.
      const revision = history.at(-4)?.revision ?? 1;
      await helm(journey.site, 'rollback', release, String(revision), '--wait', '--timeout=120s');
      await runs(images.dataplane);
    });
    test.diagnostic(told(report));
    assertAllServed(report);
    assertWritten(report);
    for (const path of paths) assert.equal((await edge.ask({ path })).status, 200);
  });
});
