// RFC 9112 sections 9.3 and 9.3.2: requests on one connection, answered in their order.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aRawClient, readAnswers } from '../given/raw-client.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { aRawBackend } from '../given/raw-backend.ts';
import { aRule } from '../given/runtime.ts';
import { attack } from './attack.ts';
import { redirecting } from '#dataplane/filters/redirect.ts';
import type { Rule } from '#dataplane/runtime.ts';

const request = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a.example\r\n${more}\r\n`;
const echo = (line: string): string => {
  const path = line.split(' ')[1] ?? '';
  return `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;
};

describe('requests in one piece', () => {
  it('are answered in order, whatever the backend does in which order', async () => {
    const outcome = await attack(
      `${request('/1')}${request('/2')}POST /3 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello${request('/4', 'Connection: close\r\n')}`,
      { respond: ({ requestLine }) => echo(requestLine) },
    );
    assert.deepEqual(
      outcome.answers.map((answer) => answer.body),
      ['/1', '/2', '/3', '/4'],
    );
    assert.equal(outcome.seen[2]?.body, 'hello');
  });

  it('of which there are a thousand do not overflow the stack', async () => {
    const octets = `${request('/x').repeat(1000)}${request('/end', 'Connection: close\r\n')}`;
    const outcome = await attack(octets, { rule: (cluster) => ({ ...redirect(), route: cluster.name }) });
    assert.equal(outcome.answers.length, 1001);
    assert.equal(outcome.seen.length, 0);
  });

  it('behind one that closes are not answered', async () => {
    const outcome = await attack(`${request('/1', 'Connection: close\r\n')}${request('/2')}`);
    assert.equal(outcome.seen.length, 1);
    assert.equal(outcome.answers.length, 1);
  });

  it('behind a malformed one are not answered', async () => {
    const outcome = await attack(`${request('/1')}GET /\u0001 HTTP/1.1\r\n\r\n${request('/2')}`);
    assert.deepEqual(
      outcome.answers.map((answer) => answer.status),
      [200, 400],
    );
    assert.equal(outcome.seen.length, 1);
  });

  it('in HTTP/1.0 end with the first, unless it asks to go on', async () => {
    const closing = await attack('GET /1 HTTP/1.0\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\r\nHost: a\r\n\r\n');
    assert.equal(closing.seen.length, 1);
    const going = await attack(
      'GET /1 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\nHost: a\r\n\r\n',
    );
    assert.equal(going.seen.length, 2);
    assert.match(going.answers[0]?.head ?? '', /^Connection: keep-alive$/mu);
    assert.match(going.answers[1]?.head ?? '', /^Connection: close$/mu);
  });
});

it('HTTP/1.0 without Host is served by the listener for any host', async () => {
  const outcome = await attack('GET /1 HTTP/1.0\r\n\r\n');
  assert.equal(outcome.answers[0]?.status, 200);
});

it('HTTP/1.0 gets no chunks: the end of the connection ends the answer', async () => {
  const outcome = await attack('GET /1 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n', {
    respond: () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  });
  assert.equal(outcome.answers[0]?.body, 'abc');
  assert.doesNotMatch(outcome.raw, /chunked/u);
  assert.ok(outcome.closed);
});

it('a client that sends the next request while it waits gets both answers', async () => {
  const waiting: (() => void)[] = [];
  await using backend = await aRawBackend(({ requestLine }, socket) => {
    waiting.push(() => socket.write(echo(requestLine)));
    return null;
  });
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await aRawClient(dataPlane.port);
  client.send(request('/1'));
  await backend.untilSeen(1);
  client.send(request('/2') + request('/3'));
  waiting.shift()?.();
  await backend.untilSeen(2);
  waiting.shift()?.();
  await backend.untilSeen(3);
  assert.equal(readAnswers(client.received()).answers.length, 2);
  waiting.shift()?.();
  await client.until((received) => readAnswers(received).answers.length === 3);
});

function redirect(): Rule {
  return aRule(null, { action: redirecting(302, () => '/there') });
}
