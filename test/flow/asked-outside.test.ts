// An issuer at an https address outside is asked about tokens, over both planes; one whose certificate nobody vouches for is not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';
import { aBackendAuthority } from '#test/given/tls-backend.ts';

function policy(name: string, port: number, authorities: string): string {
  return `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name} }]
  rules:
    authenticate:
      - name: opaque
        type: Introspection
        introspection:
          endpoint: { type: URI, uri: "https://localhost:${port}/introspect?realm=shop", caRef: { name: ${authorities} } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ${authorities} }
data: { ca.crt: ${JSON.stringify('PEM')} }
`;
}

test('an issuer outside is asked about tokens, if it is who it should be', async () => {
  const [company, others] = [await aBackendAuthority(), await aBackendAuthority()];
  const { chain, key } = await company.certificate('id', [{ type: 'dns', value: 'localhost' }]);
  const asked: string[] = [];
  const issuer = https.createServer({ cert: chain, key: key.reveal() }, (request, response) => {
    asked.push(`${request.method} ${request.headers.host} ${request.url}`);
    request.resume().on('end', () => response.end('{"active": true, "sub": "ada"}'));
  });
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  const address = issuer.address();
  assert(address !== null && typeof address === 'object');
  try {
    await using shop = await givenBackend('shop');
    const withPem = (text: string, pem: string) => text.replace('"PEM"', JSON.stringify(pem));
    await using turnpike = await givenStandalone({
      'services.yaml': serviceManifest('shop', shop.port),
      'routes.yaml': ['good', 'bad'].map((name) => pathRouteManifest(name, `/${name}`, 'shop')).join('---'),
      'policies.yaml': [
        withPem(policy('good', address.port, 'company'), company.pem),
        withPem(policy('bad', address.port, 'others'), others.pem),
      ].join('---'),
    });
    const wanted = { headers: { authorization: 'Bearer opaque' } };
    await turnpike.until('/good', 200, wanted);
    assert.equal(asked[0], `POST localhost:${address.port} /introspect?realm=shop`);
    const before = asked.length;
    assert.equal((await turnpike.get('/bad', wanted)).status, 503);
    assert.equal(asked.length, before);
  } finally {
    issuer.closeAllConnections();
    issuer.close();
  }
});
