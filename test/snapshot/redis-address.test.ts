import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redisAddress } from '#snapshot/redis-address.ts';

test('the address of a Redis is read from its URL', () => {
  assert.deepEqual(redisAddress('redis://h'), { nodes: [{ host: 'h', port: 6379 }], db: 0, secure: false });
  assert.deepEqual(redisAddress('rediss://me:p%40ss@[fd00::1]:7000/3'), {
    nodes: [{ host: 'fd00::1', port: 7000 }],
    username: 'me',
    password: 'p@ss',
    db: 3,
    secure: true,
  });
  assert.equal(redisAddress('redis://:only@h/')?.password, 'only');
});

test('Sentinels and nodes of a Cluster are as many as the URL names', () => {
  assert.deepEqual(redisAddress('redis://me:a,b@one,two:7000,[fd00::1]/3', 'Sentinel'), {
    nodes: [
      { host: 'one', port: 26_379 },
      { host: 'two', port: 7000 },
      { host: 'fd00::1', port: 26_379 },
    ],
    username: 'me',
    password: 'a,b',
    db: 3,
    secure: false,
  });
  assert.deepEqual(redisAddress('rediss://one,two:7000', 'Cluster'), {
    nodes: [
      { host: 'one', port: 6379 },
      { host: 'two', port: 7000 },
    ],
    db: 0,
    secure: true,
  });
  assert.equal(redisAddress('redis://one,two'), null);
  // A Cluster has one database.
  assert.equal(redisAddress('redis://one,two/1', 'Cluster'), null);
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
    assert.equal(redisAddress(text, 'Sentinel'), null, text);
  }
  for (const text of ['redis://,', 'redis://h,', 'redis://h,,i', 'redis://h,i:99999']) {
    assert.equal(redisAddress(text, 'Sentinel'), null, text);
  }
});
