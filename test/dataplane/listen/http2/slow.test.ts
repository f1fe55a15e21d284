// Who is slow over HTTP/2, and who only looks so.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { settingIds } from '#dataplane/h2/frame.ts';
import { givenBackend } from '#test/given/backend.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { frame, request, requestBlock, types } from '#test/given/h2-frames.ts';
import { aRawH2Client } from '#test/given/h2-raw-client.ts';
import { aRawClient } from '#test/given/raw-client.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aRule } from '#test/given/runtime.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';

const limits = { bodyTimeoutMs: 150, sendTimeoutMs: 150, sweepMs: 10 };

it('a client that sends nothing of its content is told so, and its connection lives on', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port], { limits });
  using client = await anH2Client(dataPlane.port);
  const stream = client.begin({ ':method': 'POST', ':path': '/' });
  stream.write('part');
  assert.equal((await answerOf(stream)).status, 408);
  assert.equal((await client.ask()).status, 200);
});

it('a client whose other content waits, so that it may send no more, is not slow', async () => {
  await using backend = await aRawBackend();
  let release = (): void => {};
  const released = new Promise<null>((resolve) => (release = () => resolve(null)));
  const holding: RequestFilter = {
    kind: 'Authentication',
    apply: ({ request: { path } }) => (path === '/held' ? released : null),
  };
  using dataPlane = await givenDataPlane([backend.port], {
    limits,
    rule: (cluster) => aRule(cluster, { requestFilters: [holding] }),
  });
  using client = await anH2Client(dataPlane.port);
  const held = Array.from({ length: 17 }, () => {
    const stream = client.begin({ ':method': 'POST', ':path': '/held' });
    stream.end(Buffer.alloc(65_535));
    return answerOf(stream);
  });
  const last = client.begin({ ':method': 'POST', ':path': '/' });
  const answered = answerOf(last);
  last.end('part');
  await pause(600);
  assert.deepEqual(dataPlane.records, []);
  release();
  const answers = await Promise.all([answered, ...held]);
  assert.ok(answers.every(({ status }) => status === 200));
});

it('a frame that takes long to come is no silence', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port], { limits });
  using client = await aRawH2Client(dataPlane.port);
  const octets = frame(types.data, 1, 1, 'x'.repeat(40));
  client.send(request(1, 0, requestBlock('POST', '/')), octets.subarray(0, 9));
  for (let at = 9; at < octets.length; at += 1) {
    client.send(octets.subarray(at, at + 1));
    await pause(10);
  }
  await backend.untilSeen(1);
  assert.equal(backend.seen[0]?.body.length, 40);
  await eventually(() => dataPlane.records.length === 1);
  assert.equal(dataPlane.records[0]?.status, 200);
});

it('a head of which not an octet has come is under way, too', async () => {
  await using backend = await aRawBackend(() => null);
  using dataPlane = await givenDataPlane([backend.port], { limits: { headTimeoutMs: 100, sweepMs: 10 } });
  using client = await aRawH2Client(dataPlane.port);
  client.send(request(1), frame(types.headers, 0, 3));
  await client.raw.untilClosed();
});

