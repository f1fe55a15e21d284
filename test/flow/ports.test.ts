// Listeners' ports: taken ones, several Gateways, and ports that come and go with the manifests.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { request } from '#test/given/http-client.ts';
import { edgeManifest, pathRouteManifest, secureListener, serviceManifest } from '#test/given/manifests.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';

function second(port: number): string {
  return `    - { name: second, protocol: HTTP, port: ${port} }\n`;
}

test('a port that is taken is told once, the others serve, and it is taken over when it is free', async () => {
  await using shop = await givenBackend('shop');
  const taken = await aFreePort();
  const occupier = net.createServer().listen(taken, '127.0.0.1');
  await once(occupier, 'listening');
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': edgeManifest(port) + second(taken),
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  }));
  await turnpike.until('/', 200);
  const problems = () => turnpike.events.filter(({ kind }) => kind === 'PortUnavailable');
  await eventually(() => assert.equal(problems().length, 1));
  assert.partialDeepStrictEqual(problems()[0], { port: taken, code: 'EADDRINUSE' });

  occupier.close();
  await eventually(async () => assert.equal((await request({ port: taken })).status, 200));
  assert.equal(problems().length, 1);
});

test('two Gateways of one folder serve their own routes on their own ports', async () => {
  await using shop = await givenBackend('shop');
  await using blog = await givenBackend('blog');
  const other = await aFreePort();
  await using turnpike = await givenStandalone({
    'services.yaml': [serviceManifest('shop', shop.port), serviceManifest('blog', blog.port)].join('---'),
    'shop.yaml': pathRouteManifest('shop', '/', 'shop'),
    'blog.yaml': `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: press }
spec:
  gatewayClassName: turnpike
  listeners: [{ name: http, protocol: HTTP, port: ${other} }]
---
${pathRouteManifest('blog', '/', 'blog').replace('name: edge', 'name: press')}`,
  });
  await turnpike.until('/', 200);
  await turnpike.until('/', 200, { port: other });
  assert.equal((await turnpike.seen('/')).service, 'shop');
  assert.equal((await turnpike.seen('/', { port: other })).service, 'blog');

  await turnpike.remove('blog.yaml');
  await eventually(() => assert.rejects(turnpike.get('/', { port: other })));
  assert.equal((await turnpike.seen('/')).service, 'shop');
});

test('two Gateways that want one port: one has it, the other says so and takes over when it goes', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone((port) => {
    const [gatewayClass = '', edge = ''] = edgeManifest(port).split('---');
    const lateRoute = pathRouteManifest('late', '/late', 'shop').replace('name: edge', 'name: late');
    return {
      'class.yaml': gatewayClass,
      'edge.yaml': `${edge}---${pathRouteManifest('shop', '/edge', 'shop')}`,
      'late.yaml': `${edge.replace('edge', 'late')}---${lateRoute}`,
      'services.yaml': serviceManifest('shop', shop.port),
    };
  });
  const problems = () => turnpike.events.filter(({ kind }) => kind === 'PortUnavailable');
  await eventually(() => assert.equal(problems().length, 1));
  const serves = async (name: string) => (await turnpike.get(`/${name}`)).status === 200;
  const [winner, loser] = (await serves('edge')) ? ['edge', 'late'] : ['late', 'edge'];
  assert.equal(await serves(winner), true);
  assert.equal(await serves(loser), false);

  await turnpike.remove(`${winner}.yaml`);
  await turnpike.until(`/${loser}`, 200);
});

test('a listener that is added or removed opens and closes its port; the others do not notice', async () => {
  await using shop = await givenBackend('shop');
  const added = await aFreePort();
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  });
  await turnpike.until('/', 200);
  await turnpike.save({ 'edge.yaml': edgeManifest(turnpike.port) + second(added) });
  await eventually(async () => assert.equal((await request({ port: added })).status, 200));
  await turnpike.save({ 'edge.yaml': edgeManifest(turnpike.port) });
  await eventually(() => assert.rejects(request({ port: added })));
  assert.equal((await turnpike.get('/')).status, 200);
});

