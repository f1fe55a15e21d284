// A further attempt beside a slow one: who wins, what the others cost, and what is never tried twice.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
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
    const seen = (line: string): number =>
      all.flatMap((backend) => backend.seen).filter(({ requestLine }) => requestLine.startsWith(line)).length;
    await eventually(() => seen('GET / ') === 3);
    using later = await aRawClient(dataPlane.port);
    later.send(get.replace('/ ', '/later '));
    // the last of these began after the next delay of the first
    await eventually(() => seen('GET /later ') === 3);
    assert.equal(seen('GET / '), 3);
    later.socket.destroy();
    client.socket.destroy();
    await eventually(() => all.reduce((sum, backend) => sum + backend.closed(), 0) === 6);
    for (const backend of all) await backend[Symbol.asyncDispose]();
  });

  it('goes nowhere else when it changes anything, however often it may be sent, or the rule says nothing', async () => {
    await using one = await aSilentBackend();
    await using other = await aSilentBackend();
    const ports = [one.port, other.port];
    const seen = (method: string): number =>
      [...one.seen, ...other.seen].filter(({ requestLine }) => requestLine.startsWith(method)).length;
    using dataPlane = await givenDataPlane(ports, hedged());
    using plain = await givenDataPlane(ports);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      using client = await aRawClient(dataPlane.port);
      client.send(post.replace('POST', method));
      await eventually(() => seen(method) === 1);
    }
    using unhedged = await aRawClient(plain.port);
    unhedged.send(get.replace('GET', 'OPTIONS'));
    await eventually(() => seen('OPTIONS') === 1);
    // it began after all of them, and so did its delay
    using last = await aRawClient(dataPlane.port);
    last.send(get.replace('GET', 'HEAD'));
    await eventually(() => seen('HEAD') === 2);
    assert.deepEqual(['POST', 'PUT', 'DELETE', 'OPTIONS'].map(seen), [1, 1, 1, 1]);
  });

  it('goes nowhere else when there is no other endpoint, or its cluster bears no more', async () => {
    await using one = await aSilentBackend();
    await using other = await aSilentBackend();
    const ports = [one.port, other.port];
    const seen = (path: string): number =>
      [...one.seen, ...other.seen].filter(({ requestLine }) => requestLine.includes(path)).length;
    const { budget, breaker } = clusterDefaults;
    const spent = { cluster: { budget: { ...budget, percent: 0, retriesPerSecondMin: 0 } } };
    const single = { cluster: { breaker: { ...breaker, retriesMax: 1 } } };
    using alone = await givenDataPlane([one.port], hedged());
    using poor = await givenDataPlane(ports, { ...hedged(), ...spent });
    using narrow = await givenDataPlane(ports, { ...hedged(), ...single });
    using free = await givenDataPlane(ports, hedged());
    using clients = new DisposableStack();
    const send = async ({ port }: { port: number }, path: string, times: number): Promise<void> => {
      clients.use(await aRawClient(port)).send(get.replace('/ ', `${path} `));
      await eventually(() => seen(path) === times);
    };
    await send(narrow, '/first', 2);
    await send(narrow, '/second', 1);
    await send(alone, '/alone', 1);
    await send(poor, '/poor', 1);
    // it began after all of them, and so did its delay
    await send(free, '/free', 2);
    assert.deepEqual(['/first', '/second', '/alone', '/poor'].map(seen), [2, 1, 1, 1]);
    assert.equal(narrow.cluster.breaker.held('Retry'), 1);
    clients.dispose();
    await eventually(() => narrow.cluster.breaker.held('Retry') === 0);
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
