// Two clients behind one load balancer are two, because the Service keeps their addresses (externalTrafficPolicy Local):
// each has a limit of its own, and the backend hears who it was.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Client } from '../cluster/client.ts';
import type { Echoed } from '../turnpike/echo.ts';
import { gateway, shopRoute } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { echo } from './workloads.ts';

/** One data plane: each counts for itself without Redis. */
const one = { replicas: 1 };

const policy = `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: shop }
spec:
  targetRefs:
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }
  rules:
    - name: per-client
      limits: [{ name: hour, requests: 10, window: 1h, burst: 10 }]
`;

describe('clients that are told apart by their addresses', () => {
  let journey: Journey;
  let edge: Edge;

  before(async () => {
    journey = await Journey.begin('client-addresses');
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop'),
      ...gateway({ parameters: one }),
      shopRoute,
      policy,
    );
    await journey.rolledOut('shop');
    edge = await journey.edge();
    await journey.until('ratelimitpolicy/shop', 'Programmed');
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  /** The status there, and whom the backend was told of. */
  async function askFrom(client: Client) {
    const { status, body } = await client.get(`http://${edge.address}/`);
    const forwardedFor = status === 200 ? (JSON.parse(body) as Echoed).headers['x-forwarded-for'] : undefined;
    return { status, forwardedFor };
  }

  it('gives each its own limit, and the backend its address', async (test) => {
    const [first, second] = journey.site.clients;
    if (first === undefined || second === undefined) return test.skip('only one client here');
    for (const client of [first, second]) {
      const answers = [];
      for (let count = 0; count < 12; count += 1) answers.push(await askFrom(client));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [...Array.from({ length: 10 }, () => 200), 429, 429],
        `from ${client.address}`,
      );
      assert.equal(answers[0]?.forwardedFor, client.address);
    }
    assert.notEqual(first.address, second.address);
  });
});
