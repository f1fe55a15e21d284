// RFC 9112 sections 4, 6 and 9.2 seen from a client: Node CVE-2026-48931 (response queue poisoning), response splitting.
// Whatever a backend sends, its client gets a whole answer or a cut one, and the next client gets nothing of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aRawClient, readAnswers } from '../given/raw-client.ts';
import { eventually } from '../given/eventually.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { aRawBackend, plainAnswer } from '../given/raw-backend.ts';
import type { Socket } from 'node:net';

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const ok = 'HTTP/1.1 200 OK\r\n';
const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Evil: 1\r\n\r\nevil';

interface Result {
  readonly first: string;
  readonly connections: number;
  readonly failure: string | undefined;
}

/** One request to `/evil`, which the backend answers by `answer`; then another client's to `/good`. */
async function meets(answer: string, then: (socket: Socket) => void = () => {}): Promise<Result> {
  await using backend = await aRawBackend(({ requestLine }, socket) => {
    if (!requestLine.includes('/evil')) return plainAnswer;
    socket.write(answer, 'latin1');
    then(socket);
    return null;
  });
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await aRawClient(dataPlane.port);
  client.send(get('/evil'));
  await eventually(() => dataPlane.records.length === 1);
  await client.until((received) => received !== '' || client.socket.readableEnded);
  using next = await aRawClient(dataPlane.port);
  next.send(get('/good'));
  const received = await next.until((octets) => octets.endsWith('ok'));
  assert.doesNotMatch(received, /evil/iu);
  assert.equal(readAnswers(received).answers[0]?.status, 200);
  return {
    first: client.received(),
    connections: backend.connections(),
    failure: dataPlane.records[0]?.failure?.kind,
  };
}

describe('an answer that is not one becomes a 502', () => {
  const cases: readonly (readonly [name: string, answer: string])[] = [
    ['garbage', 'what is this\r\n\r\n'],
    ['another protocol', 'SSH-2.0-x\r\n\r\n'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['status 999', 'HTTP/1.1 999 OK\r\n\r\n'],
    ['status 099', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['no status', 'HTTP/1.1 \r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a folded field', `${ok}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`],
    ['a space before a colon', `${ok}Content-Length : 0\r\n\r\n`],
    ['NUL in a field', `${ok}X: \0\r\nContent-Length: 0\r\n\r\n`],
    ['a bare CR in a field', `${ok}X: a\rb\r\nContent-Length: 0\r\n\r\n`],
    ['two lengths', `${ok}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`],
    ['a list of lengths', `${ok}Content-Length: 2, 2\r\n\r\nok`],
    ['a bad length', `${ok}Content-Length: 2x\r\n\r\nok`],
    ['length and chunks', `${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['an unknown coding', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunked twice', `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
    ['a head too large', `${ok}X: ${'x'.repeat(70_000)}\r\n\r\n`],
    ['too many fields', `${ok}${'X: y\r\n'.repeat(201)}\r\n`],
    ['interim answers without end', 'HTTP/1.1 103 Early\r\n\r\n'.repeat(30)],
  ];
  for (const [name, answer] of cases) {
    it(name, async () => {
      const result = await meets(answer);
      assert.match(result.first.replaceAll(/HTTP\/1\.1 103 Early Hints\r\n\r\n/gu, ''), /^HTTP\/1\.1 502 /u);
      assert.equal(result.failure, 'MalformedResponse');
      assert.equal(result.connections, 2);
    });
  }
});

describe('a backend that goes', () => {
  it('without an answer is a 502', async () => {
    await using backend = await aRawBackend((_request, socket) => {
      socket.destroy();
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab');
    await client.until((received) => received.startsWith('HTTP/1.1 502 '));
    assert.equal(backend.seen.length, 1);
  });

  it('in the head is a 502', async () => {
    const result = await meets(`${ok}Content-Len`, (socket) => socket.end());
    assert.match(result.first, /^HTTP\/1\.1 502 /u);
  });

  const cuts: readonly (readonly [name: string, answer: string])[] = [
    ['in content of known length', `${ok}Content-Length: 100\r\n\r\nhalf`],
    ['in a chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n64\r\nhalf`],
    ['before the last chunk', `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`],
    ['in the trailers', `${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX: y\r\n`],
  ];
  for (const [name, answer] of cuts) {
    it(`${name} cuts the client off`, async () => {
      const result = await meets(answer, (socket) => socket.end());
      assert.equal(result.failure, 'BackendClosed');
      assert.doesNotMatch(result.first, /\r\n0\r\n\r\n$/u);
    });
  }

  it('ends an answer without length properly, which then is chunked', async () => {
    const result = await meets(`${ok}X-A: b\r\n\r\nwhole`, (socket) => socket.end());
    assert.equal(result.failure, undefined);
    assert.equal(readAnswers(result.first).answers[0]?.body, 'whole');
  });

  it('by a reset cuts off an answer without length', async () => {
    const result = await meets(`${ok}\r\nhalf`, (socket) => setTimeout(() => socket.resetAndDestroy(), 20));
    assert.equal(result.failure, 'BackendClosed');
    assert.doesNotMatch(result.first, /\r\n0\r\n\r\n$/u);
  });
});

it('broken chunks cut the client off', async () => {
  const result = await meets(`${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n`);
  assert.equal(result.failure, 'MalformedResponse');
});

describe('octets behind an answer reach nobody', () => {
  const cases: readonly (readonly [name: string, answer: string])[] = [
    ['with a length', `${ok}Content-Length: 2\r\n\r\nok${evil}`],
    ['with chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n${evil}`],
    ['with 204', `HTTP/1.1 204 No Content\r\n\r\n${evil}`],
    ['with 304', `HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n${evil}`],
    ['with a length of 0', `${ok}Content-Length: 0\r\n\r\n${evil}`],
    ['with 204 and a length', `HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n${evil}`],
  ];
  for (const [name, answer] of cases) {
    it(name, async () => {
      const result = await meets(answer);
      assert.equal(readAnswers(result.first).answers.length, 1);
      assert.doesNotMatch(result.first, /evil/iu);
      assert.equal(result.connections, 2);
    });
  }

  it('when they come a moment later', async () => {
    let poison = (): void => {};
    await using backend = await aRawBackend((_request, socket) => {
      poison = () => void socket.write(evil);
      return plainAnswer;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(get('/1'));
    await client.until((received) => received.endsWith('ok'));
    poison();
    const [endpoint] = dataPlane.cluster.endpoints;
    await eventually(() => endpoint?.transport.idle === 0);
    client.send(get('/2'));
    await client.until((received) => readAnswers(received).answers.length === 2);
    assert.doesNotMatch(client.received(), /evil/u);
    assert.equal(backend.connections(), 2);
  });
});

it('interim answers go on, but 100', async () => {
  const result = await meets(
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n${ok}Content-Length: 2\r\n\r\nok`,
  );
  assert.deepEqual(
    readAnswers(result.first).answers.map((answer) => answer.status),
    [103, 200],
  );
  assert.match(result.first, /Link: <\/a>/u);
});

it('an answer to HEAD has no content, whatever it says', async () => {
  await using backend = await aRawBackend(() => `${ok}Content-Length: 4\r\n\r\n`);
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await aRawClient(dataPlane.port);
  client.send('HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.until((received) => received.endsWith('\r\n\r\n'));
  assert.match(client.received(), /^Content-Length: 4\r$/mu);
  client.send('HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n');
  await backend.untilSeen(2);
  assert.equal(backend.connections(), 1);
});
