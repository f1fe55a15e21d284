import { createControllerMetrics } from '#controller/admin/controller-metrics.ts';
import { controllerPages } from '#controller/admin/controller-pages.ts';
import { gatewayKey, resourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

test('the summary tells of each Gateway what its snapshot is made of and who has it', async () => {
  const fleets = ['a', 'b'].map((name): Resource => ({
    kind: 'Fleet',
    id: resourceId('Fleet', name),
    members: [],
    replicas: 1,
  }));
  const order = { lineage: 'cluster', kinds: { HTTPRoute: { seen: '42', state: 'x' } } };
  const edge = gatewayKey('infra', 'edge');
  const pages = controllerPages({
    ready: () => ({ ok: true }),
    metrics: async () => '',
    snapshots: () => [
      [edge, { version: 'v7', order, resources: new Map(fleets.map((each) => [each.id, each])) }],
    ],
    dataPlanes: () => [
      { name: 'edge-0', version: 'v6', refused: [{ id: 'Route/x', reason: 'too long' }], unbound: [] },
    ],
    leader: () => true,
  });
  assert.deepEqual(JSON.parse((await pages['/config']?.())?.body ?? ''), {
    leader: true,
    gateways: {
      'infra/edge': {
        version: 'v7',
        order,
        resources: { Fleet: 2 },
        dataPlanes: [
          { name: 'edge-0', version: 'v6', refused: [{ id: 'Route/x', reason: 'too long' }], unbound: [] },
        ],
      },
    },
  });
});

test('metrics tell of translations, writes, objects and data planes as they are now', async () => {
  let objects: Record<string, number> = { HTTPRoute: 3, Service: 2 };
  const metrics = createControllerMetrics({
    leader: () => true,
    objects: () => objects,
    dataPlanes: () => [{ gateway: 'infra/edge', connected: 3, current: 2 }],
  });
  metrics.translated(4);
  metrics.written('Conflict');
  const text = await metrics.text();
  for (const line of [
    'turnpike_leader 1',
    'turnpike_objects{kind="HTTPRoute"} 3',
    'turnpike_data_planes{gateway="infra/edge",state="Behind"} 1',
    'turnpike_api_writes_total{outcome="Conflict"} 1',
    'turnpike_translation_duration_seconds_bucket{le="0.005"} 1',
  ]) {
    assert(text.split('\n').includes(line), `${line} is not in\n${text}`);
  }
  objects = { Service: 1 };
  assert.doesNotMatch(await metrics.text(), /kind="HTTPRoute"/);
});
