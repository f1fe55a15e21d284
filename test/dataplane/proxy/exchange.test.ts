import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anUnusedPort, givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawBackend } from '../../given/raw-backend.ts';
import { aRawClient, converse } from '../../given/raw-client.ts';
import { aBackend, aForward, aPort, aRule, aRuntime } from '../../given/runtime.ts';
import { redirecting } from '#dataplane/filters/redirect.ts';
import type { DataPlaneChoices } from '../../given/data-plane.ts';
import type { SeenAnswer } from '../../given/raw-client.ts';
import type { RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { RequestRecord } from '#dataplane/http/observer.ts';
import type { Action, Rule } from '#dataplane/runtime.ts';

const get = 'GET /a?b HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: test\r\nConnection: close\r\n\r\n';

interface Result {
  readonly answer: SeenAnswer | undefined;
  readonly record: RequestRecord | undefined;
  readonly seen: number;
}

async function asked(choices: DataPlaneChoices, octets = get): Promise<Result> {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port], choices);
  const { answers } = await converse(dataPlane.port, octets);
  return { answer: answers[0], record: dataPlane.records[0], seen: backend.seen.length };
}

function aFilter(verdict: () => Verdict | Promise<Verdict>): RequestFilter {
  return { kind: 'Test', apply: verdict };
}

function runtimeOf(action: Action) {
  return aRuntime(aPort(80, { '': () => aRule(null, { action }) }));
}

describe('what cannot be served is answered by the table', () => {
  const cases: readonly (readonly [name: string, status: number, kind: string, rule: () => Rule | null])[] = [
    ['no rule', 404, 'NoRoute', () => null],
    [
      'a closed route',
      500,
      'RouteClosed',
      () => aRule(null, { action: { kind: 'Closed', reason: 'secret reason' } }),
    ],
    ['no backend', 500, 'NoBackend', () => aRule(null, { action: aForward(null) })],
    ['a backend that could not be resolved', 500, 'InvalidBackend', () => aRule(null)],
  ];
  for (const [name, status, kind, rule] of cases) {
    it(`${name}: ${status}`, async () => {
      const made = rule();
      const { answer, record, seen } = await asked({
        runtime: () => aRuntime(aPort(80, { '': () => made })),
      });
      assert.equal(answer?.status, status);
      assert.equal(record?.failure?.kind, kind);
      assert.equal(record?.status, status);
      assert.equal(seen, 0);
      assert.match(answer?.head ?? '', /^Content-Type: application\/problem\+json$/mu);
      assert.match(answer?.head ?? '', /^date: /imu);
      assert.doesNotMatch(answer?.body ?? '', /secret/u);
    });
  }

  it('no endpoint: 503 with Retry-After', async () => {
    using dataPlane = await givenDataPlane([]);
    const { answers } = await converse(dataPlane.port, get);
    assert.equal(answers[0]?.status, 503);
    assert.match(answers[0]?.head ?? '', /^Retry-After: 1$/mu);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'NoEndpoint');
  });

  for (const [framing, octets] of [
    ['its length', 'Content-Length: 11\r\n\r\n'],
    ['its chunks', 'Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n'],
  ]) {
    it(`more content than the route takes, by ${framing}: 413`, async () => {
      const { answer, record, seen } = await asked(
        { runtime: (cluster) => runtimeOf(aForward(aBackend(cluster), { bodyBytesMax: 10 })) },
        `POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${octets}`,
      );
      assert.equal(answer?.status, 413);
      assert.equal(record?.failure?.kind, 'BodyTooLarge');
      assert.equal(seen, 0);
    });
  }

  it('no connection: 503', async () => {
    using dataPlane = await givenDataPlane([await anUnusedPort()]);
    const { answers } = await converse(dataPlane.port, get);
    assert.equal(answers[0]?.status, 503);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'ConnectFailed');
  });

  it('no listener for the host: 404', async () => {
    const { answer, record } = await asked({
      runtime: (cluster) => aRuntime(aPort(80, { 'other.example': () => aRule(cluster) })),
    });
    assert.equal(answer?.status, 404);
    assert.equal(record?.listener, null);
  });

  it('to HEAD without content', async () => {
    const { answer } = await asked(
      { rule: () => aRule(null) },
      'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    );
    assert.equal(answer, undefined);
  });
});

