// A rule that says when a request is sent again: by codes and conditions, within attempts, budget and time; and what
// a cluster's limits let through.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backoffMs } from '#dataplane/proxy/retry.ts';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { anUnusedPort, givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawBackend, plainAnswer } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import { aBackend, aForward, aRetry, aRule } from '../../given/runtime.ts';
import type { DataPlaneChoices } from '../../given/data-plane.ts';
import type { Retry } from '#dataplane/runtime.ts';
import type { RawBackend } from '../../given/raw-backend.ts';
import type { RawClient } from '../../given/raw-client.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab';
const emptyPost = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';

async function ask(client: RawClient, request = get): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send(request);
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

function by(
  retry: Partial<Retry>,
  timeouts: { readonly requestTimeoutMs?: number; readonly backendTimeoutMs?: number } = {},
): Pick<DataPlaneChoices, 'rule'> {
  const whole = aRetry({
    attempts: 2,
    codes: new Set([503]),
    conditions: new Set(['ConnectFailure', 'Refused']),
    ...retry,
  });
  return {
    rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), { ...timeouts, retry: whole }) }),
  };
}

/** Answers 503 so many times, then 200. */
function ailing(times: number, failing = plainAnswer.replace('200 OK', '503 No')): Promise<RawBackend> {
  let left = times;
  return aRawBackend(() => {
    left -= 1;
    return left >= 0 ? failing : plainAnswer;
  });
}

