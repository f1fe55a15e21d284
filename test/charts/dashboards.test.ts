// The dashboards ask for metrics and labels that the planes really tell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dashboards, grafanaDashboard } from '#charts/dashboards.ts';
import { createControllerMetrics } from '#controller/admin/controller-metrics.ts';
import { createMetrics } from '#dataplane/observe/metrics.ts';
import { backendFigures } from '#test/given/backend-figures.ts';
import { recordOf } from '#test/dataplane/observe/given-record.ts';

/** What both planes answer to `/metrics` when everything has happened once. */
async function exposition(): Promise<string> {
  const controller = createControllerMetrics({
    leader: () => true,
    objects: () => ({ Gateway: 1 }),
    dataPlanes: () => [{ gateway: 'default/edge', connected: 1, current: 1 }],
  });
  controller.translated(1);
  controller.written('Written');
  const dataPlane = createMetrics(
    {
      snapshot: () => ({ version: 'v1', ageMs: 1, connected: true, refused: 0 }),
      revocations: () => [{ list: 'Redis/shop/staff/shop/redis:6379/revoked', ageMs: 500, entries: 2 }],
      authorizations: () => [{ policy: 'shop/auth', entry: 'writers', mode: 'Enforce', refused: 3 }],
      rateLimits: () => ({
        rules: [{ rule: 'shop/limit', decisions: { Allowed: 1 } }],
        store: { type: 'Redis', available: true },
        counters: { bytes: 1, taken: 1, evicted: 1 },
        leases: 1,
        waiting: 1,
      }),
      guesses: () => [{ policy: 'shop/staff', failures: 1, slowed: 0, blocks: 1, refused: 1 }],
      protections: () => [{ policy: 'shop/edge', reason: 'ConnectionRate', mode: 'Enforce', count: 5 }],
      bans: () => [{ cause: 'shop/edge/guesses', mode: 'Enforce', addresses: 2, made: 3 }],
      usage: () => ({
        units: [{ plan: 'gold', consumer: 'shop/acme', units: 7 }],
        journal: { available: true, eventsSent: 5, eventsDropped: 0 },
      }),
      log: () => ({ dropped: 0 }),
      clients: () => 1,
      backends: () => [backendFigures('shop/cart:80')],
    },
    () => 1000,
  );
  dataPlane.requests.record(recordOf({ status: 503, failure: { kind: 'NoEndpoint' } }));
  return (await controller.text()) + (await dataPlane.text());
}

/** The labels of each metric; a histogram's under its own name and under that of its buckets. */
async function labelsByMetric(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>();
  for (const line of (await exposition()).split('\n')) {
    const [, name = '', labels = ''] = /^(turnpike_\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === '') continue;
    const known = found.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}

/** What Prometheus adds when it asks a pod. */
const ofPrometheus = ['pod', 'namespace', 'instance', 'job'];

for (const { title, panels } of dashboards) {
  for (const panel of panels) {
    test(`${title}: "${panel.title}" asks for what there is`, async () => {
      const metrics = await labelsByMetric();
      for (const [expression, legend] of panel.queries) {
        const names = [...expression.matchAll(/\bturnpike_\w+/g)].map(([name]) => name);
        assert.ok(names.length > 0, expression);
        const known = new Set(ofPrometheus);
        for (const name of names) {
          const labels = metrics.get(name);
          assert.ok(labels, `${name} is a metric`);
          for (const label of labels) known.add(label);
        }
        const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
          list.split(', '),
        );
        const selected = [...expression.matchAll(/[{,](\w+)[=!]/g)].map(([, label = '']) => label);
        const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        for (const label of [...grouped, ...selected, ...shown])
          assert.ok(known.has(label), `${label} is a label`);
        for (const label of shown) assert.ok(grouped.includes(label), `${label} survives the sum`);
      }
    });
  }
}

test('every metric of ours is on a dashboard, or left out on purpose', async () => {
  const asked = new Set(JSON.stringify(dashboards).match(/\bturnpike_\w+/g));
  const base = (name: string) => name.replace(/_(?:bucket|sum|count)$/, '');
  const shown = new Set([...asked].map(base));
  const leftOut = [
    'turnpike_rate_limit_counters',
    'turnpike_rate_limit_leases',
    'turnpike_rate_limit_waiting',
  ];
  const missing = [...(await labelsByMetric()).keys()].map(base).filter((name) => !shown.has(name));
  assert.deepEqual([...new Set(missing)].sort(), leftOut);
});

test('panels lie beside each other, not over each other', () => {
  for (const dashboard of dashboards) {
    const { panels } = grafanaDashboard(dashboard) as {
      panels: readonly { gridPos: { x: number; y: number; w: number } }[];
    };
    const places = panels.map(({ gridPos: { x, y } }) => `${x} ${y}`);
    assert.equal(new Set(places).size, dashboard.panels.length);
    assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24));
  }
});
