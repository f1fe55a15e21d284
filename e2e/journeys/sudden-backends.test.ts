// Backends as many people have them: no preStop, no readiness gate, gone the moment they are told to end. They are scaled
// up and down and replaced under load, and no GET fails.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import type { LoadProcess } from '../turnpike/load-process.ts';
import { isFull, rate as fullRate, requests } from './counts.ts';
import { gateway, hasty, shopRoute } from './gateway.ts';
import { Journey } from './journey.ts';
import { assertAllServed, told } from './load-report.ts';
import { echo } from './workloads.ts';

const rate = fullRate / 2;
const count = isFull ? requests : requests / 2;

describe('backends that end at once', () => {
  let journey: Journey;
  let load: LoadProcess;

  before(async () => {
    journey = await Journey.begin('sudden-backends');
    const backend = echo(journey.site.images.echo, 'shop', { replicas: 2, stops: 'AtOnce' });
    await journey.apply(...backend, ...gateway({ parameters: { ...hasty, replicas: 2 } }), shopRoute);
    await journey.rolledOut('shop');
    const edge = await journey.edge();
    await journey.answers(edge, { path: '/' }, 200);
    load = journey.load(edge, { ask: { path: '/' }, rate });
    await load.sent(2 * rate);
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  /** Resolves when exactly so many pods are there, none of them terminating. */
  async function scale(replicas: number): Promise<void> {
    await journey.kubectl('scale', 'deployment/shop', `--replicas=${replicas}`);
    await journey.rolledOut('shop');
    const names = ['get', 'pods', '--selector=app=shop', '--output=name'];
    await eventually(`${replicas} pods are left`, async () => {
      const pods = (await journey.kubectl(...names)).trim().split('\n');
      return pods.length === replicas || undefined;
    });
  }

  async function change(): Promise<void> {
    for (const replicas of [8, 2, 8]) await scale(replicas);
    await journey.kubectl('rollout', 'restart', 'deployment/shop');
    await journey.rolledOut('shop');
    await scale(2);
  }

  it('fail no GET while they are scaled 2, 8, 2, 8 and replaced', async (test) => {
    const report = await journey.during(load, count, async () => {
      do await change();
      while ((await load.report()).sent < count);
    });
    const backends = Object.keys(report.servedBy).length;
    test.diagnostic(`${backends} backends; ${told(report)}`);
    assertAllServed(report);
    assert.ok(backends >= 16, `only ${backends} backends were used`);
  });
});