it('a call of gRPC may be silent', async () => {
  await using backend = await givenBackend('echo', { answer: (asked, answer) => void asked.pipe(answer) });
  using dataPlane = await givenDataPlane([backend.port], { limits });
  using client = await anH2Client(dataPlane.port);
  const stream = client.begin({
    ':method': 'POST',
    ':path': '/a.B/C',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const answered = answerOf(stream);
  stream.write('one');
  await once(stream, 'response');
  await pause(400);
  stream.end('two');
  const { status, body } = await answered;
  assert.deepEqual([status, body.toString()], [200, 'onetwo']);
});

it('a client that takes nothing for a while is cut, one that takes little is not', async () => {
  const large = Buffer.alloc(300_000, 'x');
  await using backend = await givenBackend('large', { answer: (_asked, answer) => void answer.end(large) });
  using dataPlane = await givenDataPlane([backend.port], { limits });
  using client = await aRawH2Client(dataPlane.port, [4, 1000]);
  client.send(request(1), request(3));
  const isReset = (stream: number): boolean =>
    client.frames().some((seen) => seen.type === types.reset && seen.stream === stream);
  for (let count = 0; count < 40; count += 1) {
    client.send(frame(types.window, 0, 3, Buffer.of(0, 0, 0, 100)));
    await pause(10);
  }
  assert.deepEqual([isReset(1), isReset(3)], [true, false]);
});

it('who uploads and takes nothing of the answer is cut, though both directions stand still', async () => {
  await using backend = await givenBackend('echo', { answer: (asked, answer) => void asked.pipe(answer) });
  using dataPlane = await givenDataPlane([backend.port], { limits });
  using client = await aRawH2Client(dataPlane.port, [settingIds.initialWindowSize, 0]);
  client.send(request(1, 0, requestBlock('POST', '/')));
  // as much as windows and buffers take on the way, and more
  for (let at = 0; at < 4; at += 1) client.send(frame(types.data, 0, 1, 'x'.repeat(16_000)));
  await eventually(() => dataPlane.records.length === 1);
  assert.equal(dataPlane.records[0]?.failure?.kind, 'ClientGone');
});

it('who takes an octet of the answer now and then is cut', async () => {
  await using backend = await givenBackend('large', {
    answer: (_asked, answer) => void answer.end(Buffer.alloc(1 << 20)),
  });
  using dataPlane = await givenDataPlane([backend.port], { limits });
  using client = await aRawH2Client(dataPlane.port, [settingIds.initialWindowSize, 0]);
  client.send(request(1, 1, requestBlock('GET', '/')));
  const taking = setInterval(() => client.send(frame(types.window, 0, 1, '\0\0\0\u0001')), 20);
  await eventually(() => dataPlane.records.length === 1);
  clearInterval(taking);
  assert.equal(dataPlane.records[0]?.failure?.kind, 'ClientGone');
});

/** Content without end. */
async function anEndlessBackend() {
  const piece = Buffer.alloc(64 * 1024, 'x');
  return aRawBackend((_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n');
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', more);
    more();
    return null;
  });
}

it('who takes an answer steadily, window by window, is not cut', async () => {
  await using backend = await anEndlessBackend();
  using dataPlane = await givenDataPlane([backend.port], { limits: { ...limits, sendTimeoutMs: 600 } });
  using client = await aRawH2Client(dataPlane.port, [settingIds.initialWindowSize, 1000]);
  client.send(request(1));
  client.send(frame(types.window, 0, 0, Buffer.of(0x3f, 0, 0, 0)));
  for (let count = 0; count < 60; count += 1) {
    client.send(frame(types.window, 0, 1, Buffer.of(0, 0, 0x4e, 0x20)));
    await pause(20);
  }
  assert.deepEqual(dataPlane.records, []);
});

it('who takes an answer steadily, as fast as its network is, is not cut', async () => {
  await using backend = await anEndlessBackend();
  using dataPlane = await givenDataPlane([backend.port], { limits: { ...limits, sendTimeoutMs: 1_000 } });
  // the kernel's buffers are large on loopback, so that it is seen in bursts that the client takes
  const endless = Buffer.of(0x3f, 0xff, 0, 0);
  using client = await aRawH2Client(dataPlane.port, [settingIds.initialWindowSize, 0x3fff0000]);
  client.send(frame(types.window, 0, 0, endless), request(1));
  const { socket } = client.raw;
  let octets = 0;
  socket.removeAllListeners('data').on('data', (data) => {
    octets += data.length;
    socket.pause();
  });
  for (let count = 0; count < 400; count += 1) {
    await pause(4);
    socket.resume();
  }
  assert.deepEqual(dataPlane.records, []);
  assert.ok(octets > 1_000_000, `${octets} came`);
});

it('near the bounds less is asked of who takes an answer, as it has less time', async () => {
  await using backend = await anEndlessBackend();
  const near = { bodyTimeoutMs: 60_000, sweepMs: 10, bodyRateMin: 7_000, sendTimeoutMs: 3_000 };
  using dataPlane = await givenDataPlane([backend.port], { limits: { ...near, connectionsMax: 9 } });
  using others = new DisposableStack();
  for (let count = 0; count < 7; count += 1) others.use(await aRawClient(dataPlane.port));
  using client = await aRawH2Client(dataPlane.port, [settingIds.initialWindowSize, 0]);
  client.send(request(1));
  // nearly three times the least rate, for longer than the shortened time
  for (let count = 0; count < 60; count += 1) {
    client.send(frame(types.window, 0, 1, Buffer.of(0, 0, 0x01, 0xf4)));
    await pause(25);
  }
  assert.deepEqual(dataPlane.records, []);
});
