// A filter that needs the request's content: what it gets, what the backend gets then, and what clients can do meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { aRawBackend, plainAnswer } from '#test/given/raw-backend.ts';
import { aRawClient, converse, readAnswers } from '#test/given/raw-client.ts';
import { aBackend, aForward, aRetry, aRule } from '#test/given/runtime.ts';
import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { ContentDemand, RequestContent } from '#dataplane/http/request-content.ts';
import type { DataPlaneChoices } from '#test/given/data-plane.ts';
import type { RawClient } from '#test/given/raw-client.ts';

/** A filter that lets pass what it has read. */
class Reader implements RequestFilter {
  readonly kind = 'Reader';
  readonly ownFields = ['x-own'];
  readonly got: (RequestContent | Failure)[] = [];
  asked = 0;
  readonly #demand: ContentDemand;

  constructor(bytesMax: number, beyond: ContentDemand['beyond'] = 'Refuse') {
    this.#demand = { bytesMax, beyond };
  }

  async apply(exchange: Exchange): Promise<Verdict> {
    this.asked += 1;
    const content = await exchange.content(this.#demand);
    this.got.push(content);
    return 'kind' in content ? content : null;
  }

  /** What it got, a `+` behind what was not whole; or why it got nothing. */
  get texts(): readonly string[] {
    return this.got.map((content) =>
      'kind' in content ? content.kind : `${content.octets.toString('latin1')}${content.isWhole ? '' : '+'}`,
    );
  }
}

function by(...requestFilters: readonly RequestFilter[]): Pick<DataPlaneChoices, 'rule'> {
  return { rule: (cluster) => aRule(cluster, { requestFilters }) };
}

function post(content: string, ...lines: readonly string[]): string {
  const fields = ['POST /p?q HTTP/1.1', 'Host: a', `Content-Length: ${content.length}`, ...lines];
  return `${fields.join('\r\n')}\r\n\r\n${content}`;
}

function chunked(chunks: readonly string[], trailers = ''): string {
  const parts = [...chunks.filter((chunk) => chunk !== ''), ''].map(
    (chunk) => `${chunk.length.toString(16)}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`,
  );
  return `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${parts.join('')}${trailers}\r\n`;
}

/** Octets of buffers that somebody still has. */
function heldOutside(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().arrayBuffers;
}

async function answers(client: RawClient, count: number): Promise<readonly number[]> {
  const received = await client.until((octets) => readAnswers(octets).answers.length >= count);
  return readAnswers(received).answers.map(({ status }) => status);
}

describe('a filter that needs content', () => {
  it('gets what the backend gets, which has the framing that it had', async () => {
    await using backend = await aRawBackend();
    const reader = new Reader(20);
    using dataPlane = await givenDataPlane([backend.port], by(reader));
    using client = await aRawClient(dataPlane.port);
    const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    client.send(post('abc') + chunked(['de', 'f']) + get + post('') + post('z'.repeat(20)));
    assert.deepEqual(await answers(client, 5), [200, 200, 200, 200, 200]);
    assert.deepEqual(reader.texts, ['abc', 'def', '', '', 'z'.repeat(20)]);
    assert.deepEqual(
      backend.seen.map(({ body }) => body),
      reader.texts,
    );
    assert.deepEqual(
      backend.seen.map(({ head }) => head.match(/^(?:content-length|transfer-encoding): .*/gimu) ?? []),
      [
        ['Content-Length: 3'],
        ['Transfer-Encoding: chunked'],
        [],
        ['Content-Length: 0'],
        ['Content-Length: 20'],
      ],
    );
    assert.deepEqual(
      dataPlane.records.map(({ bytesIn }) => bytesIn),
      [3, 3, 0, 0, 20],
    );
  });

  it('costs no octet and no trailer, however it comes', async () => {
    await using backend = await aRawBackend();
    const reader = new Reader(100);
    using dataPlane = await givenDataPlane([backend.port], by(reader));
    const octets = chunked(['one', ', two'], 'x-sum: 8\r\nx-own: no\r\nauthorization: no\r\n');
    for (const size of [1, 7, octets.length]) {
      using client = await aRawClient(dataPlane.port);
      for (let at = 0; at < octets.length; at += size) {
        client.send(octets.slice(at, at + size));
        await new Promise((resolve) => void setImmediate(resolve));
      }
      assert.deepEqual(await answers(client, 1), [200]);
    }
    const { seen } = backend;
    assert.deepEqual(
      seen.map(({ body, trailers }) => [body, trailers]),
      seen.map(() => ['one, two', 'x-sum: 8']),
    );
    assert.equal(seen.length, 3);
  });

  it('gets it again, and may then demand more', async () => {
    await using backend = await aRawBackend();
    const filters = [new Reader(2, 'Truncate'), new Reader(4, 'Truncate'), new Reader(100)];
    using dataPlane = await givenDataPlane([backend.port], by(...filters));
    using client = await aRawClient(dataPlane.port);
    client.send(post('abcdef'));
    assert.deepEqual(await answers(client, 1), [200]);
    assert.deepEqual(
      filters.map(({ texts }) => texts),
      [['ab+'], ['abcd+'], ['abcdef']],
    );
    assert.equal(backend.seen[0]?.body, 'abcdef');
  });

  it('may be content with what stands first: the rest goes on as it comes', async () => {
    await using backend = await aRawBackend();
    const reader = new Reader(1000, 'Truncate');
    using dataPlane = await givenDataPlane([backend.port], by(reader));
    using client = await aRawClient(dataPlane.port);
    const content = Buffer.alloc(300_000, '0123456789').toString('latin1');
    for (const request of [post(content), chunked([content.slice(0, 999), content.slice(999)])]) {
      client.send(request);
    }
    assert.deepEqual(await answers(client, 2), [200, 200]);
    assert.deepEqual(reader.texts, [`${content.slice(0, 1000)}+`, `${content.slice(0, 1000)}+`]);
    assert.ok(backend.seen.every(({ body }) => body === content));
  });

  it('gets content that is sent again to another backend, however much it is', async () => {
    await using broken = await aRawBackend((_request, socket) => {
      socket.resetAndDestroy();
      return null;
    });
    await using backend = await aRawBackend();
    const reader = new Reader(200_000);
    using dataPlane = await givenDataPlane([broken.port, backend.port], {
      rule: (cluster) =>
        aRule(cluster, {
          requestFilters: [reader],
          action: aForward(aBackend(cluster), {
            retry: aRetry({ attempts: 3, conditions: new Set(['Reset']) }),
          }),
        }),
    });
    using client = await aRawClient(dataPlane.port);
    const content = 'c'.repeat(150_000);
    const put = post(content).replace('POST', 'PUT');
    client.send(put + put);
    assert.deepEqual(await answers(client, 2), [200, 200]);
    assert.deepEqual(
      backend.seen.map(({ body }) => body === content),
      [true, true],
    );
    assert.ok(broken.seen.length > 0);
    assert.ok(broken.seen.every(({ body }) => body === content));
  });

  it('gets content of which a copy goes to a mirror', async () => {
    await using backend = await aRawBackend();
    await using copies = await aRawBackend();
    using mirror = await givenDataPlane([copies.port]);
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (cluster) =>
        aRule(cluster, {
          requestFilters: [new Reader(200_000)],
          action: aForward(aBackend(cluster, [{ cluster: mirror.cluster, share: 1 }])),
        }),
    });
    using client = await aRawClient(dataPlane.port);
    const content = 'c'.repeat(150_000);
    client.send(post(content));
    assert.deepEqual(await answers(client, 1), [200]);
    await copies.untilSeen(1);
    assert.deepEqual([backend.seen[0]?.body, copies.seen[0]?.body], [content, content]);
  });
});

