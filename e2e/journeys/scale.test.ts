// A Service grows from 1 endpoint to 50 and shrinks again: each gets its share of the requests, and none is lost.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../cluster/eventually.ts';
import type { LoadProcess } from '../turnpike/load-process.ts';
import { isFull } from './counts.ts';
import { gateway, hasty, shopRoute } from './gateway.ts';
import { Journey } from './journey.ts';
import { assertAllServed, told } from './load-report.ts';
import { echo } from './workloads.ts';

const service = `
# Its endpoints are written by this journey: ports of one pod in CI, pods in full.
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { ports: [{ name: http, port: 80 }] }
`;

const most = 50;
const measured = 5_000;

describe('a Service that grows from 1 endpoint to 50', () => {
  let journey: Journey;
  let load: LoadProcess;
  let pods: readonly { readonly address: string; readonly port: number }[];

  before(async () => {
    journey = await Journey.begin('scale');
    const size = isFull ? { replicas: most } : { ports: most };
    await journey.apply(
      ...echo(journey.site.images.echo, 'pods', size),
      ...gateway({ parameters: hasty }),
      shopRoute,
      service,
    );
    await journey.rolledOut('pods');
    const addresses = (await journey.pods('app=pods')).map(({ address }) => address);
    pods = Array.from({ length: most }, (_, index) => ({
      address: addresses[index % addresses.length] ?? '',
      port: 8080 + (isFull ? 0 : index),
    }));
    await endpoints(1);
    const edge = await journey.edge();
    await journey.answers(edge, { path: '/' }, 200);
    load = journey.load(edge, { ask: { path: '/' }, rate: 1_000 });
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  /** The Service has the first `count` of the places, a port to a slice. */
  async function endpoints(count: number): Promise<void> {
    await journey.apply(
      ...pods.map(({ address, port }, index) => ({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { name: `shop-${index}`, labels: { 'kubernetes.io/service-name': 'shop' } },
        addressType: 'IPv4',
        ports: [{ name: 'http', port }],
        endpoints: index < count ? [{ addresses: [address], conditions: { ready: true } }] : [],
      })),
    );
  }

  /** Resolves when exactly `count` serve. */
  async function spreadOver(count: number): Promise<void> {
    await eventually(`${count} endpoints serve`, async () => {
      await load.lap();
      await load.sent(500);
      return Object.keys((await load.report()).servedBy).length === count || undefined;
    });
  }

  it('spreads over all of them evenly', async (test) => {
    await spreadOver(1);
    const growing = await journey.during(load, 0, async () => {
      await endpoints(most);
    });
    assertAllServed(growing);
    await spreadOver(most);
    await load.lap();
    await load.sent(measured);
    const report = await load.lap();
    const counts = Object.values(report.servedBy);
    test.diagnostic(`${Math.min(...counts)} to ${Math.max(...counts)} requests each; ${told(report)}`);
    assertAllServed(report);
    assert.equal(counts.length, most);
    const fair = report.sent / most;
    for (const [name, count] of Object.entries(report.servedBy)) {
      assert.ok(count > fair / 2 && count < fair * 2, `${name}: ${count} of ${report.sent}, ${fair} is fair`);
    }
  });

  it('goes back to one without losing a request', async (test) => {
    const shrinking = await journey.during(load, 0, () => endpoints(1));
    await spreadOver(1);
    test.diagnostic(told(shrinking));
    assertAllServed(shrinking);
  });
});
