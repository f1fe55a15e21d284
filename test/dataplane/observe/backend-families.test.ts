// What a scrape says of backends after the engine has really met it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from '#dataplane/observe/metrics.ts';
import { backendFamilies } from '#dataplane/observe/backend-families.ts';
import { clusterDefaults, outlierDefaults } from '#snapshot/cluster-defaults.ts';
import { backendFigures } from '#test/given/backend-figures.ts';
import { anUnusedPort, givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { aRawBackend, plainAnswer } from '#test/given/raw-backend.ts';
import { aRawClient, converse, readAnswers } from '#test/given/raw-client.ts';
import { aBackend, aForward, aRetry, aRule } from '#test/given/runtime.ts';
import { quietFigures } from './given-figures.ts';
import type { GivenDataPlane } from '#test/given/data-plane.ts';
import type { RawClient } from '#test/given/raw-client.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const failing = plainAnswer.replace('200 OK', '500 No');

/** Values of our metrics of backends by their names, without `turnpike_backend_` and the label of the one cluster. */
async function scrape({ upstreams }: GivenDataPlane): Promise<ReadonlyMap<string, number>> {
  const metrics = createMetrics({ ...quietFigures, backends: () => upstreams.figures() }, () => 0);
  const lines = (await metrics.text()).matchAll(
    /^turnpike_backend_(\w+)\{cluster="default\/backend:80",?(?:\w+="(\w+)")?\} (\d+)$/gmu,
  );
  return new Map(
    [...lines].map(([, name, label, value]) => [
      label === undefined ? `${name}` : `${name} ${label}`,
      Number(value),
    ]),
  );
}

/** Settles when a scrape says all of this. */
async function untilTold(dataPlane: GivenDataPlane, told: Readonly<Record<string, number>>): Promise<void> {
  await eventually(async () => {
    const found = await scrape(dataPlane);
    assert.deepEqual(Object.fromEntries(Object.keys(told).map((name) => [name, found.get(name)])), told);
  });
}

async function ask(client: RawClient): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send(get);
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

describe('a scrape', () => {
  it('says nothing of a cluster that nobody has asked', async () => {
    using dataPlane = await givenDataPlane([]);
    assert.equal((await scrape(dataPlane)).size, 0);
    await converse(dataPlane.port, get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    assert.equal((await scrape(dataPlane)).get('connections_opened_total'), 0);
  });

  it('counts connections that were opened, and those that could not be', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    assert.deepEqual([await ask(client), await ask(client)], [200, 200]);
    await untilTold(dataPlane, {
      connections_opened_total: 1,
      connections_failed_total: 0,
      'connections idle': 1,
    });
    dataPlane.setEndpoints([await anUnusedPort()]);
    assert.equal(await ask(client), 503);
    await untilTold(dataPlane, { connections_opened_total: 1, connections_failed_total: 1 });
  });

  it('counts retries, and those that the budget or the breaker had no room for', async () => {
    await using backend = await aRawBackend(() => failing);
    const retry = aRetry({ attempts: 2, codes: new Set([500]), backoffMs: 0 });
    const budget = { percent: 0, intervalMs: 1_000, retriesPerSecondMin: 1 };
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: { budget },
      rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), { retry }) }),
    });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 500);
    await untilTold(dataPlane, { retries_total: 1, retry_budget_exhausted_total: 1 });
    dataPlane.configure({ breaker: { ...clusterDefaults.breaker, retriesMax: 1 } });
    assert.ok(dataPlane.cluster.breaker.enter('Retry'));
    assert.equal(await ask(client), 500);
    await untilTold(dataPlane, {
      retries_total: 1,
      'breaker_refused_total retries': 1,
      'breaker_held retries': 1,
    });
  });

  it('tells endpoints that are ejected, and counts how often one was', async () => {
    await using ailing = await aRawBackend(() => failing);
    await using well = await aRawBackend();
    using dataPlane = await givenDataPlane([ailing.port, well.port], {
      cluster: { outlier: { ...outlierDefaults, consecutiveErrors: 2 } },
    });
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 8; count += 1) await ask(client);
    await untilTold(dataPlane, { 'endpoints ejected': 1, 'endpoints healthy': 1, ejections_total: 1 });
  });

  it('counts checks, and tells endpoints that fail theirs', async () => {
    await using well = await aRawBackend();
    const check = {
      kind: 'TCP',
      intervalMs: 5,
      timeoutMs: 1_000,
      healthyAfter: 1,
      unhealthyAfter: 1,
    } as const;
    using dataPlane = await givenDataPlane([await anUnusedPort(), well.port], {
      upstreamLimits: { sweepMs: 5 },
      cluster: { check },
    });
    await untilTold(dataPlane, { 'endpoints failing': 1, 'endpoints healthy': 1 });
    const told = await scrape(dataPlane);
    assert.ok((told.get('checks_total passed') ?? 0) > 0);
    assert.ok((told.get('checks_total failed') ?? 0) > 0);
    assert.equal(told.get('connections_opened_total'), 0, 'checks have connections of their own');
  });

  it('tells what the breaker holds, and counts what it did not let in', async () => {
    await using backend = await aRawBackend(() => null);
    const breaker = { ...clusterDefaults.breaker, connectionsMax: 1, pendingMax: 1, requestsMax: 3 };
    using dataPlane = await givenDataPlane([backend.port], { cluster: { breaker } });
    using clients = new DisposableStack();
    const begin = async (): Promise<RawClient> => {
      const client = clients.use(await aRawClient(dataPlane.port));
      client.send(get);
      return client;
    };
    await begin();
    await untilTold(dataPlane, { 'breaker_held connections': 1, 'breaker_held requests': 1 });
    await begin();
    await untilTold(dataPlane, { 'breaker_held pending': 1, 'breaker_refused_total connections': 1 });
    const refused = await begin();
    await refused.until((octets) => octets.startsWith('HTTP/1.1 503'));
    await untilTold(dataPlane, { 'breaker_refused_total pending': 1, 'breaker_refused_total requests': 0 });
    dataPlane.configure({ breaker: { ...breaker, requestsMax: 2 } });
    const turnedAway = await begin();
    await turnedAway.until((octets) => octets.startsWith('HTTP/1.1 503'));
    await untilTold(dataPlane, { 'breaker_refused_total requests': 1, 'breaker_held requests': 2 });
  });

  it('counts attempts beside a slow one', async () => {
    await using silent = await aRawBackend(() => null);
    await using other = await aRawBackend(() => null);
    const hedge = { afterMs: 5, attemptsMax: 1 };
    using dataPlane = await givenDataPlane([silent.port, other.port], {
      rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), { hedge }) }),
    });
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await untilTold(dataPlane, { hedges_total: 1, retries_total: 0 });
  });

  it('counts copies, and those that had nowhere to go', async () => {
    await using backend = await aRawBackend();
    await using mirror = await aRawBackend();
    using copies = await givenDataPlane([mirror.port]);
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (cluster) =>
        aRule(cluster, { action: aForward(aBackend(cluster, [{ cluster: copies.cluster, share: 1 }])) }),
    });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    await untilTold(copies, { mirrors_total: 1, mirrors_dropped_total: 0 });
    copies.setEndpoints([]);
    assert.equal(await ask(client), 200);
    await untilTold(copies, { mirrors_total: 1, mirrors_dropped_total: 1 });
  });

  it('tells each series once, of two clusters of one name together', () => {
    const figures = backendFigures('a');
    const families = backendFamilies([figures, figures]);
    assert.ok(families.length > 10);
    for (const { name, samples } of families) {
      const labels = [...samples].map((sample) => sample.labels);
      assert.equal(new Set(labels).size, labels.length, name);
    }
    const opened = families.find(({ name }) => name === 'turnpike_backend_connections_opened_total');
    assert.deepEqual(
      [...(opened?.samples ?? [])].map(({ value }) => value),
      [2 * figures.opened],
    );
  });
});
