import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redisAddress } from '#snapshot/redis-address.ts';

test('the address of a Redis is read from its URL', () => {
  assert.deepEqual(redisAddress('redis://h'), { host: 'h', port: 6379, db: 0, secure: false });
  assert.deepEqual(redisAddress('rediss://me:p%40ss@[fd00::1]:7000/3'), {
    host: 'fd00::1',
    port: 7000,
    username: 'me',
    password: 'p@ss',
    db: 3,
    secure: true,
  });
  assert.equal(redisAddress('redis://:only@h/')?.password, 'only');
});

test('what is no such URL is none, and parameters, which would be without effect, make it none', () => {
  for (const text of [
    '',
    'h:6379',
    'http://h',
    'redis://',
    'redis://[',
    'redis://u:%zz@h',
    'redis://h/abc',
    'redis://h/1/2',
    'redis://h:99999',
    'redis://h?db=3',
    'redis://h#3',
  ]) {
    assert.equal(redisAddress(text), null, text);
  }
});
