// Requests whose content is still to come, where connections to the backend are scarce.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aRawClient, converse, readAnswers } from '#test/given/raw-client.ts';
import { aBackend, aForward, aRetry, aRule } from '#test/given/runtime.ts';
import type { DataPlaneChoices, GivenDataPlane } from '#test/given/data-plane.ts';
import type { RawClient } from '#test/given/raw-client.ts';

/** Half of the connections are taken by two uploads that do not go on. */
async function aBusyCluster(backendPort: number, choices: DataPlaneChoices = {}) {
  const breaker = { ...clusterDefaults.breaker, connectionsMax: 4, pendingMax: 0 };
  const dataPlane = await givenDataPlane([backendPort], { ...choices, cluster: { breaker } });
  const stalled = [await aRawClient(dataPlane.port), await aRawClient(dataPlane.port)];
  for (const client of stalled) client.send(upload(10));
  await eventually(() => dataPlane.cluster.breaker.held('Connection') === 2);
  return dataPlane;
}

function upload(length: number): string {
  return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
}

async function statusOf(client: RawClient): Promise<number> {
  const received = await client.until((octets) => readAnswers(octets).answers.length > 0);
  return readAnswers(received).answers[0]?.status ?? 0;
}

/** Settles when all that was sent before is taken: a request that is whole is answered meanwhile. */
async function settled({ port }: GivenDataPlane): Promise<void> {
  const { answers } = await converse(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200],
  );
}

