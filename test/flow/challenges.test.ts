// A client that has no token is told where one is to be had, by the challenge and by the document that it names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { givenIssuer, issuerJwks, issuerName } from '#test/given/issuer.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

function policy(name: string, more: string): string {
  const rules = `
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: ${issuerName}
          jwks: ${issuerJwks}
    ${more}`;
  return authPolicyManifest(name, rules);
}

const words = `denial: { contentType: application/json, body: '{"code": {status}, "id": "{requestId}"}' }`;

test('from a 401 by the document it names to an answer', async () => {
  await using shop = await givenBackend('shop');
  await using issuer = await givenIssuer();
  await using turnpike = await givenStandalone({
    'services.yaml': [
      serviceManifest('shop', shop.port),
      serviceManifest('issuer', issuer.backend.port),
    ].join('---'),
    'routes.yaml': [
      pathRouteManifest('orders', '/orders', 'shop'),
      pathRouteManifest('mcp', '/mcp', 'shop'),
    ].join('---'),
    'policies.yaml': [
      policy('orders', `resourceMetadata: { scopes: [read] }\n    ${words}`),
      policy('mcp', 'resourceMetadata: { resource: https://example.com/mcp }\n    realm: tools'),
    ].join('---'),
  });
  const authorization = `Bearer ${await issuer.token()}`;
  await turnpike.until('/orders', 200, { headers: { authorization } });
  await turnpike.until('/mcp', 401);

  const refused = await turnpike.get('/orders', { headers: { 'x-request-id': 'r"1' } });
  assert.equal(refused.status, 401);
  const [, url = ''] =
    /^Bearer realm="example\.com", resource_metadata="([^"]+)"$/.exec(
      String(refused.headers['www-authenticate']),
    ) ?? [];
  assert.equal(url, 'http://example.com/.well-known/oauth-protected-resource');
  assert.equal(refused.headers['content-type'], 'application/json');
  assert.equal((JSON.parse(refused.body) as { code: number }).code, 401);

  const document = await turnpike.get(new URL(url).pathname);
  assert.equal(document.status, 200);
  assert.equal(document.headers['content-type'], 'application/json');
  assert.equal(document.headers['access-control-allow-origin'], undefined);
  assert.deepEqual(JSON.parse(document.body), {
    resource: 'http://example.com',
    authorization_servers: [issuerName],
    scopes_supported: ['read'],
  });
  const page = { origin: 'https://app.example' };
  const read = await turnpike.get(new URL(url).pathname, { headers: page });
  assert.equal(read.headers['access-control-allow-origin'], '*');
  const preflight = { ...page, 'access-control-request-method': 'GET' };
  const asked = await turnpike.get(new URL(url).pathname, { method: 'OPTIONS', headers: preflight });
  assert.equal(asked.headers['access-control-allow-origin'], '*');

  const tools = await turnpike.get('/mcp');
  const told =
    'Bearer realm="tools", resource_metadata="https://example.com/.well-known/oauth-protected-resource/mcp"';
  assert.equal(tools.headers['www-authenticate'], told);
  assert.equal(tools.headers['content-type'], 'application/problem+json');
  const ofTools = await turnpike.get('/.well-known/oauth-protected-resource/mcp');
  assert.equal((JSON.parse(ofTools.body) as { resource: string }).resource, 'https://example.com/mcp');
  assert.equal((await turnpike.get('/.well-known/oauth-protected-resource/orders')).status, 404);
});
