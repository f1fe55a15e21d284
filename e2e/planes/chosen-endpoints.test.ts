// To which endpoint a request goes: those of the data plane's zone, as Kubernetes' own controller hints, and the one that
// a client's session is with.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { startKubernetesControllers } from '../turnpike/kubernetes-controllers.ts';
import { endpointSlice, httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { ServerProcess } from '../cluster/server-process.ts';
import type { Answer } from '../turnpike/client.ts';
import type { DataPlane } from '../turnpike/data-plane.ts';
import type { Echo } from '../turnpike/echo.ts';

/** One pod in zone a, two in zone b, each on its zone's node. */
const pods = [
  { name: 'pod-1', address: addressIn('backend', 1), zone: 'a' },
  { name: 'pod-2', address: addressIn('backend', 2), zone: 'b' },
  { name: 'pod-3', address: addressIn('backend', 3), zone: 'b' },
] as const;

function node(zone: string): object {
  const labels = { 'topology.kubernetes.io/zone': zone };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${zone}`, labels } };
}

function pod({ name, zone }: (typeof pods)[number]): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'shop' } },
    spec: {
      nodeName: `node-${zone}`,
      automountServiceAccountToken: false,
      containers: [{ name: 'shop', image: 'shop' }],
    },
  };
}

describe('the endpoint that a request goes to', () => {
  let turnpike: Turnpike;
  let kubernetes: ServerProcess;
  const echoes: Echo[] = [];

  before(async () => {
    for (const { name, address } of pods) echoes.push(await startEcho(name, address));
    turnpike = await Turnpike.serve(2);
    kubernetes = await startKubernetesControllers(turnpike.cluster, ['endpointslice-controller']);
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await kubernetes?.stop();
    await turnpike?.stop();
    await Promise.all(echoes.map((one) => one.stop()));
  });

  /** As its kubelet would tell it. */
  async function tell({ name, address }: (typeof pods)[number], ready: 'True' | 'False'): Promise<void> {
    const status = {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: ready }],
    };
    const response = await turnpike.cluster.fetch(`/api/v1/namespaces/default/pods/${name}/status`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ status }),
    });
    assert.ok(response.ok, await response.text());
  }

  /** Who answers so many requests through the data plane, none of which may fail. */
  async function answering(dataPlane: DataPlane | undefined, path: string): Promise<string> {
    const names = new Set<string>();
    for (let count = 0; count < 12; count += 1) {
      const answer = await dataPlane?.ask({ path });
      assert.equal(answer?.status, 200);
      names.add(servedBy(answer));
    }
    return [...names].sort().join();
  }

  function servedBy(answer: Answer | undefined): string {
    return answer?.headers.get('x-served-by') ?? 'nobody';
  }

  /** Resolves once these answer through the data planes of zone a and of zone b. */
  async function untilAnswering(inA: string, inB: string): Promise<void> {
    const [first, second] = turnpike.dataPlanes;
    let seen: readonly string[] = [];
    const isSo = async (): Promise<true | undefined> => {
      seen = [await answering(first, '/shop'), await answering(second, '/shop')];
      return (seen[0] === inA && seen[1] === inB) || undefined;
    };
    await eventually(`${inA} and ${inB} answer`, isSo, { intervalMs: 50, deadlineMs: 10_000 }).catch(
      (cause: unknown) => {
        throw new Error(`${seen.join(' and ')} answer, not ${inA} and ${inB}`, { cause });
      },
    );
  }

  it('is in the zone of the data plane with trafficDistribution, and in another while that has none', async () => {
    const [pod1, pod2, pod3] = pods;
    const own = turnpike.dataPlanes.map(({ address, name }, at) => ({
      address,
      pod: { name, zone: at === 0 ? 'a' : 'b' },
    }));
    const shop = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'shop', namespace: 'default' },
      spec: { selector: { app: 'shop' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    };
    await turnpike.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } },
      ...['a', 'b'].map(node),
      endpointSlice(infrastructureName('edge', 'turnpike'), own),
      shop,
      httpRoute('shop', '/shop', 'shop'),
    );
    await turnpike.apply(...pods.map(pod));
    for (const one of pods) await tell(one, 'True');
    await eventually('the first answer', async () => {
      const answers = await Promise.all(turnpike.dataPlanes.map((one) => one.ask({ path: '/shop' })));
      return answers.every(({ status }) => status === 200) || undefined;
    });
    await untilAnswering('pod-1,pod-2,pod-3', 'pod-1,pod-2,pod-3');

    await turnpike.apply({ ...shop, spec: { ...shop.spec, trafficDistribution: 'PreferSameZone' } });
    await untilAnswering('pod-1', 'pod-2,pod-3');

    await tell(pod1, 'False');
    await untilAnswering('pod-2,pod-3', 'pod-2,pod-3');
    await tell(pod1, 'True');
    await untilAnswering('pod-1', 'pod-2,pod-3');

    // Gone, and nobody has told of it yet.
    await echoes[0]?.stop();
    await untilAnswering('pod-2,pod-3', 'pod-2,pod-3');
    await echoes[0]?.start();
    await untilAnswering('pod-1', 'pod-2,pod-3');

    for (const one of [pod2, pod3]) await tell(one, 'False');
    await untilAnswering('pod-1', 'pod-1');
  });

  it('is the one of the client’s session, by cookie and by header, in each data plane', async () => {
    await turnpike.apply(...service('cart', pods));
    const ways = {
      cookie: { type: 'Cookie', cookie: { name: 'cart' } },
      header: { type: 'Header', header: { name: 'x-cart' } },
    };
    for (const [way, sessionPersistence] of Object.entries(ways)) {
      const route = httpRoute(way, `/${way}`, 'cart') as { spec: { rules: object[] } };
      const rules = route.spec.rules.map((rule) => ({ ...rule, sessionPersistence }));
      await turnpike.apply({ ...route, spec: { ...route.spec, rules } });
      const { message } = await turnpike.until(`httproute/${way}`, 'Accepted', 'True');
      assert.doesNotMatch(message, /sessionPersistence/);
    }
    const [first] = turnpike.dataPlanes;
    assert.ok(first);
    const started = await Promise.all(pods.map(() => first.ask({ path: '/cookie' })));
    const cookies = started.map((answer) => answer.headers.get('set-cookie') ?? '');
    for (const cookie of cookies) assert.match(cookie, /^cart=[\w-]+; Path=\/; HttpOnly; SameSite=Lax$/);
    for (const [at, answer] of started.entries()) {
      const headers = { cookie: cookies[at]?.split(';')[0] ?? '' };
      assert.equal(await sameEndpoint('/cookie', headers), servedBy(answer));
    }
    const answer = await first.ask({ path: '/header' });
    const headers = { 'x-cart': answer.headers.get('x-cart') ?? '' };
    assert.equal(await sameEndpoint('/header', headers), servedBy(answer));
  });

  /** Who answers all requests with these headers, through all data planes. */
  async function sameEndpoint(path: string, headers: Record<string, string>): Promise<string> {
    const answers = await Promise.all(
      [...turnpike.dataPlanes, ...turnpike.dataPlanes, ...turnpike.dataPlanes].map((one) =>
        one.ask({ path, headers }),
      ),
    );
    return [...new Set(answers.map(servedBy))].join();
  }
});
