// A further attempt beside a slow one: who wins, what the others cost, and what is never tried twice.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawBackend, plainAnswer } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import { aBackend, aForward, aRule } from '../../given/runtime.ts';
import type { DataPlaneChoices } from '../../given/data-plane.ts';
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

function hedged(attemptsMax = 1): Pick<DataPlaneChoices, 'rule'> {
  const hedge = { afterMs: 30, attemptsMax };
  return { rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), { hedge }) }) };
}

/** Reads and says nothing; its connections that were closed. */
async function aSilentBackend(): Promise<RawBackend & { closed(): number }> {
  let closed = 0;
  const backend = await aRawBackend((_request, socket) => {
    socket.on('close', () => (closed += 1));
    return null;
  });
  return Object.assign(backend, { closed: () => closed });
}

describe('a request that is not answered for a while', () => {
  it('goes to another endpoint too, whose answer counts, and the first is given up', async () => {
    await using silent = await aSilentBackend();
    await using quick = await aRawBackend();
    using dataPlane = await givenDataPlane([silent.port, quick.port], hedged());
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 6; count += 1) assert.equal(await ask(client), 200);
    assert.ok(silent.seen.length > 0);
    assert.equal(quick.seen.length, 6);
    await eventually(() => silent.closed() === silent.seen.length);
    const endpoints = [...dataPlane.cluster.endpoints];
    assert.deepEqual(
      endpoints.map(({ load }) => load),
      [0, 0],
    );
    assert.equal(dataPlane.cluster.breaker.held('Request'), 0);
    assert.equal(Math.max(...dataPlane.records.map(({ attempts }) => attempts)), 2);
  });

  it('goes to so many more, and no further', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, aSilentBackend));
    using dataPlane = await givenDataPlane(
      all.map(({ port }) => port),
      hedged(2),
    );
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    const seen = (): number => all.reduce((sum, backend) => sum + backend.seen.length, 0);
    await eventually(() => seen() === 3);
    await new Promise((resolve) => {
      setTimeout(resolve, 150);
    });
    assert.equal(seen(), 3);
    client.socket.destroy();
    await eventually(() => all.reduce((sum, backend) => sum + backend.closed(), 0) === 3);
    for (const backend of all) await backend[Symbol.asyncDispose]();
  });

  it('goes nowhere else when it must not be sent twice, and not to the endpoint where it is', async () => {
    await using silent = await aSilentBackend();
    await using other = await aSilentBackend();
    using dataPlane = await givenDataPlane([silent.port, other.port], hedged());
    using client = await aRawClient(dataPlane.port);
    client.send(post);
    await eventually(() => silent.seen.length + other.seen.length === 1);
    using alone = await givenDataPlane([silent.port], hedged());
    using second = await aRawClient(alone.port);
    const before = silent.seen.length;
    second.send(get);
    await new Promise((resolve) => {
      setTimeout(resolve, 150);
    });
    assert.equal(silent.seen.length, before + 1);
    assert.equal(silent.seen.length + other.seen.length, 2);
  });

  it('is answered by the one when the other fails', async () => {
    let answer = (): void => {};
    await using late = await aRawBackend((_request, socket) => {
      answer = () => void socket.write(plainAnswer);
      return null;
    });
    await using dropping = await aRawBackend((_request, socket) => {
      socket.resetAndDestroy();
      return null;
    });
    using dataPlane = await givenDataPlane([dropping.port, late.port], hedged());
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await late.untilSeen(1);
    await dropping.untilSeen(1);
    answer();
    await client.until((received) => received.endsWith('ok'));
  });
});
