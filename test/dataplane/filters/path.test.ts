import { rewritePath, safePath } from '#dataplane/filters/path.ts';
import { redirectLocation } from '#dataplane/filters/redirect.ts';
import { rewrite } from '#dataplane/filters/rewrite.ts';
import type { RedirectAction } from '#snapshot/route.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

describe('a prefix that is rewritten', () => {
  // The first eleven rows: HTTPPathModifier.replacePrefixMatch in the Gateway API.
  const table: readonly [path: string, prefix: string, value: string, result: string][] = [
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    ['/foo/bar', '/foo', '/', '/bar'],
    ['/', '/', '/xyz', '/xyz/'],
    ['/bar', '/', '/xyz', '/xyz/bar'],
    ['/bar', '/', '/', '/bar'],
    ['/foo/bar', '/foo', 'xyz', '/xyz/bar'],
    ['/foo//evil.example', '/foo', '/', '/evil.example'],
    ['/foo///', '/foo', '', '/'],
    ['/foo//bar', '/foo', '/xyz', '/xyz//bar'],
    ['/foo/a%2fb', '/foo', '/xyz', '/xyz/a%2fb'],
    ['/foo/bar', '/foo', '/x/../y', '/y/bar'],
    ['/foo/bar', '/foo', '/..', '/bar'],
    ['/foo/bar', '/foo', '//evil', '/evil/bar'],
    ['/foo/bar', '/foo', '/x?y#z', '/x%3Fy%23z/bar'],
  ];
  for (const [path, prefix, value, result] of table) {
    it(`${path} by ${prefix} -> ${JSON.stringify(value)} is ${result}`, () => {
      const matched = prefix.replace(/\/$/, '').length;
      assert.equal(rewritePath({ kind: 'Prefix', value })(path, matched), result);
    });
  }

  it('stays as it is when no prefix was matched', () => {
    assert.equal(rewritePath({ kind: 'Prefix', value: '/x' })('/foo', -1), '/foo');
  });

  it('never becomes a path that begins otherwise than with one slash of ours, or ends the request line', () => {
    const paths = fc
      .array(fc.constantFrom('foo', '', 'a', '%2e'), { minLength: 1 })
      .map((all) => `/foo/${all.join('/')}`);
    fc.assert(
      fc.property(paths, fc.string({ unit: 'grapheme' }), fc.constantFrom(0, 4), (path, value, matched) => {
        for (const kind of ['Prefix', 'Full'] as const) {
          const result = rewritePath({ kind, value })(path, matched);
          assert.match(result, /^\/[!-~]*$/);
          assert.doesNotMatch(result, /[?#\\ ]/);
          if (matched === 4) assert.doesNotMatch(result, /^\/\//);
        }
      }),
    );
  });
});

describe('a path told by a route', () => {
  const table: readonly [text: string, path: string][] = [
    ['', '/'],
    ['/', '/'],
    ['a', '/a'],
    ['/a/', '/a/'],
    ['/a b', '/a%20b'],
    ['/a\r\nb', '/a%0D%0Ab'],
    ['/ü', '/%C3%BC'],
    ['/%41%zz%', '/%41%25zz%25'],
    ['/a/./b/../c', '/a/c'],
    ['/a/..', '/'],
    ['/a/%2E%2e/b', '/b'],
    ['/a/b/.', '/a/b/'],
    ['/\ud800', '/%EF%BF%BD'],
  ];
  for (const [text, path] of table) {
    it(`${JSON.stringify(text)} is ${path}`, () => assert.equal(safePath(text), path));
  }
});

describe('a rewrite', () => {
  it('changes host and path of what is forwarded, keeps the query, and leaves the request alone', () => {
    const exchange = givenExchange(givenRequest({ host: 'a.example', target: '/foo/bar?q=1' }), {
      matchedPrefix: 4,
    });
    const filter = rewrite({ kind: 'Rewrite', hostname: 'b.example', path: { kind: 'Prefix', value: '/' } });
    assert.equal(filter.apply(exchange), null);
    assert.deepEqual(
      [
        exchange.forwarded.authority,
        exchange.forwarded.path,
        exchange.forwarded.query,
        exchange.request.path,
      ],
      ['b.example', '/bar', 'q=1', '/foo/bar'],
    );
  });

  it('leaves as it is what it does not name', () => {
    const exchange = givenExchange(givenRequest({ host: 'a.example', target: '/foo' }));
    void rewrite({ kind: 'Rewrite', hostname: null, path: null }).apply(exchange);
    assert.deepEqual([exchange.forwarded.authority, exchange.forwarded.path], ['a.example', '/foo']);
  });
});

describe('the Location of a redirect', () => {
  const nothing = { scheme: null, hostname: null, port: null, path: null };
  const table: readonly [
    action: Partial<RedirectAction>,
    listener: string,
    request: { host?: string; target?: string },
    location: string,
  ][] = [
    [{ hostname: 'example.org' }, 'http 80', { target: '/a' }, 'http://example.org/a'],
    [{}, 'http 80', { target: '/a?b=c' }, 'http://example.com/a?b=c'],
    [{}, 'http 8080', {}, 'http://example.com:8080/'],
    [{}, 'https 443', {}, 'https://example.com/'],
    [{}, 'https 8443', {}, 'https://example.com:8443/'],
    [{ port: 8080 }, 'http 80', {}, 'http://example.com:8080/'],
    [{ port: 80 }, 'http 8080', {}, 'http://example.com/'],
    [{ port: 443 }, 'http 80', {}, 'http://example.com:443/'],
    [{ scheme: 'https' }, 'http 80', {}, 'https://example.com/'],
    [{ scheme: 'https' }, 'http 8080', {}, 'https://example.com/'],
    [{ scheme: 'http' }, 'https 443', {}, 'http://example.com/'],
    [{ scheme: 'http' }, 'http 8080', {}, 'http://example.com/'],
    [{ scheme: 'https', port: 8443 }, 'http 80', {}, 'https://example.com:8443/'],
    [{ scheme: 'https', port: 443 }, 'http 8080', {}, 'https://example.com/'],
    [{ scheme: 'http', port: 80 }, 'https 443', {}, 'http://example.com/'],
    [{ scheme: 'https', port: 80 }, 'http 80', {}, 'https://example.com:80/'],
    [
      { path: { kind: 'Full', value: '/full' } },
      'http 80',
      { target: '/a/b?q' },
      'http://example.com/full?q',
    ],
    [
      { path: { kind: 'Prefix', value: '/new' } },
      'http 80',
      { target: '/pre/b' },
      'http://example.com/new/b',
    ],
    [{}, 'http 80', { host: '[2001:db8::1]' }, 'http://[2001:db8::1]/'],
    [{}, 'http 8080', { host: '', target: '//evil.example/' }, '/evil.example/'],
  ];
  for (const [action, listener, request, location] of table) {
    it(`is ${location} for ${JSON.stringify(action)} on ${listener}`, () => {
      const [scheme, port] = listener.split(' ');
      const exchange = givenExchange(givenRequest(request), {
        matchedPrefix: 4,
        client: { secure: scheme === 'https' },
      });
      assert.equal(redirectLocation({ ...nothing, ...action }, Number(port))(exchange), location);
    });
  }

  it('tells no other host what filters took out of the query', () => {
    const exchange = givenExchange(givenRequest({ target: '/a?token=x&b=1' }));
    exchange.forwarded.query = 'b=1';
    const location = redirectLocation({ ...nothing, hostname: 'other.example' }, 80);
    assert.equal(location(exchange), 'http://other.example/a?b=1');
    exchange.forwarded.query = null;
    assert.equal(location(exchange), 'http://other.example/a');
  });
});
