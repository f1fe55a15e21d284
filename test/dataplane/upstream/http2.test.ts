// Backends that speak HTTP/2: many requests on one connection, windows at the client's pace, GOAWAY, refused streams.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { anHttp2Backend } from '../../given/http2-backend.ts';
import { aRawBackend } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import { aBackendAuthority, aClusterTls } from '../../given/tls-backend.ts';
import type { GivenDataPlane } from '../../given/data-plane.ts';
import type { RawClient } from '../../given/raw-client.ts';

const get = 'GET /path?query HTTP/1.1\r\nHost: a.example\r\nX-A: b\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab';
const cluster = { protocol: 'HTTP2' } as const;

async function ask(client: RawClient, request = get): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send(request);
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

/** Asks once by a client of its own. */
async function askOnce(dataPlane: GivenDataPlane, request = get): Promise<number> {
  using client = await aRawClient(dataPlane.port);
  return await ask(client, request);
}

describe('a request to a backend by HTTP/2', () => {
  it('has the head that it has by HTTP/1.1, without what is of a connection', async () => {
    await using backend = await anHttp2Backend();
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    const request = get.replace('X-A: b\r\n', 'X-A: b\r\nConnection: keep-alive\r\nTE: trailers\r\n');
    assert.equal(await askOnce(dataPlane, request), 200);
    const { headers } = backend.seen[0] ?? assert.fail();
    assert.equal(headers[':method'], 'GET');
    assert.equal(headers[':path'], '/path?query');
    assert.equal(headers[':scheme'], 'http');
    assert.equal(headers[':authority'], 'a.example');
    assert.equal(headers['x-a'], 'b');
    assert.equal(headers['te'], 'trailers');
    assert.equal(headers['connection'], undefined);
  });

  it('shares a connection with others, also when they come all at once', async () => {
    await using backend = await anHttp2Backend();
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    const statuses = await Promise.all(Array.from({ length: 50 }, () => askOnce(dataPlane)));
    assert.deepEqual(new Set(statuses), new Set([200]));
    assert.equal(backend.connections(), 1);
    assert.deepEqual(
      dataPlane.upstreams.figures().map(({ cluster, open, idle }) => ({ cluster, open, idle })),
      [{ cluster: 'default/backend:80', open: 1, idle: 1 }],
    );
  });

  it('waits for a backend that takes none for now, without one connection after the other', async () => {
    await using backend = await anHttp2Backend(undefined, { settings: { maxConcurrentStreams: 0 } });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await eventually(() => backend.sessions.size === 1);
    const [session] = backend.sessions;
    await new Promise<void>((resolve, reject) => {
      session?.ping((error) => (error === null ? resolve() : reject(error)));
    });
    assert.equal(backend.connections(), 1);
    session?.settings({ maxConcurrentStreams: 10 });
    const received = await client.until((octets) => readAnswers(octets).answers.length > 0);
    assert.equal(readAnswers(received).answers[0]?.status, 200);
    assert.equal(backend.connections(), 1);
  });

  it('gets a connection more when all streams of the first are in use', async () => {
    const waiting: (() => void)[] = [];
    await using backend = await anHttp2Backend(
      (stream) => {
        waiting.push(() => {
          stream.respond({ ':status': 200 });
          stream.end();
        });
      },
      { settings: { maxConcurrentStreams: 2 } },
    );
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    const asked = Array.from({ length: 5 }, () => askOnce(dataPlane));
    await eventually(() => waiting.length === 5);
    assert.equal(backend.connections(), 3);
    for (const answer of waiting) answer();
    assert.deepEqual(await Promise.all(asked), [200, 200, 200, 200, 200]);
  });

  it('waits for a stream when there may be no connection more', async () => {
    const waiting: (() => void)[] = [];
    await using backend = await anHttp2Backend((stream) => {
      waiting.push(() => stream.respond({ ':status': 204 }, { endStream: true }));
    });
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: {
        ...cluster,
        connections: { ...clusterDefaults.connections, streamsMax: 2 },
        breaker: { ...clusterDefaults.breaker, connectionsMax: 1 },
      },
    });
    const asked = Array.from({ length: 6 }, () => askOnce(dataPlane));
    for (let answered = 0; answered < 6; answered += 1) {
      await eventually(() => waiting.length > answered);
      assert.ok(waiting.length <= answered + 2);
      waiting[answered]?.();
    }
    assert.deepEqual(new Set(await Promise.all(asked)), new Set([204]));
    assert.equal(backend.connections(), 1);
  });

  it('goes over TLS by ALPN', async () => {
    const authority = await aBackendAuthority();
    const certificate = await authority.certificate('backend', [{ type: 'dns', value: 'backend.example' }]);
    await using backend = await anHttp2Backend(undefined, { certificate });
    const tls = aClusterTls('backend.example', authority.pem);
    using dataPlane = await givenDataPlane([backend.port], { cluster: { ...cluster, tls } });
    assert.equal(await askOnce(dataPlane), 200);
    assert.equal(backend.seen[0]?.headers[':scheme'], 'https');
  });

  it('fails with 503 where nobody speaks HTTP/2', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: { ...cluster, connections: { ...clusterDefaults.connections, connectTimeoutMs: 200 } },
    });
    assert.equal(await askOnce(dataPlane, post), 503);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'ConnectFailed');
  });
});

