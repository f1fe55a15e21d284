import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { namedPath, normalisePath } from '#snapshot/request-path.ts';

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

describe('a path that a rule names is one of requests', () => {
  const cases: readonly (readonly [path: string, named: string | null])[] = [
    ['', ''],
    ['/', '/'],
    ['/%61dmin', '/admin'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/café', '/caf%C3%A9'],
    ['/a b#c?d', '/a%20b%23c%3Fd'],
    ['/100%', '/100%25'],
    ['/a/%2e%2e/b', '/b'],
    ['/\ud800', '/%EF%BF%BD'],
    ['/a%5cb', null],
    ['/a%2Fb', null],
    ['/%00', null],
  ];
  for (const [path, named] of cases) {
    it(`${JSON.stringify(path)} is ${named ?? 'of none'}`, () => assert.equal(namedPath(path), named));
  }
});
