// RFC 9112 section 7.1: chunks; Node CVE-2024-22019, bare LF in chunk lines (TERM.EXT, EXT.TERM, SPILL).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aRawClient } from '../given/raw-client.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { aRawBackend } from '../given/raw-backend.ts';
import { attack } from './attack.ts';

const start = 'POST / HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n';
const smuggled = 'GET /admin HTTP/1.1\r\nHost: shop.example\r\n\r\n';

describe('chunks that are not well-formed never become a request', () => {
  const cases: readonly (readonly [name: string, content: string])[] = [
    ['no size', '\r\nabc\r\n0\r\n\r\n'],
    ['no number', 'x\r\nabc\r\n0\r\n\r\n'],
    ['a sign', '+3\r\nabc\r\n0\r\n\r\n'],
    ['a prefix', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['a space before', ' 3\r\nabc\r\n0\r\n\r\n'],
    ['a space behind', '3 \r\nabc\r\n0\r\n\r\n'],
    ['a space before the extension', '3 ;a\r\nabc\r\n0\r\n\r\n'],
    ['too large a size', 'fffffffffffffffff\r\nabc\r\n0\r\n\r\n'],
    ['a size that wraps', '10000000000000003\r\nabc\r\n0\r\n\r\n'],
    ['a bare LF behind the size', '3\nabc\r\n0\r\n\r\n'],
    ['a bare CR behind the size', '3\rabc\r\n0\r\n\r\n'],
    ['a bare LF behind the data', '3\r\nabc\n0\r\n\r\n'],
    ['no line end behind the data', '3\r\nabc0\r\n\r\n'],
    ['too much data', '3\r\nabcd\r\n0\r\n\r\n'],
    ['too little data', '3\r\nab\r\n0\r\n\r\n'],
    ['a bare LF in an extension', '3;a\nb\r\nabc\r\n0\r\n\r\n'],
    ['a bare CR in an extension', '3;a\rb\r\nabc\r\n0\r\n\r\n'],
    ['NUL in an extension', '3;a\0\r\nabc\r\n0\r\n\r\n'],
    ['a blank in an extension', '3; a=b\r\nabc\r\n0\r\n\r\n'],
    ['an extension without a name', '3;\r\nabc\r\n0\r\n\r\n'],
    ['an extension of a value alone', '3;=b\r\nabc\r\n0\r\n\r\n'],
    ['an extension with an empty value', '3;a=\r\nabc\r\n0\r\n\r\n'],
    ['an extension whose quotes stay open', '3;a="b\r\nabc\r\n0\r\n\r\n'],
    ['something behind quotes in an extension', '3;a="b"c\r\nabc\r\n0\r\n\r\n'],
    ['an extension that is no token', '3;a=b,c\r\nabc\r\n0\r\n\r\n'],
    ['a bare LF at the end', '3\r\nabc\r\n0\r\n\n'],
    ['a bare LF behind the last size', '3\r\nabc\r\n0\n\r\n'],
    ['a bad trailer', '3\r\nabc\r\n0\r\nX A: b\r\n\r\n'],
    ['a folded trailer', '3\r\nabc\r\n0\r\nX-A: b\r\n c\r\n\r\n'],
    ['a trailer with an underscore', '3\r\nabc\r\n0\r\nX_A: b\r\n\r\n'],
    ['trailers too large', `3\r\nabc\r\n0\r\nX-A: ${'b'.repeat(40_000)}\r\n\r\n`],
  ];
  for (const [name, content] of cases) {
    it(name, async () => {
      const outcome = await attack(`${start}\r\n${content}${smuggled}`);
      assert.deepEqual(
        outcome.answers.map((answer) => answer.status),
        [400],
      );
      assert.ok(outcome.closed);
      assert.equal(outcome.seen.length, 0);
    });
  }
});

it('extensions and needless zeros are dropped, trailers that may stay stay', async () => {
  const content =
    '0003;a=b;c="d;e\\" f"\r\nabc\r\n2;x\r\nde\r\n000;y\r\nX-Sum: 1\r\nHost: evil\r\nContent-Length: 7\r\n' +
    'Authorization: x\r\nX-Forwarded-For: 6.6.6.6\r\nTransfer-Encoding: gzip\r\nX-Kept: mine\r\n\r\n';
  const outcome = await attack(`${start}X-Kept: head\r\nConnection: close\r\n\r\n${content}`);
  assert.equal(outcome.seen[0]?.body, 'abcde');
  assert.equal(outcome.seen[0]?.trailers, 'X-Sum: 1');
});

it('an endless chunk extension costs little', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port]);
  using client = await aRawClient(dataPlane.port);
  client.send(`${start}\r\n3;`);
  client.send('a'.repeat(10_000));
  await client.until((received) => received.startsWith('HTTP/1.1 400 '));
  await client.untilClosed();
});

it('content split anywhere is the same content', async () => {
  const content = '3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n';
  const outcome = await attack(`${start}Connection: close\r\n\r\n${content}`.split(''));
  assert.equal(outcome.seen[0]?.body, 'abc0123456789');
  assert.equal(outcome.seen[0]?.trailers, 'X-Sum: 1');
});
