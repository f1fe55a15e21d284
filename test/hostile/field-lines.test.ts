// RFC 9112 section 5 and RFC 9110 section 5: field lines; Node CVE-2024-27982, CVE-2025-23167.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attack, refuses } from './attack.ts';

const start = 'GET / HTTP/1.1\r\nHost: shop.example\r\n';

describe('a field line that is not one is refused', () => {
  const cases: readonly (readonly [name: string, lines: string])[] = [
    ['a space before the colon', 'X-A : b\r\n'],
    ['a space before the colon of Content-Length', 'Content-Length : 5\r\n'],
    ['a tab before the colon', 'X-A\t: b\r\n'],
    ['a folded line', 'X-A: b\r\n c\r\n'],
    ['a line folded by a tab', 'X-A: b\r\n\tc\r\n'],
    ['a fold at once', ' X-A: b\r\n'],
    ['no colon', 'X-A\r\n'],
    ['an empty name', ': b\r\n'],
    ['a name that is no token', 'X(A): b\r\n'],
    ['a name beyond ASCII', 'X-\u00c4: b\r\n'],
    ['NUL in the name', 'X\0A: b\r\n'],
    ['NUL in the value', 'X-A: b\0c\r\n'],
    ['a control character in the value', 'X-A: b\u0007c\r\n'],
    ['DEL in the value', 'X-A: b\u007f\r\n'],
    ['a bare LF at the end', 'X-A: b\nX-B: c\r\n'],
    ['a bare CR in the value', 'X-A: b\rX-B: c\r\n'],
    ['a bare CR at the end', 'X-A: b\r\r\n'],
    ['an underscore', 'X_Forwarded_For: 1.2.3.4\r\n'],
    ['Content_Length', 'Content_Length: 5\r\n'],
    ['Transfer_Encoding', 'Transfer_Encoding: chunked\r\n'],
  ];
  for (const [name, lines] of cases) {
    it(name, () => refuses(`${start}${lines}\r\n`, 400));
    it(`${name}, one octet at a time`, () => refuses(`${start}${lines}\r\n`.split(''), 400));
  }

  it('CR LF CR and more ends no head', () => refuses(`${start}X-A: b\r\n\rX: GET /x HTTP/1.1\r\n\r\n`, 400));
  it('LF ends no head', () => refuses(`${start}X-A: b\r\n\n`, 400));
});

describe('a head that is too large is refused', () => {
  it('by one line', () => refuses(`${start}X-A: ${'b'.repeat(40_000)}\r\n\r\n`, 431));
  it('by many lines', () => refuses(`${start}${'X-A: b\r\n'.repeat(101)}\r\n`, 431));
  it('before it ends', () => refuses(`${start}X-A: ${'b'.repeat(40_000)}`, 431));
});

it('odd but legal names and values do no harm', async () => {
  const lines =
    '__proto__: x\r\n'.replaceAll('_', '-') +
    'constructor: a\r\ntoString: b\r\nX-Empty:\r\nX-A:\t b \t\r\nX-B: \u00e9\r\n';
  const outcome = await attack(`${start}${lines}Connection: close\r\n\r\n`);
  assert.equal(outcome.answers[0]?.status, 200);
  const head = outcome.seen[0]?.head ?? '';
  for (const line of ['constructor: a', 'toString: b', 'X-Empty: ', 'X-A: b', 'X-B: \u00e9']) {
    assert.ok(head.split('\r\n').includes(line), `${line} in ${head}`);
  }
});
