// Controllers die, one and then both, and the API server with them: requests go on, and who is left does the work.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { startLoad } from '../turnpike/load.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Controller } from '../turnpike/controller.ts';
import type { Echo } from '../turnpike/echo.ts';
import type { Load } from '../turnpike/load.ts';

const rate = 300;
/** To each data plane. In a slow moment one for each request would be more than a backend's queue takes. */
const connections = 20;
/** A long absence makes the leader give up its lead. */
const awayMs = process.env['TURNPIKE_LONG'] === '1' ? 20_000 : 0;

describe('controllers that die', () => {
  let turnpike: Turnpike;
  let echo: Echo;
  let load: Load | undefined;

  before(async () => {
    echo = await startEcho('shop-1', addressIn('backend', 1));
    turnpike = await Turnpike.serve(3);
    await turnpike.apply(...service('shop', [{ address: echo.address }]), httpRoute('shop', '/shop', 'shop'));
    await turnpike.until('httproute/shop', 'ResolvedRefs', 'True');
  });
  afterEach(async (test) => {
    await load?.stop();
    load = undefined;
    await turnpike.tellFailure(test as TestContext);
  });
  after(async () => {
    await turnpike?.stop();
    await echo.stop();
  });

  /** Starts the load that must not notice anything. */
  function startedLoad(): Load {
    load = startLoad({ to: turnpike.addresses, ask: { path: '/shop' }, rate, connections });
    return load;
  }

  async function assertNothingFailed(running: Load, test: TestContext): Promise<void> {
    const report = await running.stop();
    test.diagnostic(JSON.stringify(report));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses), ['200']);
  }

  /** Applies a new route; resolves with the milliseconds to its traffic through every data plane. */
  async function timeToTraffic(name: string): Promise<number> {
    const startedAt = performance.now();
    await turnpike.apply(httpRoute(name, `/${name}`, 'shop'));
    await Promise.all(
      turnpike.dataPlanes.map((dataPlane) =>
        eventually(
          `${dataPlane.name} serves ${name}`,
          async () => (await dataPlane.ask({ path: `/${name}` })).status === 200 || undefined,
          { intervalMs: 5 },
        ),
      ),
    );
    return Math.round(performance.now() - startedAt);
  }

  /** The same, and to its conditions. */
  async function timeOfNewRoute(name: string): Promise<{ statusMs: number; trafficMs: number }> {
    const startedAt = performance.now();
    const trafficMs = timeToTraffic(name);
    const resolved = async () => {
      const conditions = await turnpike.conditions(`httproute/${name}`);
      return conditions.some(({ type, status }) => type === 'ResolvedRefs' && status === 'True') || undefined;
    };
    await eventually(`${name} has its conditions`, resolved, { intervalMs: 20 });
    const statusMs = Math.round(performance.now() - startedAt);
    return { statusMs, trafficMs: await trafficMs };
  }

  async function split(): Promise<readonly string[]> {
    const all = await Promise.all(turnpike.controllers.map((one) => one.dataPlanes('default/edge')));
    return all.map((names) => names.length).map(String);
  }

  it('does its whole work with data planes split over both replicas', async (test) => {
    const [first, second] = turnpike.controllers as [Controller, Controller];
    // Three data planes choose at random: those that all chose one are sent to the other.
    for (const [dataPlane, { url }] of [
      [turnpike.dataPlanes[0], first],
      [turnpike.dataPlanes[1], second],
    ] as const) {
      assert.ok(dataPlane);
      await dataPlane.restart([url]);
    }
    assert.ok(!(await split()).includes('0'), (await split()).join());
    await turnpike.kubectl('wait', '--for=condition=Programmed', '--timeout=10s', 'gateway/edge');
    const times = await timeOfNewRoute('while-split');
    test.diagnostic(JSON.stringify(times));
    // A status waits at most one second for data planes that have not told that they serve it.
    assert.ok(times.statusMs < 1_000, `the acknowledgements did not reach the leader: ${times.statusMs} ms`);
    for (const dataPlane of turnpike.dataPlanes.slice(0, 2)) {
      await dataPlane.restart(turnpike.controllers.map(({ url }) => url));
    }
  });

  it('goes on when the leader is killed while routes are edited', async (test) => {
    const leader = await turnpike.leader();
    const running = startedLoad();
    const killedAt = performance.now();
    const edits = (async () => {
      for (let edit = 0; edit < 20; edit += 1) {
        await turnpike.apply(httpRoute(`edited-${edit % 5}`, `/edited/${edit}`, 'shop'));
        if (edit === 5) await leader.kill();
      }
    })();
    await edits;
    // The other replica serves data planes all the time; only statuses wait for a new leader.
    const withoutLeaderMs = await timeToTraffic('without-leader');
    const next = await turnpike.leader();
    assert.notEqual(next.name, leader.name);
    const takenOverMs = Math.round(performance.now() - killedAt);
    for (let edited = 0; edited < 5; edited += 1) {
      const object = (await turnpike.get(`httproute/edited-${edited}`)) as {
        metadata: { generation: number };
      };
      await eventually(`the status of edited-${edited} is of its newest generation`, async () => {
        const conditions = await turnpike.conditions(`httproute/edited-${edited}`);
        const { generation } = object.metadata;
        return (
          (conditions.length > 0 && conditions.every((one) => one.observedGeneration === generation)) ||
          undefined
        );
      });
    }
    const times = await timeOfNewRoute('after-the-leader');
    test.diagnostic(JSON.stringify({ withoutLeaderMs, takenOverMs, ...times }));
    assert.equal((await turnpike.dataPlanes[0]?.ask({ path: '/after-the-leader' }))?.status, 200);
    await assertNothingFailed(running, test);
    await leader.start();
  });

  it('goes on without any controller, and takes up what happened when one comes back', async (test) => {
    const running = startedLoad();
    await Promise.all(turnpike.controllers.map((one) => one.kill()));
    await turnpike.apply(httpRoute('while-away', '/while-away', 'nobody'));
    await eventually('data planes have served without controllers for a while', () =>
      running.report().sent > 2 * rate ? true : undefined,
    );
    await assertNothingFailed(running, test);
    await Promise.all(turnpike.controllers.map((one) => one.start()));
    await turnpike.until('httproute/while-away', 'ResolvedRefs', 'BackendNotFound');
    await turnpike.kubectl('wait', '--for=condition=Programmed', '--timeout=30s', 'gateway/edge');
  });

  it('goes on while the API server is away, and takes up its work when it is back', async (test) => {
    const running = startedLoad();
    await turnpike.cluster.killApiServer();
    await pause(awayMs);
    await turnpike.cluster.restartApiServer();
    const times = await timeOfNewRoute('api-server-is-back');
    test.diagnostic(JSON.stringify(times));
    assert.ok(times.trafficMs < 10_000, `watches took ${times.trafficMs} ms to come back`);
    await assertNothingFailed(running, test);
  });

  it('serves the last good snapshot from a data plane that starts when nobody is there', async (test) => {
    const [dataPlane] = turnpike.dataPlanes;
    assert.ok(dataPlane);
    await Promise.all(turnpike.controllers.map((one) => one.kill()));
    await turnpike.cluster.killApiServer();
    await dataPlane.kill();
    const startedAt = performance.now();
    await dataPlane.start();
    test.diagnostic(`ready after ${Math.round(performance.now() - startedAt)} ms`);
    const running = startedLoad();
    await eventually('a second of requests', () => (running.report().sent > rate ? true : undefined));
    await assertNothingFailed(running, test);
    assert.equal((await dataPlane.ask({ path: '/after-the-leader' })).status, 200);

    await turnpike.cluster.restartApiServer();
    await Promise.all(turnpike.controllers.map((one) => one.start()));
    const times = await timeOfNewRoute('all-are-back');
    test.diagnostic(JSON.stringify(times));
    await turnpike.kubectl('wait', '--for=condition=Programmed', '--timeout=30s', 'gateway/edge');
  });
});
