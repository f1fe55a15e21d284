// What happens when something is replaced, killed or away: a Gateway with three data planes under 1,000 requests a second
// from clients that keep their connections, follow `Connection: close` and try nothing twice. No request may fail but
// those in flight on a data plane that is killed.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../cluster/eventually.ts';
import { ask } from '../turnpike/client.ts';
import type { LoadProcess } from '../turnpike/load-process.ts';
import { Api } from './api.ts';
import { freshNode, killApiServer, startApiServer } from './api-server.ts';
import { apiServerAwayMs, isFull, rate, requests } from './counts.ts';
import { gateway, shopRoute } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge, Pod } from './journey.ts';
import { killPod } from './kill.ts';
import { assertAllServed, assertWritten, readsAndWrites, told } from './load-report.ts';
import { echo } from './workloads.ts';

const notOurs = process.env['E2E_KUBECONFIG'] ? 'the API server is not ours to kill' : false;
const edits = 200;
const connections = 48;
const controllers = 'app.kubernetes.io/component=controller';

describe('a Gateway with three data planes under load', () => {
  let journey: Journey;
  let edge: Edge;
  let load: LoadProcess;
  let api: Api;
  let killed = '';
  let dataPlanes: readonly Pod[] = [];
  let controllerPods: readonly Pod[] = [];

  before(async () => {
    journey = await Journey.begin('faults');
    api = await Api.open(journey.site.cluster);
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop', { replicas: 3 }),
      ...gateway({ parameters: { replicas: 3 } }),
      shopRoute,
    );
    await journey.rolledOut('shop');
    edge = await journey.edge();
    await journey.answers(edge, { path: '/' }, 200);
    await eventually('three data planes are ready', async () =>
      (await journey.dataPlanes()).filter(({ ready }) => ready).length === 3 ? true : undefined,
    );
    load = journey.load(edge, { ask: readsAndWrites, rate, connections });
    // Warm: what is compiled at the first requests is no fault's.
    await load.sent(2 * rate);
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(async () => {
    await startApiServer(journey.site);
    await freshNode(journey.site);
    api.close();
    await journey.end();
  });

  /** Replaces every pod of the Deployment; resolves when the last of the old ones has ended. */
  async function restart(deployment: string, labels: string): Promise<void> {
    const before = (await journey.pods(labels)).map(({ uid }) => uid);
    await journey.kubectl('rollout', 'restart', `deployment/${deployment}`);
    await journey.rolledOut(deployment);
    const uids = ['get', 'pods', `--selector=${labels}`, '--output=jsonpath={.items[*].metadata.uid}'];
    const check = async () => {
      const left = (await journey.kubectl(...uids)).split(' ');
      return before.every((uid) => !left.includes(uid)) || undefined;
    };
    await eventually(`the old pods of ${deployment} have ended`, check, { deadlineMs: 120_000 });
  }

  const restartDataPlanes = () =>
    restart(journey.infrastructure(), 'gateway.networking.k8s.io/gateway-name=edge');

  const restartBackend = () => restart('shop', 'app=shop');

  /** A field that the answer shows. */
  async function setVersion(value: string): Promise<void> {
    const place = `/apis/gateway.networking.k8s.io/v1/namespaces/${journey.namespace}/httproutes/shop`;
    const responseHeaderModifier = { set: [{ name: 'x-version', value }] };
    const filters = [{ type: 'ResponseHeaderModifier', responseHeaderModifier }];
    await api.patch(place, { spec: { rules: [{ filters, backendRefs: [{ name: 'shop', port: 80 }] }] } });
  }

  async function editRoute(): Promise<void> {
    for (let edit = 1; edit <= edits; edit += 1) {
      const dueAt = performance.now() + 100;
      await setVersion(String(edit));
      await pause(Math.max(0, dueAt - performance.now()));
    }
    const last = (answer: { headers: ReadonlyMap<string, string> }) =>
      answer.headers.get('x-version') === String(edits);
    await journey.answers(edge, { path: '/' }, last);
  }

  /** The replica that leads dies every five seconds. Its pod goes too, else the kubelet would soon wait minutes. */
  async function killControllers(): Promise<void> {
    for (let kill = 0; kill < Math.ceil(requests / rate / 5); kill += 1) {
      const dueAt = performance.now() + 5_000;
      const pod = await leader();
      if (pod !== undefined) {
        await killPod(journey, pod);
        const of = `--namespace=${journey.site.namespace}`;
        await journey.kubectl('delete', `pod/${pod.name}`, of, '--grace-period=0', '--force', '--wait=false');
      }
      await pause(Math.max(0, dueAt - performance.now()));
    }
  }

  async function leader(): Promise<Pod | undefined> {
    const { namespace } = journey.site;
    const lease = ['get', 'lease/turnpike-controller', `--namespace=${namespace}`];
    const holder = await journey.kubectl(...lease, '--output=jsonpath={.spec.holderIdentity}');
    const pods = await journey.pods(controllers, namespace);
    return pods.find(({ name }) => holder.startsWith(name)) ?? pods[0];
  }

  interface Change {
    readonly name: string;
    readonly make: () => Promise<unknown>;
    /** How many different answers there must have been at least. */
    readonly versions?: number;
  }

  const changes: readonly (readonly Change[])[] = [
    [
      { name: 'its data planes are replaced one by one', make: restartDataPlanes },
      { name: 'its backend is replaced pod by pod', make: restartBackend },
    ],
    [
      // Where the controller dies meanwhile, an edit waits, and the next one may overtake it.
      { name: 'its route is edited 200 times', make: editRoute, versions: isFull ? edits / 2 : edits / 8 },
      { name: 'the controller is killed every five seconds', make: killControllers },
    ],
  ];

  // In CI two at once; in full each has all requests to itself.
  for (const together of isFull ? changes.flat().map((one) => [one]) : changes) {
    it(`fails no request while ${together.map(({ name }) => name).join(' and ')}`, async (test) => {
      const report = await journey.during(load, requests, () =>
        Promise.all(together.map((one) => one.make())),
      );
      test.diagnostic(told(report));
      assertAllServed(report);
      assertWritten(report);
      assert.ok(report.sent >= requests);
      const least = Math.max(...together.map(({ versions = 0 }) => versions));
      assert.ok(report.versions >= least, `${report.versions} different answers`);
    });
  }

  it('fails only what a data plane had in flight when it is killed', async (test) => {
    const [pod] = await journey.dataPlanes();
    assert.ok(pod);
    killed = pod.name;
    const report = await journey.during(load, requests / 4, () => killPod(journey, pod));
    test.diagnostic(told(report));
    assertOnlyOneDied(report.failures);
    assert.deepEqual(Object.keys(report.statuses), ['200']);
    await ready();
    // What the API server cannot tell once it is away.
    dataPlanes = await journey.dataPlanes();
    controllerPods = await journey.pods(controllers, journey.site.namespace);
  });

  it('fails no request while the API server is away', { skip: notOurs }, async (test) => {
    const report = await journey.during(load, requests, async () => {
      await killApiServer(journey.site);
      await pause(apiServerAwayMs);
    });
    test.diagnostic(told(report));
    assertAllServed(report);
  });

  it(
    'serves the last good snapshot from a container that starts again while nobody is there',
    { skip: notOurs },
    async (test) => {
      // The API server is away still, so all are as they were; and the controllers cannot come back without it.
      // Not the one that was killed before: the kubelet would let it wait.
      const pod = dataPlanes.find(({ name }) => name !== killed);
      assert.ok(pod);
      for (const controller of controllerPods) await killPod(journey, controller);
      const killedAt = performance.now();
      const report = await journey.during(load, 0, async () => {
        await killPod(journey, pod);
        await eventually('the data plane serves again', () => servesFromDisk(pod.address), {
          intervalMs: 20,
        });
        test.diagnostic(`${Math.round(performance.now() - killedAt)} ms from kill to answer`);
        await pause(2_000);
      });
      test.diagnostic(told(report));
      assertOnlyOneDied(report.failures);
      assert.deepEqual(Object.keys(report.statuses), ['200']);
    },
  );

  it('takes up its work when all are back', { skip: notOurs }, async (test) => {
    const startedAt = performance.now();
    const report = await journey.during(load, 0, async () => {
      await startApiServer(journey.site);
      const readyMs = performance.now() - startedAt;
      await setVersion('back');
      await journey.answers(edge, { path: '/' }, ({ headers }) => headers.get('x-version') === 'back');
      const servedMs = performance.now() - startedAt;
      test.diagnostic(
        `API server after ${Math.round(readyMs)} ms, an edit served after ${Math.round(servedMs)} ms`,
      );
    });
    test.diagnostic(told(report));
    assertAllServed(report);
    await ready();
  });

  /** Asked itself, not through the Service: whether it answers, without any controller. */
  async function servesFromDisk(address: string): Promise<true | undefined> {
    const metrics = await (await fetch(`http://${address}:9901/metrics`)).text();
    assert.match(metrics, /^turnpike_controller_connected 0$/m);
    return (await ask(address, { path: '/' })).status === 200 || undefined;
  }

  /** Its share of the connections was cut, once; and it was refused to new ones until all had heard that it is gone. */
  function assertOnlyOneDied({ refused = 0, ...cut }: Readonly<Record<string, number>>): void {
    const inFlight = Object.values(cut).reduce((sum, count) => sum + count, 0);
    assert.ok(inFlight <= connections, `${inFlight} were cut`);
    assert.ok(refused <= rate, `${refused} were refused`);
  }

  function ready(): Promise<true> {
    return eventually('three data planes are ready', async () => {
      const pods = await journey.dataPlanes();
      return pods.filter((pod) => pod.ready).length === 3 ? true : undefined;
    });
  }
});