describe('an answer with a code of the rule', () => {
  it('is not passed on while an attempt is left', async () => {
    await using backend = await ailing(2);
    using dataPlane = await givenDataPlane([backend.port], by({}));
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    assert.equal(dataPlane.records[0]?.attempts, 3);
    assert.doesNotMatch(client.received(), /503/u);
  });

  it('is passed on, whole, when none is left', async () => {
    await using backend = await ailing(9);
    using dataPlane = await givenDataPlane([backend.port], by({}));
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 503);
    assert.equal(readAnswers(client.received()).answers[0]?.body, 'ok');
    assert.equal(backend.seen.length, 3);
  });

  it('is passed on when it is none of the rule, or the rule says 0', async () => {
    for (const retry of [{ codes: new Set([502]) }, { attempts: 0 }]) {
      await using backend = await ailing(1);
      using dataPlane = await givenDataPlane([backend.port], by(retry));
      using client = await aRawClient(dataPlane.port);
      assert.equal(await ask(client), 503);
      assert.equal(backend.seen.length, 1);
    }
  });

  it('brings another endpoint, where there is one', async () => {
    await using bad = await ailing(100);
    await using good = await aRawBackend();
    using dataPlane = await givenDataPlane([bad.port, good.port], by({ attempts: 1 }));
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 10; count += 1) assert.equal(await ask(client), 200);
  });

  it('brings a POST again whose content is small, and none whose content is gone', async () => {
    await using backend = await ailing(2);
    using dataPlane = await givenDataPlane([backend.port], by({}));
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client, post), 200);
    assert.deepEqual(
      backend.seen.map(({ body }) => body),
      ['ab', 'ab', 'ab'],
    );
    await using again = await ailing(1);
    dataPlane.setEndpoints([again.port]);
    const large = 'x'.repeat(100_000);
    assert.equal(
      await ask(client, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${large}`),
      503,
    );
    assert.equal(again.seen.length, 1);
  });

  it('brings content in chunks again, with its trailers', async () => {
    await using backend = await ailing(1);
    using dataPlane = await givenDataPlane([backend.port], by({}));
    using client = await aRawClient(dataPlane.port);
    client.send(
      'POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
    );
    await eventually(() => dataPlane.cluster.breaker.held('Connection') === 1);
    assert.equal(await ask(client, '3\r\ncde\r\n0\r\nX-A: b\r\n\r\n'), 200);
    assert.deepEqual(
      backend.seen.map(({ body, trailers }) => `${body} ${trailers}`.toLowerCase()),
      ['abcde x-a: b', 'abcde x-a: b'],
    );
  });

  it('leaves its connection in use when it was whole, and closes it when it was not', async () => {
    const endless = 'HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n';
    for (const [failing, connections] of [
      [undefined, 2],
      [endless, 1],
    ] as const) {
      await using backend = await ailing(1, failing);
      using dataPlane = await givenDataPlane([backend.port], by({}));
      using client = await aRawClient(dataPlane.port);
      assert.equal(await ask(client), 200);
      const [endpoint] = dataPlane.cluster.endpoints;
      await eventually(
        () => endpoint?.transport.idle === connections && endpoint.transport.open === connections,
      );
      assert.equal(endpoint?.load, 0);
    }
  });
});

describe('an attempt that takes too long', () => {
  it('is followed by another if the rule says so, for what may be repeated', async () => {
    let first = true;
    await using backend = await aRawBackend(() => {
      const isFirst = first;
      first = false;
      return isFirst ? null : plainAnswer;
    });
    const rule = by({ conditions: new Set(['Timeout']) }, { backendTimeoutMs: 40 });
    using dataPlane = await givenDataPlane([backend.port], rule);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    assert.equal(dataPlane.records[0]?.attempts, 2);
    first = true;
    assert.equal(await ask(client, emptyPost), 504);
    assert.equal(backend.seen.length, 3);
  });

  it('is followed by none when the whole time is over', async () => {
    await using backend = await aRawBackend(() => null);
    const rule = by(
      { conditions: new Set(['Timeout']), attempts: 9, backoffMs: 60_000, backoffMsMax: 60_000 },
      { backendTimeoutMs: 30, requestTimeoutMs: 120 },
    );
    using dataPlane = await givenDataPlane([backend.port], rule);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 504);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'RequestTimedOut');
    assert.ok(backend.seen.length < 4);
  });
});

describe('connections that cannot be opened, under a rule', () => {
  it('are tried at other endpoints at once, and cost no attempt', async () => {
    await using good = await aRawBackend();
    const gone = await Promise.all(Array.from({ length: 3 }, anUnusedPort));
    using dataPlane = await givenDataPlane([good.port, ...gone], by({ attempts: 1 }));
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 8; count += 1) assert.equal(await ask(client, post), 200);
  });

  it('are tried nowhere else when the rule says 0', async () => {
    const gone = await Promise.all(Array.from({ length: 3 }, anUnusedPort));
    await using good = await aRawBackend();
    using dataPlane = await givenDataPlane([...gone, good.port], by({ attempts: 0 }));
    using client = await aRawClient(dataPlane.port);
    const statuses = [await ask(client), await ask(client), await ask(client), await ask(client)];
    assert.ok(statuses.includes(503));
  });
});

describe('retries are bounded for a whole cluster', () => {
  it('by its budget', async () => {
    await using backend = await ailing(1_000);
    using dataPlane = await givenDataPlane([backend.port], {
      ...by({ attempts: 1 }),
      cluster: { budget: { percent: 10, intervalMs: 60_000, retriesPerSecondMin: 0 } },
    });
    using client = await aRawClient(dataPlane.port);
    for (let count = 0; count < 40; count += 1) assert.equal(await ask(client), 503);
    assert.equal(backend.seen.length, 44);
  });

  it('by how many are under way', async () => {
    await using backend = await ailing(1_000);
    using dataPlane = await givenDataPlane([backend.port], {
      ...by({ backoffMs: 1_000_000, backoffMsMax: 1_000_000 }),
      cluster: { breaker: { ...clusterDefaults.breaker, retriesMax: 1 } },
    });
    using waits = await aRawClient(dataPlane.port);
    waits.send(get);
    await eventually(() => dataPlane.cluster.breaker.held('Retry') === 1);
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 503);
    waits.socket.destroy();
    await eventually(() => dataPlane.cluster.breaker.held('Retry') === 0);
    assert.equal(dataPlane.cluster.breaker.held('Request'), 0);
  });
});

it('back-off doubles up to its most, and is any time up to that', () => {
  const retry = { backoffMs: 25, backoffMsMax: 250 };
  assert.deepEqual(
    [0, 1, 2, 3, 4, 60].map((repeats) => backoffMs(retry, repeats, () => 1)),
    [25, 50, 100, 200, 250, 250],
  );
  assert.equal(
    backoffMs(retry, 3, () => 0.5),
    100,
  );
});
