// HTTP/2 from end to end: node's client, the whole gateway by prior knowledge, a backend that speaks HTTP/1.1.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { aRawBackend, plainAnswer } from '#test/given/raw-backend.ts';
import { aRawClient, readAnswers } from '#test/given/raw-client.ts';
import { aRule } from '#test/given/runtime.ts';

const mebibyte = Buffer.alloc(1024 * 1024, 'x');

describe('a request over HTTP/2', () => {
  it('is forwarded as HTTP/1.1, and its answer comes back', async () => {
    await using backend = await aRawBackend(
      () => 'HTTP/1.1 201 Created\r\nX-A: b\r\nConnection: x-hop\r\nX-Hop: 1\r\nContent-Length: 2\r\n\r\nok',
    );
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const answer = await client.ask({
      headers: { ':path': '/a//b/../c?d=/e', 'x-y': 'z', te: 'trailers', cookie: ['a=1', 'b=2'] },
    });
    assert.deepEqual([answer.status, answer.body.toString()], [201, 'ok']);
    assert.equal(answer.headers['x-a'], 'b');
    assert.equal(answer.headers['content-length'], '2');
    assert.equal(answer.headers['x-hop'], undefined);
    const lines = backend.seen[0]?.head.split('\r\n') ?? [];
    assert.equal(lines[0], 'GET /a/c?d=/e HTTP/1.1');
    assert(lines.includes('Host: a.test'));
    assert(lines.includes('x-y: z'));
    assert(lines.includes('cookie: a=1; b=2'));
    assert(lines.includes('TE: trailers'));
    const [record] = dataPlane.records;
    assert.deepEqual([record?.protocol, record?.status, record?.host], ['HTTP/2', 201, 'a.test']);
  });

  it('has content as long as it says, or as long as its frames tell', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    await client.ask({ body: 'hello', headers: { 'content-length': 5 } });
    await client.ask({ body: 'hello' });
    await client.ask({ body: '', headers: { 'content-length': 0 } });
    assert.deepEqual(
      backend.seen.map(({ body, head }) => [
        body,
        /^(?:Transfer-Encoding|Content-Length).*$/m.exec(head)?.[0],
      ]),
      [
        ['hello', 'Content-Length: 5'],
        ['hello', 'Transfer-Encoding: chunked'],
        ['', 'Content-Length: 0'],
      ],
    );
  });

  it('brings trailers, and its answer has some', async () => {
    await using backend = await aRawBackend(
      () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nX-B: c\r\n\r\n',
    );
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const answer = await client.ask({ body: 'hello', trailers: { 'x-check': 'sum' } });
    assert.equal(answer.body.toString(), 'ok');
    assert.equal(answer.trailers?.['x-sum'], '1');
    assert.match(backend.seen[0]?.trailers ?? '', /x-check: sum/);
  });

  it('gets interim answers, and 100 only when its content is wanted', async () => {
    await using backend = await aRawBackend(
      () => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${plainAnswer}`,
    );
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    assert.deepEqual((await client.ask()).interim, [103]);
    const stream = client.begin({ ':method': 'POST', ':path': '/', expect: '100-continue' });
    const answered = answerOf(stream);
    await once(stream, 'continue');
    stream.end('content');
    assert.deepEqual((await answered).status, 200);
    assert.equal(backend.seen[1]?.body, 'content');
  });

  it('may ask for a head alone, and get answers without content', async () => {
    const answers = ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n'];
    await using backend = await aRawBackend(() => answers.shift() ?? 'HTTP/1.1 304 Not Modified\r\n\r\n');
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const head = await client.ask({ headers: { ':method': 'HEAD' } });
    assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '9', 0]);
    assert.equal((await client.ask()).status, 204);
    assert.equal((await client.ask()).status, 304);
    const refused = await client.ask({ headers: { ':method': 'HEAD', ':authority': 'a b' } });
    assert.deepEqual([refused.status, refused.body.length], [400, 0]);
  });

  it('may say in the clear that its client speaks TLS, which somebody before us has ended', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    assert.equal((await client.ask({ headers: { ':scheme': 'https' } })).status, 200);
  });

  it('is refused by status where we are stricter than HTTP/2', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      limits: { fieldCountMax: 20, headBytesMax: 65_536 },
    });
    using client = await anH2Client(dataPlane.port);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`x-${at}`, '1']));
    for (const [headers, status] of [
      [{ ':authority': 'user@a.test' }, 400],
      [{ host: 'b.test' }, 400],
      [{ ':path': '/a%2fb' }, 400],
      [{ ':scheme': 'ftp' }, 400],
      [{ x_y: 'z' }, 400],
      [{ ':path': `/${'a'.repeat(17_000)}` }, 414],
      [{ expect: 'miracles' }, 417],
      [{ ':method': 'TRACE' }, 501],
      [many, 431],
    ] as const) {
      assert.equal((await client.ask({ headers })).status, status, JSON.stringify(headers).slice(0, 60));
    }
    assert.equal(backend.seen.length, 0);
  });

  it('is reset, not answered, when its content is not as long as it says', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    for (const body of ['too long', 'sho']) {
      await assert.rejects(client.ask({ body, headers: { 'content-length': 5 } }), /PROTOCOL_ERROR/);
    }
    assert.equal(backend.seen.length, 0);
    assert.equal((await client.ask()).status, 200);
  });

  it('is answered at once when its content is not wanted, and the connection lives on', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits: { bodyBytesMax: 10 } });
    using client = await anH2Client(dataPlane.port);
    const answer = await client.ask({ body: mebibyte, headers: { 'content-length': mebibyte.length } });
    assert.equal(answer.status, 413);
    assert.equal((await client.ask({ body: mebibyte })).status, 413);
    assert.equal((await client.ask()).status, 200);
  });
});

describe('a stream that ends early', () => {
  it('takes its request from the backend when the client resets it', async () => {
    const closed = Promise.withResolvers<void>();
    await using backend = await aRawBackend((_request, socket) => {
      socket.on('close', () => closed.resolve());
      return 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart';
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({ ':path': '/' });
    stream.on('error', () => {});
    await once(stream, 'response');
    stream.close(8);
    await closed.promise;
    await eventually(() => dataPlane.records.length === 1);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'ClientGone');
    assert.equal(client.session.closed, false);
  });

  it('is reset when the backend breaks off, so that nobody takes it for whole', async () => {
    await using backend = await aRawBackend((_request, socket) => {
      setImmediate(() => socket.destroy());
      return 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart';
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    await assert.rejects(client.ask(), /INTERNAL_ERROR/);
  });

  it('cuts all exchanges when the connection breaks', async () => {
    await using backend = await aRawBackend(() => null);
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    for (let count = 0; count < 5; count += 1) client.begin({ ':path': '/' }).on('error', () => {});
    await backend.untilSeen(5);
    client.session.destroy();
    await eventually(() => dataPlane.records.length === 5);
    assert(dataPlane.records.every(({ failure }) => failure?.kind === 'ClientGone'));
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
  });

  it('is told from a slow one by time', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits: { bodyTimeoutMs: 100, sweepMs: 20 } });
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({ ':method': 'POST', ':path': '/' });
    stream.write('part');
    assert.equal((await answerOf(stream)).status, 408);
    assert.equal((await client.ask()).status, 200);
  });
});

describe('the end of a connection', () => {
  it('is announced, then final, and no request fails', async () => {
    let answer = (): void => {};
    await using backend = await aRawBackend((_request, socket) => {
      answer = () => void socket.write(plainAnswer);
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    const lasts: number[] = [];
    client.session.on('goaway', (_code, lastStreamId) => lasts.push(lastStreamId));
    const answered = client.ask();
    await backend.untilSeen(1);
    const drained = dataPlane.listeners.drain({ acceptMs: 50, idleMs: 50, deadlineMs: 5_000 });
    await eventually(() => lasts.length === 2);
    assert.deepEqual(lasts, [0x7fff_ffff, 1]);
    answer();
    assert.equal((await answered).status, 200);
    await drained;
    assert.equal(dataPlane.listeners.connectionCount(), 0);
  });

  it('fails none of many requests that are asked until the client hears of it', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    const clients = await Promise.all(Array.from({ length: 4 }, () => anH2Client(dataPlane.port)));
    const statuses: number[] = [];
    const asking = clients.flatMap((client) => {
      const told = new AbortController();
      client.session.on('goaway', () => told.abort());
      return Array.from({ length: 8 }, async () => {
        while (!told.signal.aborted) statuses.push((await client.ask()).status);
      });
    });
    await backend.untilSeen(500);
    const drained = dataPlane.listeners.drain({ acceptMs: 50, idleMs: 50, deadlineMs: 5_000 });
    await Promise.all(asking);
    await drained;
    assert(statuses.every((status) => status === 200));
    assert.equal(statuses.length, backend.seen.length);
  });

  it('comes after so many requests, none of which fails', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], { limits: { requestsPerConnectionMax: 3 } });
    using client = await anH2Client(dataPlane.port);
    const closed = once(client.session, 'close');
    for (let count = 0; count < 3; count += 1) assert.equal((await client.ask()).status, 200);
    await closed;
  });

  it('comes when nothing is asked for a while, or no head is ever whole', async () => {
    await using backend = await aRawBackend();
    const limits = { idleTimeoutMs: 100, headTimeoutMs: 100, sweepMs: 20 };
    using dataPlane = await givenDataPlane([backend.port], { limits });
    using client = await anH2Client(dataPlane.port);
    await once(client.session, 'close');
    using silent = await aRawClient(dataPlane.port);
    silent.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await silent.untilClosed();
  });
});

it('HTTP/1.1 and HTTP/2 are told apart on one port, however slowly they begin', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port], { rule: (cluster) => aRule(cluster) });
  using first = await aRawClient(dataPlane.port);
  for (const octet of 'PRI * HTTP/1.1\r\nHost: a\r\n\r\n') {
    first.send(octet);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  await first.until((received) => readAnswers(received).answers.length === 1);
  using second = await anH2Client(dataPlane.port);
  assert.equal((await second.ask()).status, 200);
});
