// What a request survives: endpoints that refuse, swallow or drop connections, some at a time or nearly all at once.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { anUnusedPort, givenDataPlane } from '../../given/data-plane.ts';
import { aDeafEndpoint } from '../../given/deaf-endpoint.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawBackend } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import type { RawBackend } from '../../given/raw-backend.ts';
import type { RawClient } from '../../given/raw-client.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab';

async function ask(client: RawClient, request = get): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send(request);
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

/** Reads a request and drops the connection. */
function aDroppingBackend(): Promise<RawBackend> {
  return aRawBackend((_request, socket) => {
    socket.resetAndDestroy();
    return null;
  });
}

describe('a connection that cannot be opened', () => {
  for (const [method, request] of [
    ['GET', get],
    ['POST', post],
  ] as const) {
    it(`costs no ${method}, with four endpoints of five gone`, async () => {
      await using good = await aRawBackend();
      const gone = await Promise.all(Array.from({ length: 4 }, anUnusedPort));
      using dataPlane = await givenDataPlane([good.port, ...gone]);
      using client = await aRawClient(dataPlane.port);
      for (let count = 0; count < 10; count += 1) assert.equal(await ask(client, request), 200);
      assert.equal(good.seen.length, 10);
      assert.ok(dataPlane.records.every(({ attempts }) => attempts === 1));
    });
  }

  it('is a 503 when no endpoint takes one, each of which was tried once', async () => {
    const gone = await Promise.all(Array.from({ length: 2 }, anUnusedPort));
    using dataPlane = await givenDataPlane(gone);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 503);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'ConnectFailed');
  });
});

describe('an endpoint that answers no attempt to connect', () => {
  const upstreamLimits = { slowConnectMs: 50, passOverMs: 200, sweepMs: 10 };
  const cluster = { connections: { ...clusterDefaults.connections, connectTimeoutMs: 400 } };

  it('costs one request a wait, and no request an answer', async () => {
    await using deaf = await aDeafEndpoint();
    await using good = await aRawBackend();
    using dataPlane = await givenDataPlane([good.port, deaf.port], { upstreamLimits, cluster });
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 20; count += 1) assert.equal(await ask(client, post), 200);
    const waited = dataPlane.records.filter(({ durationMs }) => durationMs >= 350);
    assert.equal(waited.length, 1);
    assert.equal(good.seen.length, 20);
  });

  it('is tried again by one request at a time, while others go on', async () => {
    await using deaf = await aDeafEndpoint();
    await using good = await aRawBackend();
    using dataPlane = await givenDataPlane([good.port, deaf.port], { upstreamLimits, cluster });
    using first = await aRawClient(dataPlane.port);
    assert.equal(await ask(first), 200);
    assert.equal(await ask(first), 200);
    const clients = await Promise.all(Array.from({ length: 8 }, () => aRawClient(dataPlane.port)));
    const untilMs = performance.now() + 1_500;
    await Promise.all(
      clients.map(async (client) => {
        while (performance.now() < untilMs) assert.equal(await ask(client), 200);
      }),
    );
    for (const client of clients) client[Symbol.dispose]();
    const waited = dataPlane.records.filter(({ durationMs }) => durationMs >= 350);
    assert.ok(waited.length >= 2 && waited.length <= 8, `${waited.length} requests waited`);
  });

  it('holds back no more than the requests that came before it was in doubt', async () => {
    await using deaf = await aDeafEndpoint();
    await using good = await aRawBackend();
    using dataPlane = await givenDataPlane([good.port, deaf.port], {
      upstreamLimits,
    });
    using waiting = await aRawClient(dataPlane.port);
    waiting.send(get);
    using passing = await aRawClient(dataPlane.port);
    const [, suspect] = dataPlane.cluster.endpoints;
    await eventually(() => suspect?.doubtful === true);
    for (let count = 0; count < 5; count += 1) assert.equal(await ask(passing), 200);
    assert.equal(readAnswers(waiting.received()).answers.length, 0);
    await waiting.until((octets) => readAnswers(octets).answers.length === 1);
  });
});

describe('a connection that is dropped before an octet of the answer', () => {
  it('costs no GET with two such endpoints of three', async () => {
    await using one = await aDroppingBackend();
    await using two = await aDroppingBackend();
    await using good = await aRawBackend();
    using dataPlane = await givenDataPlane([good.port, one.port, two.port]);
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 6; count += 1) assert.equal(await ask(client), 200);
    assert.equal(Math.max(...dataPlane.records.map(({ attempts }) => attempts)), 3);
  });

  it('costs three backends at most what a request does to them', async () => {
    const backends = await Promise.all(Array.from({ length: 6 }, aDroppingBackend));
    using dataPlane = await givenDataPlane(backends.map(({ port }) => port));
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 502);
    assert.deepEqual(
      backends.map(({ seen }) => seen.length).sort((a, b) => a - b),
      [0, 0, 0, 1, 1, 1],
    );
    for (const backend of backends) await backend[Symbol.asyncDispose]();
  });

  it('is a 502 to a POST, which is sent once', async () => {
    await using bad = await aDroppingBackend();
    await using good = await aRawBackend();
    using dataPlane = await givenDataPlane([good.port, bad.port]);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client, post), 502);
    assert.equal(bad.seen.length, 1);
    assert.equal(good.seen.length, 0);
  });
});

it('six backends of eight that end at once under load cost no GET', async () => {
  const backends = await Promise.all(Array.from({ length: 8 }, () => aRawBackend()));
  using dataPlane = await givenDataPlane(backends.map(({ port }) => port));
  const clients = await Promise.all(Array.from({ length: 16 }, () => aRawClient(dataPlane.port)));
  const over = new AbortController();
  let answered = 0;
  const load = clients.map(async (client) => {
    while (!over.signal.aborted) {
      assert.equal(await ask(client), 200);
      answered += 1;
    }
  });
  await eventually(() => answered > 500);
  await Promise.all(backends.slice(0, 6).map((backend) => backend[Symbol.asyncDispose]()));
  const then = answered;
  await eventually(() => answered > then + 500);
  dataPlane.setEndpoints(backends.slice(6).map(({ port }) => port));
  over.abort();
  await Promise.all(load);
  assert.ok(dataPlane.records.every(({ status, failure }) => status === 200 && failure === null));
  for (const client of clients) client[Symbol.dispose]();
  for (const backend of backends.slice(6)) await backend[Symbol.asyncDispose]();
});
