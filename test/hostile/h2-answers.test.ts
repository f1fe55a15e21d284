// Answers of backends by HTTP/2 that stop, end oddly or never go on: nobody's answer is another's, and nobody waits.
import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { it } from 'node:test';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { eventually } from '../given/eventually.ts';
import { block, endHeaders, endStream, frame, types } from '../given/h2-frames.ts';
import { aRawH2Backend } from '../given/h2-raw-backend.ts';
import { anHttp2Backend } from '../given/http2-backend.ts';
import { aRawClient } from '../given/raw-client.ts';
import { aBackend, aForward, aRetry, aRule } from '../given/runtime.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const cluster = { protocol: 'HTTP2' } as const;

for (const [name, code] of Object.entries({
  REFUSED_STREAM: constants.NGHTTP2_REFUSED_STREAM,
  NO_ERROR: constants.NGHTTP2_NO_ERROR,
  CANCEL: constants.NGHTTP2_CANCEL,
})) {
  it(`an answer that has begun is cut by ${name}, and no other goes on with it`, async () => {
    let streams = 0;
    await using backend = await anHttp2Backend((stream) => {
      streams += 1;
      stream.respond({ ':status': 200, 'content-length': 20 });
      if (streams > 1) stream.end('B'.repeat(20));
      else stream.write('AAAAA', () => stream.close(code));
    });
    using dataPlane = await givenDataPlane([backend.port], { cluster });
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await client.untilClosed();
    assert.doesNotMatch(client.received(), /B/u);
    assert.equal(backend.seen.length, 1);
    assert.match(dataPlane.records[0]?.failure?.kind ?? '', /^(?:BackendClosed|MalformedResponse)$/u);
  });
}

it('the head of an answer does not wait for its content', async () => {
  await using backend = await anHttp2Backend((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
  });
  using dataPlane = await givenDataPlane([backend.port], { cluster });
  using client = await aRawClient(dataPlane.port);
  client.send(get);
  await client.until((octets) => octets.includes('text/event-stream'));
});

it('an answer that another attempt takes the place of is given up, also when it never goes on', async () => {
  const ended: number[] = [];
  let streams = 0;
  await using backend = await anHttp2Backend((stream) => {
    streams += 1;
    const number = streams;
    stream.on('close', () => ended.push(number));
    stream.respond({ ':status': number === 1 ? 503 : 200 });
    if (number > 1) stream.end('ok');
  });
  const retry = aRetry({ codes: new Set([503]) });
  using dataPlane = await givenDataPlane([backend.port], {
    cluster,
    rule: (upstream) => aRule(upstream, { action: aForward(aBackend(upstream), { retry }) }),
  });
  using client = await aRawClient(dataPlane.port);
  client.send(get);
  await client.until((octets) => octets.includes('ok'));
  await eventually(() => ended.includes(1) && ended.includes(2));
});

it('a connection on which nothing comes any more is given up after a request in vain', async () => {
  await using backend = await aRawH2Backend((stream) => {
    const first = backend.seen[0]?.connection;
    const isDead = backend.seen.at(-1)?.connection === first && backend.seen.length > 1;
    return isDead ? null : frame(types.headers, endStream | endHeaders, stream, block([':status', '200']));
  });
  using dataPlane = await givenDataPlane([backend.port], {
    cluster: {
      ...cluster,
      outlier: null,
      connections: { ...clusterDefaults.connections, connectTimeoutMs: 100 },
    },
    upstreamLimits: { sweepMs: 10 },
    rule: (upstream) => aRule(upstream, { action: aForward(aBackend(upstream), { headTimeoutMs: 50 }) }),
  });
  const statuses: string[] = [];
  await eventually(async () => {
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await client.until((octets) => octets.includes('\r\n\r\n'));
    statuses.push(client.received().slice(9, 12));
    return statuses.length > 1 && statuses.at(-1) === '200';
  });
  assert.ok(statuses.includes('504'), 'the connection was never dead');
  assert.equal(backend.connections(), 2);
});
