// What backends of HTTP/2 take from one connection, over which a client must not drive ours: others share it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { describe, it } from 'node:test';
import { settingIds } from '#dataplane/h2/frame.ts';
import { clusterDefaults, outlierDefaults } from '#snapshot/cluster-defaults.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { eventually } from '../given/eventually.ts';
import { anH2Client } from '../given/h2-client.ts';
import { anHttp2Backend } from '../given/http2-backend.ts';
import { block, endHeaders, endStream, frame, number, settings, types } from '../given/h2-frames.ts';
import { aRawH2Backend } from '../given/h2-raw-backend.ts';
import { aRawClient, readAnswers } from '../given/raw-client.ts';
import type { GivenDataPlane } from '../given/data-plane.ts';
import { aBackend, aForward, aRule } from '../given/runtime.ts';
import type { H2Client } from '../given/h2-client.ts';
import type { Http2Backend } from '../given/http2-backend.ts';
import type { ServerHttp2Stream } from 'node:http2';
import type { RawClient } from '../given/raw-client.ts';

const cluster = { protocol: 'HTTP2' } as const;
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

function answer(stream: number): Buffer {
  return frame(types.headers, endHeaders | endStream, stream, block([':status', '204']));
}

function loads(dataPlane: GivenDataPlane): readonly number[] {
  return [...dataPlane.cluster.endpoints].map(({ load }) => load);
}

async function ask(client: RawClient, request: string): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send(request);
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

describe('a request whose fields are more than a backend by HTTP/2 takes', () => {
  const greeting = settings([settingIds.maxHeaderListSize, 8_192]);
  const large = get.replace('Host', `X: ${'y'.repeat(8_000)}\r\nHost`);

  it('fails by itself before a stream is opened, and says nothing of the endpoint', async () => {
    await using backend = await aRawH2Backend(answer, greeting);
    const outlier = { ...outlierDefaults, consecutiveFailures: 1, ejectedPercentMax: 100 };
    using dataPlane = await givenDataPlane([backend.port], { cluster: { ...cluster, outlier } });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client, get), 204);
    assert.equal(await ask(client, large), 431);
    assert.equal(await ask(client, get), 204);
    assert.equal(backend.seen.length, 2);
    assert.equal(backend.connections(), 1);
    assert.deepEqual(loads(dataPlane), [0]);
    assert.ok([...dataPlane.cluster.endpoints].every(({ healthy }) => healthy));
    assert.deepEqual(
      dataPlane.records.map(({ status, failure, attempts }) => [status, failure?.kind, attempts]),
      [
        [204, undefined, 1],
        [431, 'HeadTooLarge', 1],
        [204, undefined, 1],
      ],
    );
  });

  it('fails as well when they are trailers', async () => {
    await using backend = await aRawH2Backend(() => null, greeting);
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
    await eventually(() => backend.seen.length === 1);
    assert.equal(await ask(client, `0\r\nX: ${'y'.repeat(8_200)}\r\n\r\n`), 431);
    await eventually(() => loads(dataPlane)[0] === 0);
    assert.equal(backend.connections(), 1);
  });
});

describe('clients that give up one request after the other', () => {
  /** Opens `count` streams and resets each once the backend has it. */
  async function giveUp(client: H2Client, backend: Http2Backend, count: number): Promise<void> {
    for (let asked = 0; asked < count; asked += 25) {
      const before = backend.seen.length;
      const streams = Array.from({ length: 25 }, () => client.begin({ ':path': '/given-up' }));
      for (const stream of streams) stream.on('error', () => {});
      await eventually(() => backend.seen.length === before + streams.length);
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
      await Promise.all(streams.map((stream) => once(stream, 'close')));
    }
  }

  it('do not have us reset as many streams of a connection that others share', async () => {
    let resets = 0;
    const waiting: ServerHttp2Stream[] = [];
    await using backend = await anHttp2Backend((stream, { ':path': path }) => {
      if (path === '/given-up') stream.on('aborted', () => (resets += 1));
      else waiting.push(stream);
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using honest = await anH2Client(dataPlane.port);
    const answer = honest.ask();
    await eventually(() => waiting.length === 1);
    using client = await anH2Client(dataPlane.port);
    await giveUp(client, backend, 175);
    await eventually(() => loads(dataPlane)[0] === 1);
    // 50 and 5 a second for each connection, the second of which is there since the first is full
    assert.equal(backend.connections(), 2);
    assert.ok(resets <= 120, `${resets} resets`);
    waiting[0]?.respond({ ':status': 204 }, { endStream: true });
    assert.equal((await answer).status, 204);
  });

  it('do not fill it when the backend answers nevertheless', async () => {
    let resets = 0;
    const waiting: ServerHttp2Stream[] = [];
    await using backend = await anHttp2Backend((stream) => {
      stream.on('aborted', () => (resets += 1));
      waiting.push(stream);
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    for (let round = 0; round < 12; round += 1) {
      using client = await anH2Client(dataPlane.port);
      await giveUp(client, backend, 25);
      for (const stream of waiting.splice(0)) {
        if (!stream.destroyed) stream.respond({ ':status': 200 });
        if (!stream.destroyed) stream.end('nobody wants it');
      }
    }
    assert.equal(backend.seen.length, 300);
    assert.equal(backend.connections(), 1);
    assert.ok(resets <= 100, `${resets} resets`);
  });
});

it('a backend that takes nothing any more does not keep the socket of its connection', async () => {
  const wide = frame(types.window, 0, 0, number(1 << 30));
  await using backend = await aRawH2Backend(
    (_stream, socket) => {
      socket.pause();
      return null;
    },
    Buffer.concat([settings([settingIds.initialWindowSize, 1 << 30]), wide]),
  );
  const connections = { ...clusterDefaults.connections, connectTimeoutMs: 100 };
  using dataPlane = await givenDataPlane([backend.port], {
    upstreamLimits: { sweepMs: 10 },
    cluster: { ...cluster, connections },
    rule: (to) => aRule(to, { action: aForward(aBackend(to), { requestTimeoutMs: 500 }) }),
  });
  const sockets = (): number =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
  // those of tests before
  await eventually(() => sockets() === 0);
  using client = await aRawClient(dataPlane.port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
  // more than kernels take
  client.send(Buffer.alloc(20_000_000));
  await client.untilClosed();
  client.socket.destroy();
  dataPlane.setEndpoints([]);
  // the backend's end is the one that is left
  await eventually(() => assert.equal(sockets(), 1));
});
