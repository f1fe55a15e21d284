// RFC 9110 section 10.1.1, and answers that come before the content: 0.CL, Expect desync.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { aRawClient, readAnswers } from '../given/raw-client.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { aRawBackend, plainAnswer } from '../given/raw-backend.ts';
import { aRule } from '../given/runtime.ts';
import { attack, refuses } from './attack.ts';

const start = 'POST /up HTTP/1.1\r\nHost: a.example\r\n';
const smuggled = 'GET /admin HTTP/1.1\r\nHost: a.example\r\n\r\n';
const closedRule = () => aRule(null, { action: { kind: 'Closed', reason: 'for the test' } });

describe('Expect: 100-continue', () => {
  it('is answered by us when the content is wanted, and goes no further', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(`${start}Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n`);
    await client.until((received) => received === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('abc');
    await client.until((received) => received.endsWith('ok'));
    assert.doesNotMatch(backend.seen[0]?.head ?? '', /expect/iu);
    assert.equal(backend.seen[0]?.body, 'abc');
  });

  it('is not answered by 100 when the request is refused; the connection closes', async () => {
    const outcome = await attack(
      `${start}Expect: 100-continue\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
      {
        rule: closedRule,
      },
    );
    assert.deepEqual(
      outcome.answers.map((answer) => answer.status),
      [500],
    );
    assert.ok(outcome.closed);
    assert.equal(outcome.seen.length, 0);
  });

  for (const value of ['100-continue, x', 'x', '100-continue,100-continue', '']) {
    it(`${JSON.stringify(value)} is refused`, () =>
      refuses(`${start}Expect: ${value}\r\nContent-Length: 3\r\n\r\nabc`, 417));
  }

  it('twice is refused', () =>
    refuses(`${start}Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`, 417));

  it('means nothing without content', async () => {
    const outcome = await attack(
      'GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
    );
    assert.deepEqual(
      outcome.answers.map((answer) => answer.status),
      [200],
    );
  });
});

describe('an answer that comes before the content', () => {
  it('of ours keeps the connection when the content is short, and the content is no request', async () => {
    const outcome = await attack(
      `${start}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      { rule: closedRule },
    );
    assert.deepEqual(
      outcome.records.map((record) => record.path),
      ['/up', '/end'],
    );
    assert.equal(outcome.answers.length, 2);
  });

  it('of ours closes the connection when the content is long', async () => {
    const outcome = await attack(`${start}Content-Length: 1000000\r\n\r\n${smuggled}`, { rule: closedRule });
    assert.equal(outcome.answers.length, 1);
    assert.ok(outcome.closed);
  });

  it('of a backend closes the connection to the backend, which serves nobody else', async () => {
    let connections = 0;
    await using backend = await aRawBackend();
    await using hasty = await aHastyBackend(() => (connections += 1));
    using dataPlane = await givenDataPlane([hasty.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(`${start}Content-Length: 40\r\n\r\nhalf`);
    await client.until((received) => received.endsWith('ok'));
    client.send('x'.repeat(36));
    client.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until((received) => readAnswers(received).answers.length === 2);
    assert.equal(connections, 2);
    assert.equal(backend.seen.length, 0);
  });
});

/** A backend that answers as soon as it has a head. */
async function aHastyBackend(connected: () => void): Promise<{ port: number } & AsyncDisposable> {
  const server = net.createServer((socket) => {
    connected();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (chunk.toString('latin1').includes('HTTP/1.1\r\n')) socket.write(plainAnswer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
