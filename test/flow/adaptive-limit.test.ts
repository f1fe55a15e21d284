// What a backend has no time for is shed with 503.
import assert from 'node:assert/strict';
import http, { type ServerResponse } from 'node:http';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { limitedPolicy, limitedRouteFiles } from '#test/given/limited-route.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const policy = limitedPolicy('adaptive: { latency: 60s, errors: 50, minConcurrency: 2, maxConcurrency: 2 }');

test('no more requests wait for a backend than it bears, until an answer begins or a client has left', async () => {
  const held: ServerResponse[] = [];
  await using shop = await givenBackend('shop', {
    answer: ({ url }, answer) => void (url === '/limited' ? held.push(answer) : answer.end()),
  });
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policy,
  });
  await turnpike.until('/open', 200);

  const leaving = http.get({ port: turnpike.port, path: '/limited', headers: { host: 'example.com' } });
  leaving.on('error', () => undefined);
  const first = turnpike.get('/limited');
  await eventually(() => assert.equal(held.length, 2));
  const refused = await turnpike.get('/limited');
  assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1']);
  assert.match(refused.body, /has too much to do/u);
  assert.equal((await turnpike.get('/open')).status, 200, 'others do not notice');

  leaving.destroy();
  const admitted = async () => {
    let answer = await turnpike.get('/limited');
    while (answer.status === 503) answer = await turnpike.get('/limited');
    return answer.status;
  };
  const second = admitted();
  await eventually(() => assert.equal(held.length, 3));
  assert.equal((await turnpike.get('/limited')).status, 503);
  // Its content is yet to come, but it no longer waits for its answer.
  for (const answer of held) answer.write('some');
  const third = admitted();
  await eventually(() => assert.equal(held.length, 4));
  for (const answer of held) answer.end();
  assert.deepEqual([(await first).status, await second, await third], [200, 200, 200]);
});
