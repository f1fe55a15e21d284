// HTTPS listeners show the certificate for the name that the client asks for, and take a new one without dropping
// anybody.
import assert from 'node:assert/strict';
import https from 'node:https';
import { test } from 'node:test';
import tls from 'node:tls';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { request } from '#test/given/http-client.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import {
  edgeManifest,
  pathRouteManifest,
  routeManifest,
  secureListener,
  serviceManifest,
} from '#test/given/manifests.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';

/** The serial number of the certificate that is shown for `servername`. */
function shownTo(port: number, servername: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, servername, ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('each name gets its certificate and its routes; a name that nobody serves gets neither', async () => {
  const authority = await aTlsAuthority();
  const secure = await aFreePort();
  await using shop = await givenBackend('shop');
  await using blog = await givenBackend('blog');
  await using _ = await givenStandalone(async (port) => ({
    'edge.yaml':
      edgeManifest(port) +
      secureListener('shop', secure, 'shop.example.com') +
      secureListener('wild', secure, '*.example.com'),
    'secrets.yaml': [
      await authority.secretManifest('shop', 'shop.example.com'),
      await authority.secretManifest('wild', '*.example.com'),
    ].join('---'),
    'services.yaml': [serviceManifest('shop', shop.port), serviceManifest('blog', blog.port)].join('---'),
    'routes.yaml': [
      routeManifest('shop', '[{ backendRefs: [{ name: shop, port: 80 }] }]', ['shop.example.com']),
      routeManifest('blog', '[{ backendRefs: [{ name: blog, port: 80 }] }]', ['blog.example.com']),
    ].join('---'),
  }));
  const { ca } = authority;
  const secureGet = (host: string) => request({ port: secure, host, ca });
  await eventually(async () => assert.equal((await secureGet('shop.example.com')).status, 200));

  assert.match((await secureGet('shop.example.com')).body, /"service":"shop"/);
  assert.match((await secureGet('blog.example.com')).body, /"service":"blog"/);
  assert.match((await secureGet('shop.example.com')).body, /"x-forwarded-proto":"https"/);
  await assert.rejects(secureGet('elsewhere.test'));
});

test('a request for another listener over a connection that was opened for the first is 421', async () => {
  const authority = await aTlsAuthority();
  const secure = await aFreePort();
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone(async (port) => ({
    'edge.yaml':
      edgeManifest(port) +
      secureListener('one', secure, 'one.example.com') +
      secureListener('two', secure, 'two.example.com'),
    'secrets.yaml': [
      await authority.secretManifest('one', 'one.example.com'),
      await authority.secretManifest('two', 'two.example.com'),
    ].join('---'),
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  }));
  const wanted = { port: secure, host: 'one.example.com', ca: authority.ca };
  await eventually(async () => assert.equal((await request(wanted)).status, 200));
  assert.equal((await request({ ...wanted, headers: { host: 'two.example.com' } })).status, 421);
  assert.equal((await turnpike.get('/')).status, 200);
});

test('a certificate that is replaced is shown to new connections, and kept ones go on', async () => {
  const authority = await aTlsAuthority();
  const secure = await aFreePort();
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone(async (port) => ({
    'edge.yaml': edgeManifest(port) + secureListener('shop', secure, 'shop.example.com'),
    'secret.yaml': await authority.secretManifest('shop', 'shop.example.com'),
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  }));
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const wanted = { port: secure, host: 'shop.example.com', ca: authority.ca };
  await eventually(async () => assert.equal((await request(wanted)).status, 200));
  let connections = 0;
  agent.on('keylog', () => (connections += 1));
  assert.equal((await request({ ...wanted, agent })).status, 200);
  const opened = connections;
  const before = await shownTo(secure, 'shop.example.com', authority.ca);

  await turnpike.save({ 'secret.yaml': await authority.secretManifest('shop', 'shop.example.com') });
  await eventually(async () => {
    assert.notEqual(await shownTo(secure, 'shop.example.com', authority.ca), before);
  });
  assert.equal((await request({ ...wanted, agent })).status, 200);
  assert.equal(connections, opened, 'it went by the connection that was there');
  agent.destroy();
});
