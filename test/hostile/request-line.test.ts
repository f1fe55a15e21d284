// RFC 9112 sections 2.2, 3 and 3.2: the request line and the four forms of its target.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attack, refuses } from './attack.ts';

const host = 'Host: shop.example\r\n';

describe('a request line that is not one is refused', () => {
  const cases: readonly (readonly [name: string, line: string, status: number])[] = [
    ['no version', 'GET /', 400],
    ['no target', 'GET HTTP/1.1', 400],
    ['two spaces', 'GET  / HTTP/1.1', 400],
    ['a space in the target', 'GET /a b HTTP/1.1', 400],
    ['a tab for a space', 'GET\t/ HTTP/1.1', 400],
    ['a space in front', ' GET / HTTP/1.1', 400],
    ['a space behind', 'GET / HTTP/1.1 ', 400],
    ['a method that is no token', 'G(T / HTTP/1.1', 400],
    ['a colon in the method', 'GET: / HTTP/1.1', 400],
    ['a control character', 'GET /\u0001 HTTP/1.1', 400],
    ['NUL', 'GET /\0 HTTP/1.1', 400],
    ['an octet beyond ASCII in the target', 'GET /\u00e9 HTTP/1.1', 400],
    ['an octet beyond ASCII in the query', 'GET /?\u00e9 HTTP/1.1', 400],
    ['a fragment', 'GET /a#b HTTP/1.1', 400],
    ['a fragment in the query', 'GET /a?b#c HTTP/1.1', 400],
    ['lower-case version', 'GET / http/1.1', 400],
    ['no minor version', 'GET / HTTP/1', 400],
    ['a padded version', 'GET / HTTP/1.01', 400],
    ['HTTP/1.2', 'GET / HTTP/1.2', 505],
    ['HTTP/2.0', 'GET / HTTP/2.0', 505],
    ['HTTP/0.9', 'GET / HTTP/0.9', 505],
    ['another protocol', 'GET / ICE/1.0', 400],
    ['CONNECT', 'CONNECT shop.example:443 HTTP/1.1', 501],
    ['CONNECT with a path', 'CONNECT / HTTP/1.1', 501],
    ['TRACE', 'TRACE / HTTP/1.1', 501],
    ['an asterisk but for OPTIONS', 'GET * HTTP/1.1', 400],
    ['a path without slash', 'GET shop HTTP/1.1', 400],
    ['authority-form but for CONNECT', 'GET shop.example:80 HTTP/1.1', 400],
    ['another scheme', 'GET ftp://shop.example/ HTTP/1.1', 400],
    ['absolute-form of another host', 'GET http://other.example/ HTTP/1.1', 400],
    ['absolute-form with user', 'GET http://me@shop.example/ HTTP/1.1', 400],
    ['absolute-form without host', 'GET http:/// HTTP/1.1', 400],
    ['absolute-form with another port', 'GET http://shop.example:81/ HTTP/1.1', 400],
    ['a backslash', 'GET /a\\b HTTP/1.1', 400],
    ['an encoded slash', 'GET /a%2fb HTTP/1.1', 400],
    ['an encoded backslash', 'GET /a%5Cb HTTP/1.1', 400],
    ['an encoded NUL', 'GET /a%00 HTTP/1.1', 400],
    ['half an escape', 'GET /a%2 HTTP/1.1', 400],
    ['a broken escape', 'GET /a%zz HTTP/1.1', 400],
    ['a dot segment with parameters', 'GET /a/..;/b HTTP/1.1', 400],
  ];
  for (const [name, line, status] of cases) {
    it(name, () => refuses(`${line}\r\n${host}\r\n`, status));
  }

  it('a TLS handshake on a plain port', () => refuses('\u0016\u0003\u0001\u0002\0\u0001\0', 400));
  it('a bare LF ends it', () => refuses(`GET / HTTP/1.1\n${host}\r\n`, 400));
  it('a bare CR stands in it', () => refuses(`GET /\rHTTP/1.1\r\n${host}\r\n`, 400));
  it('bare LFs end everything', () => refuses('GET / HTTP/1.1\nHost: shop.example\n\n', 400));
  it('one octet at a time', () => refuses('GET / HTTP/1.1\nHost: shop.example\n\n'.split(''), 400));
  it('two empty lines in front', () => refuses(`\r\n\r\nGET / HTTP/1.1\r\n${host}\r\n`, 400));
});

describe('a request line that is too long is refused', () => {
  const path = `/${'a'.repeat(20_000)}`;
  it('at once', () => refuses(`GET ${path} HTTP/1.1\r\n${host}\r\n`, 414));
  it('before it ends', () => refuses(`GET ${path}`, 414));
  it('with a query', () => refuses(`GET /?${path} HTTP/1.1\r\n${host}\r\n`, 414));
});

describe('what is matched is what is forwarded', () => {
  const cases: readonly (readonly [sent: string, forwarded: string])[] = [
    ['/', '/'],
    ['/a/b?c=d&e', '/a/b?c=d&e'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/../../b', '/b'],
    ['/a/%2e%2E/b', '/b'],
    ['//a///b//', '/a/b/'],
    ['/%61%7e', '/a~'],
    ['/%e2%82%ac', '/%E2%82%AC'],
    ['/a%252e%252e/b', '/a%252e%252e/b'],
    ['/a?x=../%2f\\', '/a?x=../%2f\\'],
    ['/a;b=c/d', '/a;b=c/d'],
    ['/a%0d%0aX:y', '/a%0D%0AX:y'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a?', '/a?'],
    ['http://shop.example/a/../b', '/b'],
    ['HTTP://SHOP.example?x', '/?x'],
    ['http://shop.example', '/'],
  ];
  for (const [sent, forwarded] of cases) {
    it(`${sent} goes as ${forwarded}`, async () => {
      const outcome = await attack(`GET ${sent} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
      assert.equal(outcome.answers[0]?.status, 200);
      assert.equal(outcome.seen[0]?.requestLine, `GET ${forwarded} HTTP/1.1`);
    });
  }

  it('OPTIONS * goes as it is', async () => {
    const outcome = await attack(`OPTIONS * HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    assert.equal(outcome.seen[0]?.requestLine, 'OPTIONS * HTTP/1.1');
  });

  it('an empty line in front of a request is forgiven', async () => {
    const outcome = await attack(`\r\nGET /a HTTP/1.1\r\n${host}Connection: close\r\n\r\n`);
    assert.equal(outcome.seen[0]?.requestLine, 'GET /a HTTP/1.1');
  });
});