describe('content that is too long for a filter', () => {
  it('is refused before any of it comes when its length is told, and the client need not send it', async () => {
    await using backend = await aRawBackend();
    const reader = new Reader(5);
    using dataPlane = await givenDataPlane([backend.port], by(reader));
    const { answers: seen, closed } = await converse(dataPlane.port, [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n',
    ]);
    assert.deepEqual([seen.map(({ status }) => status), closed], [[413], true]);
    assert.equal(backend.connections(), 0);
  });

  it('is refused when it turns out to be, and a request behind it is answered or its connection closed', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], by(new Reader(5)));
    const told = await converse(dataPlane.port, post('123456') + post('12345', 'Connection: close'));
    assert.deepEqual(
      told.answers.map(({ status }) => status),
      [413, 200],
    );
    const chunks = chunked(['123', '456']).slice(0, -5);
    const untold = await converse(dataPlane.port, chunks);
    assert.deepEqual([untold.answers.map(({ status }) => status), untold.closed], [[413], true]);
    assert.deepEqual(
      backend.seen.map(({ body }) => body),
      ['12345'],
    );
    using client = await anH2Client(dataPlane.port);
    assert.equal((await client.ask({ body: '123456' })).status, 413);
    assert.equal((await client.ask({ body: '12345' })).status, 200);
  });
});

