import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createControlPlane } from '#controller/plane.ts';
import { Published, createEncoder } from '#controller/publish/published.ts';
import { kinds } from '#crds/kind.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { ManualClock } from '#test/given/clock.ts';
import type { Kind } from '#crds/kind.ts';
import type { SourceObject } from '#controller/source.ts';

const edge = gatewayKey('shop', 'edge');

const objects: Partial<Record<Kind, readonly object[]>> = {
  GatewayClass: [
    { metadata: { name: 'turnpike' }, spec: { controllerName: 'turnpike.dev/gateway-controller' } },
  ],
  Gateway: [
    {
      metadata: { name: 'edge', namespace: 'shop' },
      spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
    },
  ],
};

/** The version that a replica publishes of Gateway edge, on which `dataPlanes` data planes hang. */
function versionAt(dataPlanes: number): string {
  const clock = new ManualClock();
  let published: Published | null = null;
  const { store, loop } = createControlPlane({
    clock,
    random: () => 0.5,
    settings: {
      controllerName: 'turnpike.dev/gateway-controller',
      dataPlanes: 'External',
      trustedNetworks: [],
    },
    resolve: () => Promise.resolve([]),
    snapshots: {
      put: (_, resources, order) => void (published = new Published(resources, order, createEncoder())),
      remove: () => undefined,
    },
    statuses: { put: () => undefined },
    notice: () => undefined,
    passed: () => undefined,
    reportKeys: () => undefined,
  });
  for (const kind of Object.keys(kinds) as Kind[]) {
    const listed = (objects[kind] ?? []).map((one) => ({ ...one, kind }) as unknown as SourceObject);
    store.replaceAll(kind, listed, '1');
  }
  store.observeDataPlanes(edge, { ready: dataPlanes, refused: new Map(), unbound: new Map() });
  loop.start();
  clock.advance(1_000);
  loop.stop();
  assert.ok(published);
  return (published as Published).version;
}

test('replicas publish the same version however many data planes hang on each', () => {
  assert.equal(versionAt(3), versionAt(1));
});