describe('content and answers by HTTP/2', () => {
  it('go both ways whole, with trailers', async () => {
    const octets = 1_000_000;
    await using backend = await anHttp2Backend((stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'done' }));
      stream.pipe(stream);
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    const content = Buffer.alloc(octets, 'abcdefghij').toString('latin1');
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nContent-Length: ${octets}\r\n\r\n${content}`);
    const received = await client.until((all) => all.endsWith('x-sum: done\r\n\r\n'));
    assert.equal(readAnswers(received).answers[0]?.body, content);
  });

  it('are held back for a client that reads nothing, and others go on', async () => {
    let sent = 0;
    await using backend = await anHttp2Backend((stream, headers) => {
      stream.respond({ ':status': 200 });
      if (headers[':path'] !== '/large') {
        stream.end('ok');
        return;
      }
      const chunk = Buffer.alloc(16_384);
      const more = (): void => {
        while (sent < 64 * 1024 * 1024) {
          sent += chunk.length;
          if (!stream.write(chunk)) break;
        }
      };
      stream.on('drain', more);
      more();
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using slow = await aRawClient(dataPlane.port);
    slow.socket.pause();
    slow.send('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => sent > 100_000);
    for (let count = 0; count < 20; count += 1) assert.equal(await askOnce(dataPlane), 200);
    for (let count = 0; count < 20; count += 1) assert.equal(await askOnce(dataPlane), 200);
    // what both kernels hold for a client is theirs
    assert.ok(sent < 32 * 1024 * 1024, `${sent}`);
    assert.equal(backend.connections(), 1);
  });

  it('end at once when there is no content, also for HEAD, 204 and 304', async () => {
    for (const [method, status] of [
      ['GET', 200],
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      await using backend = await anHttp2Backend((stream) =>
        stream.respond({ ':status': status }, { endStream: true }),
      );
      using dataPlane = await givenDataPlane([backend.port], { cluster });
      using client = await aRawClient(dataPlane.port);
      const request = get.replace('GET', method);
      client.send(request);
      await client.until((octets) => octets.endsWith('\r\n\r\n'));
      client.send(request);
      await client.until((octets) => octets.match(/HTTP\/1\.1/gu)?.length === 2);
      assert.equal(backend.seen.length, 2);
    }
  });

  it('that are given up by the client are given up at the backend, and nothing else', async () => {
    let resets = 0;
    await using backend = await anHttp2Backend((stream, headers) => {
      stream.on('close', () => (resets += stream.rstCode === 8 ? 1 : 0));
      if (headers[':path'] === '/never') return;
      stream.respond({ ':status': 200 }, { endStream: true });
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send('GET /never HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => backend.seen.length === 1);
    client.socket.destroy();
    await eventually(() => resets === 1);
    assert.equal(await askOnce(dataPlane), 200);
    assert.equal(backend.connections(), 1);
    const [endpoint] = dataPlane.cluster.endpoints;
    assert.equal(endpoint?.load, 0);
  });

  it('that are shorter than announced cut the client off', async () => {
    await using backend = await anHttp2Backend((stream) => {
      stream.respond({ ':status': 200, 'content-length': 10 });
      stream.write('half');
      setTimeout(() => stream.session?.destroy(), 20);
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await client.untilClosed();
    assert.equal(dataPlane.records[0]?.failure?.kind, 'BackendClosed');
  });
});

describe('a backend that goes', () => {
  it('by GOAWAY costs no request, of whatever method', async () => {
    await using backend = await anHttp2Backend();
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    const over = new AbortController();
    let asked = 0;
    const load = Array.from({ length: 6 }, async () => {
      using client = await aRawClient(dataPlane.port);
      while (!over.signal.aborted) {
        assert.equal(await ask(client, post), 200);
        asked += 1;
      }
    });
    for (let round = 1; round <= 10; round += 1) {
      await eventually(() => asked >= round * 20);
      for (const session of backend.sessions) session.close();
    }
    over.abort();
    await Promise.all(load);
    assert.ok(backend.connections() > 5);
    await eventually(() => backend.sessions.size <= 1);
  });

  it('by refusing a stream has it sent again, of whatever method, but not for ever', async () => {
    let refusals = 2;
    await using backend = await anHttp2Backend((stream) => {
      refusals -= 1;
      if (refusals >= 0) stream.close(7);
      else stream.respond({ ':status': 200 }, { endStream: true });
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    const emptyPost = post.replace('Content-Length: 2\r\n\r\nab', 'Content-Length: 0\r\n\r\n');
    refusals = 1;
    assert.equal(await askOnce(dataPlane, emptyPost), 200);
    refusals = 1_000;
    assert.equal(await askOnce(dataPlane, emptyPost), 502);
    assert.ok(backend.seen.length < 8);
  });

  it('by closing costs no request that may be repeated', async () => {
    let first = true;
    await using backend = await anHttp2Backend((stream) => {
      if (first) stream.session?.destroy();
      else stream.respond({ ':status': 200 }, { endStream: true });
      first = false;
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    assert.equal(await askOnce(dataPlane), 200);
    first = true;
    assert.equal(await askOnce(dataPlane, post), 502);
  });
});

it('a connection takes so many requests, and is idle so long, and no more', async () => {
  await using backend = await anHttp2Backend();
  const connections = { ...clusterDefaults.connections, requestsMax: 3, idleMs: 30 };
  using dataPlane = await givenDataPlane([backend.port], {
    upstreamLimits: { sweepMs: 5 },
    cluster: { ...cluster, connections },
  });
  for (let count = 0; count < 9; count += 1) assert.equal(await askOnce(dataPlane), 200);
  assert.ok(backend.connections() >= 3);
  assert.equal(await askOnce(dataPlane), 200);
  await eventually(() => backend.sessions.size === 0);
  assert.equal(dataPlane.cluster.breaker.held('Connection'), 0);
});

describe('an endpoint that is asked by gRPC', () => {
  const check = {
    kind: 'GRPC',
    service: 'a.B',
    intervalMs: 20,
    timeoutMs: 500,
    healthyAfter: 1,
    unhealthyAfter: 1,
  } as const;

  it('is well while it says that it serves', async () => {
    let status = 1;
    const services: string[] = [];
    await using backend = await anHttp2Backend((stream) => {
      stream.on('data', (data: Buffer) => services.push(data.subarray(7).toString()));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.on('end', () => stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status])));
    });
    using dataPlane = await givenDataPlane([backend.port], {
      upstreamLimits: { sweepMs: 5 },
      cluster: { check },
    });
    const [endpoint] = dataPlane.cluster.endpoints;
    await eventually(() => services.length > 1);
    assert.equal(endpoint?.healthy, true);
    assert.equal(services[0], 'a.B');
    assert.equal(backend.seen[0]?.headers[':path'], '/grpc.health.v1.Health/Check');
    status = 2;
    await eventually(() => !endpoint?.healthy);
    status = 1;
    await eventually(() => endpoint?.healthy);
    assert.ok(backend.sessions.size <= 1);
  });
});