test('a port that is taken is told at its listener until it is open or no longer wanted; the others serve', async () => {
  await using shop = await givenBackend('shop');
  const taken = await aFreePort();
  const occupier = net.createServer().listen(taken, '127.0.0.1');
  await once(occupier, 'listening');
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': edgeManifest(port) + second(taken),
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  }));
  const programmed = () =>
    turnpike
      .conditions('Gateway', 'edge')
      .filter(({ type }) => type === 'Programmed')
      .map(({ status, message }) => `${status} ${message}`.trim());
  const closed = `False Port ${taken} cannot be opened: something else listens there (EADDRINUSE); end it, or give the listener another port. It is tried again every second.`;
  const told = ['True Not with all ports open: listener second; see status.listeners.', 'True', closed];
  await eventually(() => assert.deepEqual(programmed(), told));
  await turnpike.until('/', 200);

  await turnpike.save({ 'edge.yaml': edgeManifest(turnpike.port) });
  await eventually(() => assert.deepEqual(programmed(), ['True', 'True']));
  await turnpike.save({ 'edge.yaml': edgeManifest(turnpike.port) + second(taken) });
  await eventually(() => assert.deepEqual(programmed(), told));
  assert.equal(
    turnpike.events.filter(({ kind }) => kind === 'PortUnavailable').length,
    2,
    'each time is news',
  );

  occupier.close();
  await eventually(() => assert.deepEqual(programmed(), ['True', 'True', 'True']));
  assert.deepEqual(
    turnpike.events.filter(({ kind }) => kind === 'PortAvailable'),
    [{ kind: 'PortAvailable', port: taken, protocol: 'TCP' }],
  );
  assert.equal((await turnpike.get('/', { port: taken })).status, 200);
});

test('a listener that becomes HTTPS on the port it has serves it there', async () => {
  const authority = await aTlsAuthority();
  await using shop = await givenBackend('shop');
  const port = await aFreePort();
  await using turnpike = await givenStandalone(async (edgePort) => ({
    'edge.yaml': edgeManifest(edgePort) + second(port),
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
    'secret.yaml': await authority.secretManifest('shop', 'shop.example.com'),
  }));
  await eventually(async () => assert.equal((await request({ port })).status, 200));
  await turnpike.save({
    'edge.yaml': edgeManifest(turnpike.port) + secureListener('shop', port, 'shop.example.com'),
  });
  const secure = { port, host: 'shop.example.com', ca: authority.ca };
  await eventually(async () => assert.equal((await request(secure)).status, 200));
  await turnpike.save({ 'edge.yaml': edgeManifest(turnpike.port) + second(port) });
  await eventually(async () => assert.equal((await request({ port })).status, 200));
});

test('listeners that share a port are told apart by the host, and routes choose among them by name', async () => {
  await using shop = await givenBackend('shop');
  await using blog = await givenBackend('blog');
  await using turnpike = await givenStandalone((port) => ({
    'edge.yaml': `${edgeManifest(port)}    - { name: blog, protocol: HTTP, port: ${port}, hostname: blog.example.com }\n`,
    'services.yaml': [serviceManifest('shop', shop.port), serviceManifest('blog', blog.port)].join('---'),
    'shop.yaml': pathRouteManifest('shop', '/', 'shop').replace(
      'name: edge',
      'name: edge, sectionName: http',
    ),
    'blog.yaml': pathRouteManifest('blog', '/', 'blog').replace(
      'name: edge',
      'name: edge, sectionName: blog',
    ),
  }));
  await turnpike.until('/', 200);
  assert.equal((await turnpike.seen('/')).service, 'shop');
  assert.equal((await turnpike.seen('/', { host: 'blog.example.com' })).service, 'blog');
});

test('of TCP and UDP at one number the one that is taken is told, and the other serves', async () => {
  const taken = await aFreePort();
  await using occupier = dgram.createSocket('udp4').bind(taken, '127.0.0.1');
  await once(occupier, 'listening');
  const listeners = `    - { name: dns, protocol: UDP, port: ${taken} }\n    - { name: dns-by-tcp, protocol: TCP, port: ${taken} }\n`;
  await using turnpike = await givenStandalone((port) => ({ 'edge.yaml': edgeManifest(port) + listeners }));
  const programmed = () =>
    turnpike
      .conditions('Gateway', 'edge')
      .filter(({ type }) => type === 'Programmed')
      .map(({ status }) => status);
  const events = () => turnpike.events.filter(({ kind }) => kind.startsWith('Port'));
  await eventually(() => assert.deepEqual(programmed(), ['True', 'True', 'False', 'True']));

  occupier.close();
  await eventually(() => assert.deepEqual(programmed(), ['True', 'True', 'True', 'True']));
  const port = { port: taken, protocol: 'UDP' };
  assert.partialDeepStrictEqual(events(), [
    { kind: 'PortUnavailable', ...port, code: 'EADDRINUSE' },
    { kind: 'PortAvailable', ...port },
  ]);
  assert.equal(events().length, 2);
});