describe('a filter', () => {
  const refusals: readonly (readonly [name: string, failure: Failure, status: number, field: RegExp])[] = [
    [
      'without credentials',
      { kind: 'Unauthenticated', error: 'missing', challenges: ['Bearer', 'Basic realm="a"'], detail: 'x' },
      401,
      /^WWW-Authenticate: Bearer\r\nWWW-Authenticate: Basic realm="a"\r$/mu,
    ],
    [
      'with bad ones',
      {
        kind: 'Unauthenticated',
        error: 'invalid',
        challenges: ['Bearer error="invalid_token"'],
        detail: 'x',
      },
      401,
      /^WWW-Authenticate: Bearer error="invalid_token"$/mu,
    ],
    [
      'whoever it is',
      { kind: 'Forbidden', challenge: 'Bearer error="insufficient_scope", scope="a b"', detail: 'x' },
      403,
      /^WWW-Authenticate: Bearer error="insufficient_scope", scope="a b"\r$/mu,
    ],
    [
      'over the limit',
      { kind: 'RateLimited', retryAfterS: 7, denial: null, detail: 'a/b/c/d' },
      429,
      /^Retry-After: 7$/mu,
    ],
  ];
  for (const [name, failure, status, field] of refusals) {
    for (const [when, verdict] of [
      ['at once', () => failure],
      ['later', async () => failure],
    ] as const) {
      it(`refuses a request ${name} ${when}`, async () => {
        const { answer, record, seen } = await asked({
          rule: (cluster) => aRule(cluster, { requestFilters: [aFilter(() => null), aFilter(verdict)] }),
        });
        assert.equal(answer?.status, status);
        assert.match(answer?.head ?? '', field);
        assert.deepEqual(record?.failure, failure);
        assert.equal(seen, 0);
      });
    }
  }

  it('that breaks is a 500, at once or later', async () => {
    for (const verdict of [
      () => {
        throw new Error('secret');
      },
      () => Promise.reject(new Error('secret')),
    ]) {
      const { answer, record } = await asked({
        rule: (cluster) => aRule(cluster, { requestFilters: [aFilter(verdict)] }),
      });
      assert.equal(answer?.status, 500);
      assert.equal(record?.failure?.kind, 'FilterBroke');
      assert.doesNotMatch(answer?.body ?? '', /secret/u);
    }
  });

  it('that waits lets the next ones run, and content wait', async () => {
    const ran: string[] = [];
    const later = { kind: 'Later', apply: async () => Promise.resolve(ran.push('later')).then(() => null) };
    const next = aFilter(() => {
      ran.push('next');
      return null;
    });
    const { answer, record } = await asked(
      { rule: (cluster) => aRule(cluster, { requestFilters: [later, next] }) },
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello',
    );
    assert.equal(answer?.status, 200);
    assert.deepEqual(ran, ['later', 'next']);
    assert.equal(record?.bytesIn, 5);
  });

  it('changes what is forwarded, and adds to any answer', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (cluster) =>
        aRule(cluster, {
          requestFilters: [
            {
              kind: 'Edit',
              apply(exchange) {
                Object.assign(exchange.forwarded, { path: '/new', authority: 'inner.example', query: null });
                exchange.forwarded.fields.set('x-added', '1');
                exchange.forwarded.fields.set('content-length', '7');
                exchange.forwarded.fields.set('transfer-encoding', 'chunked');
                exchange.answerFields.append('ratelimit', 'x');
                return null;
              },
            },
          ],
          responseFilters: [{ kind: 'Edit', apply: (_exchange, head) => head.fields.set('x-answer', '2') }],
        }),
    });
    const { answers } = await converse(dataPlane.port, get);
    assert.match(backend.seen[0]?.head ?? '', /^GET \/new HTTP\/1\.1\r\nHost: inner\.example\r\n/u);
    assert.match(backend.seen[0]?.head ?? '', /^x-added: 1$/mu);
    assert.doesNotMatch(backend.seen[0]?.head ?? '', /content-length|transfer-encoding/iu);
    assert.match(answers[0]?.head ?? '', /^x-answer: 2\r\nratelimit: x\r$/mu);
  });

  for (const path of ['/a/../b', 'x', '/a b', '/a\r\nX: y', '/\u010a', '//x']) {
    it(`cannot make the path ${JSON.stringify(path)}`, async () => {
      const edit: RequestFilter = {
        kind: 'Edit',
        apply(exchange) {
          Object.assign(exchange.forwarded, { path });
          return null;
        },
      };
      const { answer, seen } = await asked({ rule: (cluster) => aRule(cluster, { requestFilters: [edit] }) });
      assert.equal(answer?.status, 500);
      assert.equal(seen, 0);
    });
  }

  for (const value of ['a\r\nX: y', 'a\0', '\u010a']) {
    it(`cannot make a field of ${JSON.stringify(value)}`, async () => {
      const edit: RequestFilter = {
        kind: 'Edit',
        apply(exchange) {
          exchange.forwarded.fields.set('x-user', value);
          return null;
        },
      };
      const { answer, seen } = await asked({ rule: (cluster) => aRule(cluster, { requestFilters: [edit] }) });
      assert.equal(answer?.status, 500);
      assert.equal(seen, 0);
    });
  }
});

it('a redirect is answered by us', async () => {
  const action = redirecting(301, ({ request }) => `https://x.example${request.path}`);
  const { answer, seen } = await asked({ rule: () => aRule(null, { action }) });
  assert.equal(answer?.status, 301);
  assert.match(answer?.head ?? '', /^Location: https:\/\/x\.example\/a$/mu);
  assert.equal(seen, 0);
});

