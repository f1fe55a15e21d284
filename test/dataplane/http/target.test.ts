import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeTarget, hostOf } from '#dataplane/http/target.ts';

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