describe('a client of a route with a filter that needs content', () => {
  it('is told to go on, once, when it waits for that', async () => {
    await using backend = await aRawBackend();
    const reader = new Reader(5, 'Truncate');
    using dataPlane = await givenDataPlane([backend.port], by(reader));
    using client = await aRawClient(dataPlane.port);
    const [head = '', content = ''] = post('12345678', 'Expect: 100-continue').split(/(?<=\r\n\r\n)/u);
    client.send(head);
    await client.until((octets) => octets === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send(content);
    assert.deepEqual(await answers(client, 2), [100, 200]);
    assert.doesNotMatch(backend.seen[0]?.head ?? '', /expect/iu);
    using second = await anH2Client(dataPlane.port);
    const stream = second.begin({ ':method': 'POST', ':path': '/', expect: '100-continue' });
    stream.on('continue', () => stream.end('1234'));
    assert.equal((await answerOf(stream)).status, 200);
    assert.deepEqual(reader.texts, ['12345+', '1234']);
  });

  it('that is too slow is told so, and nothing goes to a backend', async () => {
    await using backend = await aRawBackend();
    const reader = new Reader(100);
    const limits = { bodyTimeoutMs: 100, sweepMs: 10 };
    using dataPlane = await givenDataPlane([backend.port], { ...by(reader), limits });
    using client = await aRawClient(dataPlane.port);
    client.send(post('0123456789').slice(0, -1));
    assert.deepEqual(await answers(client, 1), [408]);
    using second = await anH2Client(dataPlane.port);
    const stream = second.begin({ ':method': 'POST', ':path': '/' });
    stream.write('part');
    assert.equal((await answerOf(stream)).status, 408);
    assert.deepEqual(reader.texts, ['ClientTooSlow', 'ClientTooSlow']);
    assert.equal(backend.connections(), 0);
  });

  it('has the time of its request, and no more', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (cluster) =>
        aRule(cluster, {
          requestFilters: [new Reader(100)],
          action: aForward(aBackend(cluster), { requestTimeoutMs: 100 }),
        }),
    });
    using client = await aRawClient(dataPlane.port);
    client.send(post('0123456789').slice(0, -1));
    assert.deepEqual(await answers(client, 1), [504]);
  });

  it('that goes, or sends what is none, leaves nothing behind', async () => {
    await using backend = await aRawBackend();
    const reader = new Reader(100);
    using dataPlane = await givenDataPlane([backend.port], by(reader));
    using client = await aRawClient(dataPlane.port);
    client.send(post('0123456789').slice(0, -1));
    client.socket.resetAndDestroy();
    await eventually(() => dataPlane.records.length === 1);
    assert.equal(
      (await converse(dataPlane.port, chunked(['a']).replace('1\r\na', 'x\r\na'))).answers[0]?.status,
      400,
    );
    using second = await anH2Client(dataPlane.port);
    const stream = second.begin({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => {});
    stream.write('part');
    await eventually(() => reader.asked === 3);
    second.session.destroy();
    await eventually(() => dataPlane.records.length === 3);
    assert.deepEqual(reader.texts, ['ClientGone', 'MalformedRequest', 'ClientGone']);
    assert.equal(backend.connections(), 0);
  });

  it('over HTTP/2 sends as much as is demanded and a window more, until the filter lets the rest go on', async () => {
    await using backend = await aRawBackend();
    const asked = Promise.withResolvers<void>();
    const passed = Promise.withResolvers<void>();
    const slow: RequestFilter = {
      kind: 'Slow',
      async apply(exchange) {
        await exchange.content({ bytesMax: 10_000, beyond: 'Truncate' });
        asked.resolve();
        await passed.promise;
        return null;
      },
    };
    using dataPlane = await givenDataPlane([backend.port], by(slow));
    using client = await anH2Client(dataPlane.port);
    const stream = client.begin({ ':method': 'POST', ':path': '/' });
    const answered = answerOf(stream);
    const piece = Buffer.alloc(65_536, 'x');
    const pieces = 64;
    let sent = 0;
    const more = (): void => {
      if (sent === pieces) return void stream.end();
      stream.write(piece, () => {
        sent += 1;
        more();
      });
    };
    more();
    await asked.promise;
    let before = -1;
    await eventually(() => {
      const isStill = sent === before;
      before = sent;
      return isStill && sent > 0;
    });
    assert.ok(sent < pieces / 2, `${sent} pieces were sent`);
    passed.resolve();
    assert.equal((await answered).status, 200);
    assert.equal(backend.seen[0]?.body.length, pieces * piece.length);
  });

  it('holds its content no longer than until the backend answers', async () => {
    await using backend = await aRawBackend(() => 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nthe rest');
    const reader: RequestFilter = {
      kind: 'Reader',
      async apply(exchange) {
        const content = await exchange.content({ bytesMax: 2_000_000, beyond: 'Refuse' });
        return 'kind' in content ? content : null;
      },
    };
    using dataPlane = await givenDataPlane([backend.port], by(reader));
    using clients = new DisposableStack();
    const before = heldOutside();
    for (let count = 0; count < 8; count += 1) {
      const client = clients.use(await aRawClient(dataPlane.port));
      client.send(post('x'.repeat(2_000_000)));
      await client.until((octets) => octets.includes('the rest'));
    }
    await eventually(() => heldOutside() - before < 4_000_000);
  });

  it('holds what counts as held, and is cut where that is too much', async () => {
    await using backend = await aRawBackend();
    const reader = new Reader(400_000);
    const limits = { bufferedBytesMax: 600_000, sweepMs: 10 };
    using dataPlane = await givenDataPlane([backend.port], { ...by(reader), limits });
    const clients = await Promise.all(Array.from({ length: 4 }, () => aRawClient(dataPlane.port)));
    for (const client of clients) client.send(post('x'.repeat(400_000)).slice(0, -1));
    await eventually(() => dataPlane.records.length > 0);
    assert.ok(reader.texts.every((text) => text === 'ClientGone'));
    for (const client of clients) client[Symbol.dispose]();
  });
});

it('content that is not asked for is not waited for', async () => {
  await using backend = await aRawBackend((request) => (request.body === '' ? null : plainAnswer));
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await aRawClient(dataPlane.port);
  client.send(post('ab').slice(0, -1));
  await eventually(() => backend.rest() !== '');
  client.send('b');
  assert.deepEqual(await answers(client, 1), [200]);
});