it('an observer is told of each exchange once', async () => {
  const { record } = await asked({});
  assert.deepEqual(
    { ...record, startedMs: 0, durationMs: 0, endpoint: '', client: null, requestId: '' },
    {
      port: 80,
      listener: 'any',
      route: 'HTTPRoute/default/all',
      rule: '0',
      cluster: 'default/backend:80',
      endpoint: '',
      protocol: 'HTTP/1.1',
      method: 'GET',
      host: 'shop.example',
      path: '/a',
      status: 200,
      grpcStatus: null,
      failure: null,
      bytesIn: 0,
      bytesOut: 2,
      startedMs: 0,
      durationMs: 0,
      attempts: 1,
      client: null,
      userAgent: 'test',
      requestId: '',
      subject: null,
      shadowed: null,
      upgraded: false,
    },
  );
  assert.equal(record?.client.address, '127.0.0.1');
  assert.match(record?.requestId ?? '', /^[0-9a-f-]{36}$/u);
});

describe('time runs out', () => {
  /** Enough to reach the backend on a machine that has other work. */
  const soonMs = 250;
  const cases: readonly (readonly [
    kind: string,
    timeouts: { requestTimeoutMs?: number; backendTimeoutMs?: number; headTimeoutMs?: number },
  ])[] = [
    ['RequestTimedOut', { requestTimeoutMs: soonMs }],
    ['BackendTimedOut', { backendTimeoutMs: soonMs }],
    ['BackendTimedOut', { headTimeoutMs: soonMs }],
    ['RequestTimedOut', { headTimeoutMs: 10_000, requestTimeoutMs: soonMs }],
    ['BackendTimedOut', { backendTimeoutMs: soonMs, requestTimeoutMs: 10_000 }],
    ['RequestTimedOut', { backendTimeoutMs: 10_000, requestTimeoutMs: soonMs }],
  ];
  for (const [kind, timeouts] of cases) {
    it(`${JSON.stringify(timeouts)} is a 504 by ${kind}`, async () => {
      const closed = Promise.withResolvers<void>();
      await using backend = await aRawBackend((_request, socket) => {
        socket.on('close', () => closed.resolve());
        socket.on('end', () => socket.end());
        return null;
      });
      using dataPlane = await givenDataPlane([backend.port], {
        rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), timeouts) }),
      });
      const { answers } = await converse(dataPlane.port, get);
      assert.equal(answers[0]?.status, 504);
      assert.equal(dataPlane.records[0]?.failure?.kind, kind);
      const durationMs = dataPlane.records[0]?.durationMs ?? 0;
      assert.ok(durationMs >= soonMs && durationMs < 3000, `${durationMs} ms`);
      await closed.promise;
    });
  }

  it('for the head of an answer is not counted while the request is still coming, nor after the head', async () => {
    const parts = ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n', 'ok', 'ay'];
    await using backend = await aRawBackend((_request, socket) => {
      const write = (): void => {
        const part = parts.shift();
        if (part === undefined) return;
        socket.write(part);
        setTimeout(write, 150);
      };
      write();
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), { headTimeoutMs: 80 }) }),
    });
    using client = await aRawClient(dataPlane.port);
    client.send('POST /a HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 2\r\nConnection: close\r\n\r\n1');
    await new Promise((resolve) => {
      setTimeout(resolve, 200);
    });
    client.send('2');
    await eventually(() => dataPlane.records.length > 0);
    assert.deepEqual([dataPlane.records[0]?.status, dataPlane.records[0]?.failure], [200, null]);
    assert.ok((dataPlane.records[0]?.durationMs ?? 0) > 400);
  });

  it('in the midst of an answer cuts it off', async () => {
    await using backend = await aRawBackend(() => 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), { requestTimeoutMs: 60 }) }),
    });
    const { raw, closed } = await converse(dataPlane.port, get);
    assert.ok(closed && raw.endsWith('half'));
    assert.deepEqual(
      [dataPlane.records[0]?.status, dataPlane.records[0]?.failure?.kind],
      [200, 'RequestTimedOut'],
    );
  });
});

it('a client that goes takes its request at the backend with it', async () => {
  const closed = Promise.withResolvers<void>();
  await using backend = await aRawBackend((_request, socket) => {
    socket.on('close', () => closed.resolve());
    return null;
  });
  using dataPlane = await givenDataPlane([backend.port]);
  const client = await aRawClient(dataPlane.port);
  client.send(get);
  await backend.untilSeen(1);
  client[Symbol.dispose]();
  await closed.promise;
  await eventually(() => dataPlane.records.length === 1);
  assert.deepEqual([dataPlane.records[0]?.status, dataPlane.records[0]?.failure?.kind], [0, 'ClientGone']);
});
