// Calls of gRPC that fail before they are answered, under a rule that names their statuses.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { OutgoingHttpHeaders } from 'node:http2';
import type { Retry } from '#dataplane/runtime.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { anH2Client } from '#test/given/h2-client.ts';
import type { H2Answer } from '#test/given/h2-client.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import type { RespondHttp2 } from '#test/given/http2-backend.ts';
import { aBackend, aForward, aRetry, aRule } from '#test/given/runtime.ts';

const call = { ':method': 'POST', ':path': '/a.B/C', 'content-type': 'application/grpc', te: 'trailers' };
const answered = { ':status': 200, 'content-type': 'application/grpc' };
const [resourceExhausted, unavailable] = [8, 14];

const echo: RespondHttp2 = (stream) => {
  stream.respond(answered, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.pipe(stream);
};

/** Fails the call as a server of gRPC does before it looks at a message. */
function failing(code: number, more: OutgoingHttpHeaders = {}): RespondHttp2 {
  return (stream) => stream.respond({ ...answered, 'grpc-status': code, ...more }, { endStream: true });
}

interface Outcome {
  /** In the head of the answer, or in its trailers. */
  readonly status: unknown;
  readonly answer: H2Answer;
  readonly calls: number;
  readonly waitedMs: number;
}

/** Makes a call to a backend that answers the first ones by `first`, and then echoes. */
async function callOf(first: readonly RespondHttp2[], changes: Partial<Retry> = {}): Promise<Outcome> {
  const left = [...first];
  await using backend = await anHttp2Backend((stream, headers) => (left.shift() ?? echo)(stream, headers));
  const grpcCodes = new Set([resourceExhausted, unavailable]);
  const retry = aRetry({ attempts: 2, grpcCodes, backoffMsMax: 200, ...changes });
  using dataPlane = await givenDataPlane([backend.port], {
    cluster: { protocol: 'HTTP2' },
    rule: (cluster) => aRule(cluster, { action: aForward(aBackend(cluster), { retry }) }),
  });
  using client = await anH2Client(dataPlane.port);
  const startedMs = performance.now();
  const answer = await client.ask({ headers: call, body: 'message' });
  return {
    status: answer.headers['grpc-status'] ?? answer.trailers?.['grpc-status'],
    answer,
    calls: backend.seen.length,
    waitedMs: performance.now() - startedMs,
  };
}

describe('a call that failed with a status of the rule', () => {
  it('is made again with all of its content, and the client hears of the last answer alone', async () => {
    const { status, answer, calls } = await callOf([failing(unavailable), failing(resourceExhausted)]);
    assert.deepEqual([status, calls], ['0', 3]);
    assert.deepEqual([answer.body.toString(), answer.headers['grpc-status']], ['message', undefined]);
  });

  it('fails for the client, as it is, when no attempt is left', async () => {
    const again = failing(unavailable, { 'grpc-message': 'no%20one' });
    const { status, answer, calls } = await callOf([again, again, again, again]);
    assert.deepEqual([status, answer.headers['grpc-message'], calls], ['14', 'no%20one', 3]);
  });

  it('is not made again when its answer had begun', async () => {
    const late: RespondHttp2 = (stream) => {
      stream.respond(answered, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '14' }));
      stream.end('half');
    };
    const { status, answer, calls } = await callOf([late]);
    assert.deepEqual([status, answer.body.toString(), calls], ['14', 'half', 1]);
  });

  it('is not made again for another status, or when the rule names none', async () => {
    const internal = await callOf([failing(13)]);
    assert.deepEqual([internal.status, internal.calls], ['13', 1]);
    const silent = await callOf([failing(unavailable)], { grpcCodes: new Set(), codes: new Set([503]) });
    assert.deepEqual([silent.status, silent.calls], ['14', 1]);
  });
});

describe('a backend that says when it wants to be asked again', () => {
  const saying = (pushback: string) => failing(unavailable, { 'grpc-retry-pushback-ms': pushback });

  it('is asked no sooner', async () => {
    const { status, calls, waitedMs } = await callOf([saying('60'), saying('90')]);
    assert.deepEqual([status, calls], ['0', 3]);
    assert.ok(waitedMs >= 145, `after ${String(waitedMs)} ms`);
  });

  it('is asked at once where it says 0', async () => {
    const { status, calls, waitedMs } = await callOf([saying('0')], {
      backoffMs: 60_000,
      backoffMsMax: 60_000,
    });
    assert.deepEqual([status, calls], ['0', 2]);
    assert.ok(waitedMs < 5_000, `after ${String(waitedMs)} ms`);
  });

  it('is not asked when that is never, or later than the rule waits: the client hears it', async () => {
    for (const pushback of ['-1', 'soon', '201']) {
      const { status, answer, calls } = await callOf([saying(pushback)]);
      assert.deepEqual([status, answer.headers['grpc-retry-pushback-ms'], calls], ['14', pushback, 1]);
    }
  });
});
