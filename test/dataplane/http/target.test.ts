import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeTarget, hostOf, normalisePath } from '#dataplane/http/target.ts';

describe('a path has one form', () => {
  const cases: readonly (readonly [path: string, normal: string | null])[] = [
    ['/', '/'],
    ['/a', '/a'],
    ['/a/', '/a/'],
    ['/a.b/c..d/.e/..f', '/a.b/c..d/.e/..f'],
    ['//', '/'],
    ['/a//b', '/a/b'],
    ['/.', '/'],
    ['/..', '/'],
    ['/a/.', '/a/'],
    ['/a/..', '/'],
    ['/a/b/..', '/a/'],
    ['/a/b/../', '/a/'],
    ['/a/b/../c', '/a/c'],
    ['/a/../../../b', '/b'],
    ['/a//../b', '/b'],
    ['/%2e', '/'],
    ['/a/%2E%2e/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/%41%5a%61%7A%30%39%2d%5F%7e', '/AZaz09-_~'],
    ['/%3a%3F%23%5b%40%21%24%26%3d', '/%3A%3F%23%5B%40%21%24%26%3D'],
    ['/%20%0d%0a%7f%ff', '/%20%0D%0A%7F%FF'],
    ['/%25', '/%25'],
    ['/%252f', '/%252f'],
    ['/%c0%af', '/%C0%AF'],
    ['/a;b', '/a;b'],
    ['/a;/..', '/'],
    ['/...', '/...'],
    ['/...;', '/...;'],
    ['/a:b@c!$&\'()*+,="<>[]^`{|}', '/a:b@c!$&\'()*+,="<>[]^`{|}'],
    ['/%2f', null],
    ['/%2F', null],
    ['/%5c', null],
    ['/%00', null],
    ['/\\', null],
    ['/#', null],
    ['/ ', null],
    ['/\t', null],
    ['/\u007f', null],
    ['/\u0080', null],
    ['/\u20ac', null],
    ['/%', null],
    ['/%4', null],
    ['/%4g', null],
    ['/%%41', null],
    ['/.;', null],
    ['/..;a/b', null],
    ['/%2e%2e;/b', null],
    ['/a/.;x=1', null],
  ];
  for (const [path, normal] of cases) {
    it(`${JSON.stringify(path)} is ${normal ?? 'refused'}`, () => assert.equal(normalisePath(path), normal));
  }

  const parts = fc.constantFrom(
    '/',
    '.',
    '..',
    'a',
    '%2e',
    '%41',
    '%2B',
    '%e9',
    ';',
    '//',
    '%25',
    '2e',
    '~',
    'b.c',
  );
  it('from which nothing changes any more, and in which nothing is left to resolve', () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (pieces) => {
        const normal = normalisePath(`/${pieces.join('')}`);
        if (normal === null) return;
        assert.equal(normalisePath(normal), normal);
        assert.match(normal, /^\//u);
        assert.doesNotMatch(normal, /\/\/|\/\.{1,2}(?:\/|;|$)|%[0-9A-F]?[a-f]|%2E|%41/u);
      }),
      { numRuns: 5_000 },
    );
  });

  it('and a URL parser that follows another standard reads it the same way', () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (pieces) => {
        const normal = normalisePath(`/${pieces.join('')}`);
        if (normal !== null) assert.equal(new URL(`http://a${normal}`).pathname, normal);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a target', () => {
  const cases: readonly (readonly [
    target: string,
    method: string,
    expected: readonly (string | null)[] | null,
  ])[] = [
    ['/a?b', 'GET', ['/a', 'b', null]],
    ['/a?', 'GET', ['/a', '', null]],
    ['/a??b', 'GET', ['/a', '?b', null]],
    ['*', 'OPTIONS', ['*', null, null]],
    ['*', 'GET', null],
    ['http://h', 'OPTIONS', ['*', null, 'h']],
    ['http://h', 'GET', ['/', null, 'h']],
    ['http://h?x', 'GET', ['/', 'x', 'h']],
    ['https://H:8/a/../b?c', 'GET', ['/b', 'c', 'H:8']],
    ['http://h#x', 'GET', null],
    ['http:/h', 'GET', null],
    ['h/a', 'GET', null],
    ['', 'GET', null],
    ['?a', 'GET', null],
  ];
  for (const [target, method, expected] of cases) {
    it(`${method} ${target} is ${expected === null ? 'refused' : expected.join(' ')}`, () => {
      const decoded = decodeTarget(target, method);
      assert.deepEqual(decoded === null ? null : [decoded.path, decoded.query, decoded.authority], expected);
    });
  }
});

it('a host is compared without case, port and trailing dot', () => {
  assert.equal(hostOf('A.Example.:443'), 'a.example');
  assert.equal(hostOf('[FE80::1]:80'), '[fe80::1]');
  for (const bad of [
    '',
    '.',
    '..',
    ':80',
    'a:',
    'a:b',
    'a@b',
    'a/b',
    'a b',
    'a,b',
    '[::1',
    '::1',
    'a'.repeat(300),
  ]) {
    assert.equal(hostOf(bad), null, bad);
  }
});
