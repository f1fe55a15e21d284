// How a cluster comes to know which endpoints fare well, by requests and by asking, and where requests go then.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { anUnusedPort, givenDataPlane } from '../../../given/data-plane.ts';
import { eventually } from '../../../given/eventually.ts';
import { aRawBackend, plainAnswer } from '../../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../../given/raw-client.ts';
import type { OutlierDetection } from '#snapshot/cluster-health.ts';
import type { RawBackend } from '../../../given/raw-backend.ts';
import type { RawClient } from '../../../given/raw-client.ts';

const outlier: OutlierDetection = {
  consecutiveFailures: 5,
  consecutiveErrors: 0,
  intervalMs: 10_000,
  ejectionMs: 30_000,
  ejectedPercentMax: 50,
  successRatePercentMin: 0,
  requestsMin: 100,
  panicPercent: 50,
};
const upstreamLimits = { sweepMs: 5 };

async function ask(client: RawClient): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

function anAiling(status = '500 No'): Promise<RawBackend> {
  return aRawBackend(() => plainAnswer.replace('200 OK', status));
}

describe('an endpoint whose answers are errors', () => {
  it('is passed over after so many in a row, if its cluster says so', async () => {
    await using ailing = await anAiling();
    await using well = await aRawBackend();
    using dataPlane = await givenDataPlane([ailing.port, well.port], {
      upstreamLimits,
      cluster: { outlier: { ...outlier, consecutiveErrors: 3 } },
    });
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 20; count += 1) await ask(client);
    assert.equal(ailing.seen.length, 3);
    assert.equal(well.seen.length, 17);
  });

  it('keeps its requests without a policy: a 500 is the word of an application', async () => {
    await using ailing = await anAiling();
    await using well = await aRawBackend();
    using dataPlane = await givenDataPlane([ailing.port, well.port], { upstreamLimits });
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 20; count += 1) await ask(client);
    assert.equal(ailing.seen.length, 10);
  });

  it('comes back when its time is over', async () => {
    await using ailing = await anAiling();
    await using well = await aRawBackend();
    using dataPlane = await givenDataPlane([ailing.port, well.port], {
      upstreamLimits,
      cluster: { outlier: { ...outlier, consecutiveErrors: 1, ejectionMs: 50 } },
    });
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 4; count += 1) await ask(client);
    const [first] = dataPlane.cluster.endpoints;
    await eventually(() => first?.healthy === true);
    for (let count = 0; count < 4; count += 1) await ask(client);
    assert.equal(ailing.seen.length, 2);
  });
});

describe('an endpoint that is asked', () => {
  const check = {
    kind: 'HTTP',
    path: '/healthz?deep=1',
    host: 'health.example',
    codes: [200],
    intervalMs: 20,
    timeoutMs: 200,
    healthyAfter: 1,
    unhealthyAfter: 1,
  } as const;

  it('and does not answer as it should gets no request until it does', async () => {
    let status = '503 No';
    await using ailing = await aRawBackend(() => plainAnswer.replace('200 OK', status));
    await using well = await aRawBackend();
    using dataPlane = await givenDataPlane([ailing.port, well.port], { upstreamLimits, cluster: { check } });
    using client = await aRawClient(dataPlane.port);
    const [first] = dataPlane.cluster.endpoints;
    await eventually(() => first?.healthy === false);
    for (let count = 0; count < 10; count += 1) assert.equal(await ask(client), 200);
    assert.equal(ailing.seen.filter(({ requestLine }) => requestLine === 'GET / HTTP/1.1').length, 0);
    status = '200 OK';
    await eventually(() => first?.healthy === true);
    await eventually(async () => {
      assert.equal(await ask(client), 200);
      return ailing.seen.some(({ requestLine }) => requestLine === 'GET / HTTP/1.1');
    });
    const asked = ailing.seen.find(({ requestLine }) => requestLine === 'GET /healthz?deep=1 HTTP/1.1');
    assert.match(asked?.head ?? '', /^Host: health\.example$/mu);
  });

  it('by a connection alone is well when it takes one', async () => {
    await using well = await aRawBackend();
    using dataPlane = await givenDataPlane([await anUnusedPort(), well.port], {
      upstreamLimits,
      cluster: { check: { ...check, kind: 'TCP' } },
    });
    const [first, second] = dataPlane.cluster.endpoints;
    await eventually(() => first?.healthy === false && well.connections() > 1);
    assert.equal(second?.healthy, true);
  });

  it('is asked no more when it has left', async () => {
    await using gone = await aRawBackend();
    await using well = await aRawBackend();
    using dataPlane = await givenDataPlane([gone.port], { upstreamLimits, cluster: { check } });
    await gone.untilSeen(2);
    dataPlane.setEndpoints([well.port]);
    await well.untilSeen(1);
    const before = gone.seen.length;
    await well.untilSeen(5);
    assert.ok(gone.seen.length <= before + 1);
  });

  it('is asked by connections that no limit counts', async () => {
    await using well = await aRawBackend();
    const breaker = { ...clusterDefaults.breaker, connectionsMax: 1 };
    using dataPlane = await givenDataPlane([well.port], { upstreamLimits, cluster: { check, breaker } });
    await well.untilSeen(3);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    assert.deepEqual(
      dataPlane.upstreams.figures().map(({ open }) => open),
      [1],
    );
  });
});
