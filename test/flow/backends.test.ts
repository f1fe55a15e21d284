// Backends that die, clients that leave, connections that become something else, and the end of the gateway itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { pathRouteManifest, routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { aRawClient } from '#test/given/raw-client.ts';
import { givenStandalone } from '#test/given/standalone.ts';

test('a backend that dies between requests costs none: another endpoint answers', async () => {
  await using one = await givenBackend('one');
  await using two = await givenBackend('two');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', one.port, two.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  });
  await turnpike.until('/', 200);
  const agent = new http.Agent({ keepAlive: true });
  const before = new Set<string>();
  for (let at = 0; at < 20; at += 1) before.add((await turnpike.seen('/', { agent })).service);
  assert.deepEqual([...before].sort(), ['one', 'two']);

  await one.stop();
  for (let at = 0; at < 20; at += 1) {
    assert.equal((await turnpike.seen('/', { agent })).service, 'two');
  }
  agent.destroy();
});

test('endpoints that come and go are followed, without a request that fails', async () => {
  await using one = await givenBackend('one');
  await using two = await givenBackend('two');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', one.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  });
  await turnpike.until('/', 200);

  await turnpike.save({ 'services.yaml': serviceManifest('shop', two.port) });
  await eventually(async () => assert.equal((await turnpike.seen('/')).service, 'two'));
  await one.stop();
  for (let at = 0; at < 10; at += 1) assert.equal((await turnpike.seen('/')).service, 'two');
  await turnpike.save({ 'services.yaml': serviceManifest('shop') });
  await turnpike.until('/', 503);
});

test('a client that goes away is gone for the backend too', async () => {
  const held: ServerResponse[] = [];
  await using slow = await givenBackend('slow', { answer: (_, answer) => void held.push(answer) });
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('slow', slow.port),
    'route.yaml': pathRouteManifest('slow', '/slow', 'slow'),
  });
  await turnpike.until('/', 404);
  const client = await aRawClient(turnpike.port);
  client.send('GET /slow HTTP/1.1\r\nHost: example.com\r\n\r\n');
  await eventually(() => assert.equal(held.length, 1));
  const [answer] = held;
  assert.equal(answer?.destroyed, false);

  client.socket.destroy();
  await eventually(() => assert.equal(answer?.destroyed, true));
});

test('what is in flight when the gateway stops is finished; nothing new is taken', async () => {
  const held: ServerResponse[] = [];
  await using slow = await givenBackend('slow', { answer: (_, answer) => void held.push(answer) });
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('slow', slow.port),
    'route.yaml': pathRouteManifest('slow', '/slow', 'slow'),
  });
  await turnpike.until('/', 404);
  const inFlight = turnpike.get('/slow');
  await eventually(() => assert.equal(held.length, 1));

  const stopped = turnpike.stop();
  await eventually(() => assert.rejects(turnpike.get('/')));
  held[0]?.end('finished');
  const { status, body } = await inFlight;
  assert.equal(status, 200);
  assert.equal(body, 'finished');
  await stopped;
});

test('a body streams through both ways before it is whole', async () => {
  await using echo = await givenBackend('echo', { answer: (request, answer) => void request.pipe(answer) });
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('echo', echo.port),
    'route.yaml': pathRouteManifest('echo', '/echo', 'echo'),
  });
  await turnpike.until('/echo', 200);
  const sent = http.request({ host: '127.0.0.1', port: turnpike.port, path: '/echo', method: 'POST' });
  sent.write('first ');
  const [answer] = (await once(sent, 'response')) as [http.IncomingMessage];
  answer.setEncoding('utf8');
  const [first] = (await once(answer, 'data')) as [string];
  assert.equal(first, 'first ');
  sent.end('second');
  const [second] = (await once(answer, 'data')) as [string];
  assert.equal(second, 'second');
});

test('a backend that takes longer than the rule allows is 504', async () => {
  await using slow = await givenBackend('slow', { answer: () => {} });
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('slow', slow.port),
    'route.yaml': routeManifest(
      'slow',
      `
    - matches: [{ path: { type: PathPrefix, value: /request } }]
      timeouts: { request: 100ms }
      backendRefs: [{ name: slow, port: 80 }]
    - matches: [{ path: { type: PathPrefix, value: /backend } }]
      timeouts: { backendRequest: 100ms }
      backendRefs: [{ name: slow, port: 80 }]`,
    ),
  });
  await turnpike.until('/request', 504);
  assert.equal((await turnpike.get('/backend')).status, 504);
});
