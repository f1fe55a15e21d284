// RFC 9112 sections 6.1 to 6.3: one length, told in one way. CL.TE, TE.CL, TE.TE, TE.0, CL.0.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attack, refuses } from './attack.ts';

const start = 'POST / HTTP/1.1\r\nHost: shop.example\r\n';
const smuggled = 'GET /admin HTTP/1.1\r\nHost: shop.example\r\n\r\n';

describe('a length that is not one is refused', () => {
  const cases: readonly (readonly [name: string, lines: string])[] = [
    ['two', 'Content-Length: 5\r\nContent-Length: 6\r\n'],
    ['two alike', 'Content-Length: 5\r\nContent-Length: 5\r\n'],
    ['a list', 'Content-Length: 5, 5\r\n'],
    ['a sign', 'Content-Length: +5\r\n'],
    ['negative', 'Content-Length: -5\r\n'],
    ['hexadecimal', 'Content-Length: 0x5\r\n'],
    ['a fraction', 'Content-Length: 5.0\r\n'],
    ['empty', 'Content-Length:\r\n'],
    ['a space inside', 'Content-Length: 5 5\r\n'],
    ['too large to be exact', 'Content-Length: 99999999999999999999\r\n'],
    ['with Transfer-Encoding', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'],
    ['with Transfer-Encoding before it', 'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'],
    ['with a broken Transfer-Encoding', 'Content-Length: 5\r\nTransfer-Encoding: x chunked\r\n'],
    ['0 with Transfer-Encoding', 'Content-Length: 0\r\nTransfer-Encoding: chunked\r\n'],
  ];
  for (const [name, lines] of cases) {
    it(name, () => refuses(`${start}${lines}\r\n0\r\n\r\n${smuggled}`, 400));
  }
});

describe('a transfer coding other than exactly chunked is refused', () => {
  const cases: readonly (readonly [value: string, status: number])[] = [
    ['xchunked', 501],
    ['gzip', 501],
    ['gzip, chunked', 501],
    ['chunked, gzip', 501],
    ['identity', 501],
    ['chunked, identity', 501],
    ['chunked, chunked', 400],
    ['', 400],
    [',chunked', 400],
    ['chunked,', 400],
    ['chunked;q=1', 400],
    ['"chunked"', 400],
    ['chunked chunked', 400],
    ['\u000bchunked', 400],
    ['chunked\u000c', 400],
    ['chunked\u00a0', 400],
  ];
  for (const [value, status] of cases) {
    it(JSON.stringify(value), () =>
      refuses(`${start}Transfer-Encoding: ${value}\r\n\r\n0\r\n\r\n${smuggled}`, status),
    );
  }
  it('twice chunked, in two lines', () =>
    refuses(
      `${start}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      400,
    ));
  it('in HTTP/1.0', () =>
    refuses(`POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`, 400));
});

describe('what stands behind a request is the next one, and nothing else', () => {
  it('content is not a request', async () => {
    const outcome = await attack(
      `${start}Connection: close\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}${smuggled}`,
    );
    assert.equal(outcome.seen.length, 1);
    assert.equal(outcome.seen[0]?.body, smuggled);
  });

  it('a GET may have content', async () => {
    const outcome = await attack(
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    );
    assert.deepEqual(
      outcome.seen.map((request) => request.body),
      [smuggled],
    );
  });

  it('chunked in any case is chunked', async () => {
    const outcome = await attack(
      `${start}Connection: close\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    );
    assert.equal(outcome.seen[0]?.body, 'abc');
  });

  it('leading zeros are dropped', async () => {
    const outcome = await attack(`${start}Connection: close\r\nContent-Length: 0003\r\n\r\nabc`);
    assert.match(outcome.seen[0]?.head ?? '', /^Content-Length: 3$/mu);
  });
});
