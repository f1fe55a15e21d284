// Calls of gRPC find their way by GRPCRoutes: manifests in a folder, HTTP/2 on both sides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '#test/given/eventually.ts';
import { givenBackend } from '#test/given/backend.ts';
import { anH2Client } from '#test/given/h2-client.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import { routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

function aCallServer(name: string) {
  return anHttp2Backend((stream, headers) => {
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'x-server': name,
        'x-path': headers[':path'] ?? '',
      },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.pipe(stream);
  });
}

const calls = `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: calls }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ method: { service: shop.Cart } }]
      backendRefs: [{ name: cart, port: 80 }]
    - matches: [{ method: { method: Check } }]
      backendRefs: [{ name: health, port: 80 }]
    - matches: [{ method: { service: shop.Lost } }]
      backendRefs: [{ name: missing, port: 80 }]
`;

test('a call goes where its service and method say, and what no route takes is not implemented', async () => {
  await using cart = await aCallServer('cart');
  await using health = await aCallServer('health');
  await using page = await givenBackend('page');
  await using turnpike = await givenStandalone({
    'services.yaml': [
      serviceManifest('cart', cart.port),
      serviceManifest('health', health.port),
      serviceManifest('page', page.port),
    ].join('---'),
    'calls.yaml': calls,
    'pages.yaml': routeManifest(
      'pages',
      '[{ matches: [{ path: { value: /page } }], backendRefs: [{ name: page, port: 80 }] }]',
    ),
  });
  using client = await anH2Client(turnpike.port);
  const call = async (path: string) => {
    const asked = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const { headers, body, trailers } = await client.ask({ headers: asked, body: 'message' });
    const status = trailers?.['grpc-status'] ?? headers['grpc-status'];
    return [headers['x-server'] ?? null, status, body.toString()];
  };
  await eventually(async () => assert.deepEqual(await call('/shop.Cart/Add'), ['cart', '0', 'message']));

  // A service that is named goes before a method of any service.
  assert.deepEqual(await call('/shop.Cart/Check'), ['cart', '0', 'message']);
  assert.deepEqual(await call('/grpc.health.v1.Health/Check'), ['health', '0', 'message']);
  assert.deepEqual(await call('/grpc.health.v1.Health/Watch'), [null, '12', '']);
  assert.deepEqual(await call('/shop.Cart2/Add'), [null, '12', '']);
  // UNAVAILABLE: the backend cannot be resolved.
  assert.deepEqual(await call('/shop.Lost/Add'), [null, '14', '']);
  assert.equal((await turnpike.get('/page')).status, 200);
});
