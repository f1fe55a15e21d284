// What goes wrong around Turnpike: a right is missing, a kind is missing, Redis is not there, values are wrong. It says so
// where people look, does all it still can, and goes on by itself once that is mended.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import { gateway, hasty } from './gateway.ts';
import { helm, imageValues, upgrade } from './helm.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { echo } from './workloads.ts';

const route = (name: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /${name} } }]
      backendRefs: [{ name: shop, port: 80 }]
`;

describe('what goes wrong around Turnpike', () => {
  let journey: Journey;
  let edge: Edge;
  let restarts: string;

  before(async () => {
    journey = await Journey.begin('mistakes');
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop'),
      ...gateway({ parameters: hasty }),
      route('first'),
    );
    await journey.rolledOut('shop');
    edge = await journey.edge();
    await journey.answers(edge, { path: '/first' }, 200);
    restarts = await controllerPods();
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  /** Names and restarts of the controller's pods: as long as that is the same, nothing was restarted. */
  async function controllerPods(): Promise<string> {
    const pods = await journey.pods('app.kubernetes.io/component=controller', journey.site.namespace);
    return pods.map(({ name, restarts }) => `${name} ${restarts}`).join();
  }

  async function controllerLog(): Promise<string> {
    const of = `--namespace=${journey.site.namespace}`;
    return journey.kubectl('logs', '--selector=app.kubernetes.io/component=controller', '--tail=-1', of);
  }

  /** Runs `act` while the controller may not do `verb` to the resource, and gives it its rights back. */
  async function without(verb: string, resource: string, act: () => Promise<void>): Promise<void> {
    const name = `clusterrole/turnpike-controller-${journey.site.namespace}`;
    const role = (await journey.get(name)) as Role;
    const rules = role.rules.flatMap((rule) => {
      if (!rule.resources.includes(resource) || !rule.verbs.includes(verb)) return [rule];
      return [{ ...rule, resources: rule.resources.filter((one) => one !== resource) }];
    });
    const replaced = (wanted: Role['rules']) => ({ ...clean(role), rules: wanted });
    assert.notDeepEqual(rules, role.rules);
    await journey.apply(replaced(rules.filter(({ resources }) => resources.length > 0)));
    try {
      await act();
    } finally {
      await journey.apply(replaced(role.rules));
    }
  }

  it('a right that is taken away is named in one line, and the rest goes on', async () => {
    await without('patch', 'httproutes/status', async () => {
      await journey.apply(route('second'));
      await journey.answers(edge, { path: '/second' }, 200);
      const line = await eventually('the log says it', async () =>
        (await controllerLog()).split('\n').find((one) => one.includes('StatusNotWritten')),
      );
      assert.match(line, /httproutes.*forbidden/);
      assert.deepEqual(await journey.conditions('httproute/second'), []);
    });
    await journey.until('httproute/second', 'Accepted');
    assert.equal(await controllerPods(), restarts, 'without a restart');
  });

  it('a Gateway whose pods may not be made says so, and is made once they may', async () => {
    await without('patch', 'deployments', async () => {
      await journey.apply(...gateway({ name: 'late', parameters: hasty }));
      const condition = await journey.until('gateway/late', 'Programmed', 'NoResources');
      assert.match(condition.message, /deployments.*forbidden/);
      const events = await journey.kubectl('get', 'events', '--field-selector=involvedObject.name=late');
      assert.match(events, /NotProvisioned/);
    });
    await journey.edge('late');
    assert.equal(await controllerPods(), restarts, 'without a restart');
  });

  it('a kind that is missing costs only what needs it', async () => {
    const crd = 'customresourcedefinition/ratelimitpolicies.turnpike.dev';
    const definition = await journey.get(crd);
    await journey.kubectl('delete', crd);
    await journey.apply(route('third'));
    await journey.answers(edge, { path: '/third' }, 200, { deadlineMs: 30_000 });
    await journey.apply(clean(definition as object));
    await journey.kubectl('wait', '--for=condition=Established', '--timeout=30s', crd);
    await journey.apply(`
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: third }]
  rules: [{ name: all, limits: [{ name: hour, requests: 1, window: 1h }] }]
`);
    await journey.until('ratelimitpolicy/shop', 'Programmed');
    await journey.answers(edge, { path: '/third' }, 429);
    assert.equal(await controllerPods(), restarts, 'without a restart');
  });

  it('a Redis that is not there is told at the Gateway, which serves', async () => {
    const countedBy = (secret: string) => {
      const rateLimitStore = { type: 'Redis', redis: { secretRef: { name: secret, key: 'url' } } };
      return gateway({ parameters: { ...hasty, rateLimitStore } });
    };
    await journey.apply(...countedBy('nowhere'));
    const condition = await journey.until('gateway/edge', 'ResolvedRefs', 'InvalidParameters');
    assert.match(condition.message, /nowhere/);
    assert.equal((await edge.ask({ path: '/first' })).status, 200);
    await journey.apply(...countedBy('somewhere'), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'somewhere' },
      stringData: { url: 'redis://redis.nowhere.svc.cluster.local:6379' },
    });
    await eventually('the Gateway complains no more', async () => {
      const conditions = await journey.conditions('gateway/edge');
      return conditions.every(({ reason }) => reason !== 'InvalidParameters') || undefined;
    });
    const [pod] = await journey.dataPlanes();
    await eventually('the data plane says that Redis does not answer', async () => {
      const log = await journey.kubectl('logs', pod?.name ?? '');
      return /RateLimitStore/.test(log) || undefined;
    });
    assert.equal((await edge.ask({ path: '/first' })).status, 200);
  });

  it('values that mean nothing are refused before anything changes', async () => {
    const values = imageValues(journey.site.images);
    await assert.rejects(upgrade(journey.site, { ...values, replicas: 3 }), /replicas/);
    await assert.rejects(upgrade(journey.site, { ...values, gatewayClass: { nmae: 'x' } }), /nmae/);
    assert.match(await helm(journey.site, 'status', journey.site.release), /STATUS: deployed/);
    assert.equal(await controllerPods(), restarts);
  });
});

interface Role {
  readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

/** As it can be applied again. */
function clean(object: object): object {
  const {
    metadata,
    status: _,
    ...rest
  } = object as { metadata: { name: string; labels?: object; annotations?: object }; status?: unknown };
  const { name, labels = {}, annotations = {} } = metadata;
  return { ...rest, metadata: { name, labels, annotations } };
}