describe('a request whose content is still to come, while half of the connections are taken', () => {
  it('has none before it is whole, however many there are', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aBusyCluster(backend.port);
    const more = await Promise.all(Array.from({ length: 10 }, () => aRawClient(dataPlane.port)));
    for (const client of more) client.send(`${upload(10)}one, `);
    await settled(dataPlane);
    assert.equal(dataPlane.cluster.breaker.held('Request'), 2);
    for (const client of more) {
      client.send('two, ');
      assert.equal(await statusOf(client), 200);
      client[Symbol.dispose]();
    }
    assert.deepEqual(
      backend.seen.filter(({ body }) => body !== '').map(({ body }) => body),
      more.map(() => 'one, two, '),
    );
  });

  it('has one when enough has come to believe in the rest', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aBusyCluster(backend.port);
    using client = await aRawClient(dataPlane.port);
    client.send(upload(100_000) + 'x'.repeat(16_000));
    await settled(dataPlane);
    assert.equal(dataPlane.cluster.breaker.held('Request'), 2);
    client.send('x'.repeat(1_000));
    await eventually(() => dataPlane.cluster.breaker.held('Request') === 3);
    client.send('x'.repeat(83_000));
    assert.equal(await statusOf(client), 200);
    assert.equal(backend.seen.at(-1)?.body.length, 100_000);
  });

  it('goes on when connections are free again', async () => {
    await using backend = await aRawBackend();
    const breaker = { ...clusterDefaults.breaker, connectionsMax: 2 };
    using dataPlane = await givenDataPlane([backend.port], { cluster: { breaker } });
    using first = await aRawClient(dataPlane.port);
    first.send(upload(2));
    await eventually(() => dataPlane.cluster.breaker.held('Request') === 1);
    using second = await aRawClient(dataPlane.port);
    second.send(`${upload(10)}held`);
    await settled(dataPlane);
    first.send('ok');
    assert.equal(await statusOf(first), 200);
    second.send(' ');
    await eventually(() => dataPlane.cluster.breaker.held('Request') === 1);
    second.send('until');
    assert.equal(await statusOf(second), 200);
    assert.equal(backend.seen.at(-1)?.body, 'held until');
  });

  it('has one of the third quarter when its client sends no more for a while, and each in turn', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aBusyCluster(backend.port, { upstreamLimits: { heldBackMs: 20 } });
    const { breaker } = dataPlane.cluster;
    const more = await Promise.all(Array.from({ length: 5 }, () => aRawClient(dataPlane.port)));
    for (const client of more) client.send(`${upload(10)}one, `);
    await eventually(() => breaker.held('Request') === 3);
    // the others are looked at again meanwhile, some times
    const beganMs = performance.now();
    while (performance.now() - beganMs < 100) await settled(dataPlane);
    assert.equal(breaker.held('Request'), 3);
    for (const client of more) {
      await eventually(() => breaker.held('Request') === 3);
      client.send('two, ');
      assert.equal(await statusOf(client), 200);
      client[Symbol.dispose]();
    }
    await eventually(() => breaker.held('Request') === 2);
    assert.deepEqual(
      backend.seen.filter(({ body }) => body !== '').map(({ body }) => body),
      more.map(() => 'one, two, '),
    );
  });

  it('is looked at no more when its client has gone', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aBusyCluster(backend.port, { upstreamLimits: { heldBackMs: 20 } });
    using client = await aRawClient(dataPlane.port);
    client.send(`${upload(10)}one, `);
    await settled(dataPlane);
    client[Symbol.dispose]();
    await eventually(() => dataPlane.records.length === 2);
    const beganMs = performance.now();
    while (performance.now() - beganMs < 100) await settled(dataPlane);
    assert.equal(dataPlane.cluster.breaker.held('Request'), 2);
  });

  it('keeps its trailers and what a retry needs', async () => {
    let failing = true;
    await using backend = await aRawBackend(({ requestLine }) => {
      const fails = failing && requestLine.startsWith('PUT');
      if (fails) failing = false;
      return `HTTP/1.1 ${fails ? 503 : 200} .\r\nContent-Length: 0\r\n\r\n`;
    });
    const retry = aRetry({ codes: new Set([503]) });
    using dataPlane = await aBusyCluster(backend.port, {
      rule: (cluster) => {
        const rule = aRule(cluster);
        assert.ok(rule.action.kind === 'Forward');
        return { ...rule, action: { ...rule.action, retry } };
      },
    });
    using client = await aRawClient(dataPlane.port);
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
    await settled(dataPlane);
    client.send('0\r\nX-Sum: 7\r\n\r\n');
    assert.equal(await statusOf(client), 200);
    assert.deepEqual(
      backend.seen.filter(({ body }) => body !== '').map(({ body, trailers }) => [body, trailers]),
      [
        ['one', 'X-Sum: 7'],
        ['one', 'X-Sum: 7'],
      ],
    );
  });

  it('is copied whole, with its trailers', async () => {
    await using backend = await aRawBackend();
    await using mirror = await aRawBackend();
    using copies = await givenDataPlane([mirror.port]);
    using dataPlane = await aBusyCluster(backend.port, {
      rule: (cluster) =>
        aRule(cluster, { action: aForward(aBackend(cluster, [{ cluster: copies.cluster, share: 1 }])) }),
    });
    using client = await aRawClient(dataPlane.port);
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
    await settled(dataPlane);
    client.send('3\r\ntwo\r\n0\r\nX-Sum: 7\r\n\r\n');
    assert.equal(await statusOf(client), 200);
    const seen = (all: typeof backend.seen): unknown =>
      all.filter(({ body }) => body !== '').map(({ body, trailers }) => [body, trailers]);
    await eventually(() => assert.deepEqual(seen(mirror.seen), [['onetwo', 'X-Sum: 7']]));
    assert.deepEqual(seen(backend.seen), [['onetwo', 'X-Sum: 7']]);
  });

  it('is the same over HTTP/2', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aBusyCluster(backend.port);
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({ ':method': 'POST', ':path': '/' });
    stream.write('one, ');
    await settled(dataPlane);
    assert.equal(dataPlane.cluster.breaker.held('Request'), 2);
    stream.end('two');
    assert.equal((await answerOf(stream)).status, 200);
    assert.equal(backend.seen.at(-1)?.body, 'one, two');
  });

  it('counts as memory that is held for its client', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aBusyCluster(backend.port, {
      limits: { bufferedBytesMax: 5_000, sweepMs: 10 },
    });
    using client = await aRawClient(dataPlane.port);
    client.send(upload(100_000) + 'x'.repeat(10_000));
    await eventually(() => dataPlane.records.some(({ failure }) => failure?.kind === 'ClientGone'));
    assert.equal(dataPlane.cluster.breaker.held('Request'), 2);
  });
});
