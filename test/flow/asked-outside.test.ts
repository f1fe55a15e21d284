// Services at https addresses outside are asked, over both planes: an issuer about tokens, others whether requests may pass.
// One whose certificate nobody vouches for is not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import https from 'node:https';
import { describe, test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import {
  authorityManifest,
  authPolicyManifest,
  pathRouteManifest,
  serviceManifest,
} from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';
import { aBackendAuthority } from '#test/given/tls-backend.ts';

const [company, others] = [await aBackendAuthority(), await aBackendAuthority()];
const certificate = await company.certificate('outside', [{ type: 'dns', value: 'localhost' }]);

/** A server at `localhost`, as one outside. */
async function anOutsideServer(answer: RequestListener) {
  const server = https.createServer({ cert: certificate.chain, key: certificate.key.reveal() }, answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert(address !== null && typeof address === 'object');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A gateway with a route and a policy for each of `policies`, of which `good` believes the server and `bad` does not. */
async function givenGateway(shopPort: number, policies: Readonly<Record<string, string>>) {
  const names = Object.keys(policies);
  return givenStandalone({
    'services.yaml': serviceManifest('shop', shopPort),
    'routes.yaml': names.map((name) => pathRouteManifest(name, `/${name}`, 'shop')).join('---'),
    'policies.yaml': [
      ...Object.entries(policies).map(([name, rules]) => authPolicyManifest(name, rules)),
      authorityManifest('company', company.pem),
      authorityManifest('others', others.pem),
    ].join('---'),
  });
}

describe('a service outside', () => {
  test('an issuer is asked about tokens, if it is who it should be', async () => {
    const asked: string[] = [];
    await using issuer = await anOutsideServer((request, response) => {
      asked.push(`${request.method} ${request.headers.host} ${request.url}`);
      request.resume().on('end', () => response.end('{"active": true, "sub": "ada"}'));
    });
    const policy = (authorities: string) => `
    authenticate:
      - name: opaque
        type: Introspection
        introspection:
          endpoint: { type: URI, uri: "https://localhost:${issuer.port}/introspect?realm=shop", caRef: { name: ${authorities} } }`;
    await using shop = await givenBackend('shop');
    await using turnpike = await givenGateway(shop.port, { good: policy('company'), bad: policy('others') });
    const wanted = { headers: { authorization: 'Bearer opaque' } };
    await turnpike.until('/good', 200, wanted);
    assert.equal(asked[0], `POST localhost:${issuer.port} /introspect?realm=shop`);
    const before = asked.length;
    assert.equal((await turnpike.get('/bad', wanted)).status, 503);
    assert.equal(asked.length, before);
  });

  test('a service decides by HTTP, by its own name, if it is who it should be', async () => {
    const asked: (readonly unknown[])[] = [];
    await using doorman = await anOutsideServer(({ url, headers }, response) => {
      asked.push([url, headers.host, headers['x-forwarded-host']]);
      response.writeHead(headers['x-guest'] === 'ada' ? 200 : 403, { 'x-user': 'ada' }).end('not you');
    });
    const policy = (authorities: string) => `
    externalAuthorization:
      http:
        type: URI
        uri: "https://localhost:${doorman.port}"
        caRef: { name: ${authorities} }
        pathPrefix: /check
        headersToService: [x-guest, x-forwarded-host]
        headersToBackend: [x-user]`;
    await using shop = await givenBackend('shop');
    await using turnpike = await givenGateway(shop.port, { good: policy('company'), bad: policy('others') });
    const ada = { headers: { 'x-guest': 'ada', 'x-forwarded-host': 'admin.example.com' } };
    await turnpike.until('/good', 200, ada);
    const seen = await turnpike.seen('/good?a=b', ada);
    assert.equal(seen.headers['x-user'], 'ada');
    assert.deepEqual(asked.at(-1), ['/check/good?a=b', `localhost:${doorman.port}`, seen.headers['host']]);
    assert.equal((await turnpike.get('/good')).body, 'not you');
    const before = asked.length;
    assert.equal((await turnpike.get('/bad', ada)).status, 503);
    assert.equal(asked.length, before);
  });

  test('a service decides by gRPC, if it is who it should be', async () => {
    await using doorman = await anHttp2Backend(
      (stream) => {
        stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        // a CheckResponse with a status of 0
        stream.end(Buffer.of(0, 0, 0, 0, 2, 0x0a, 0));
      },
      { certificate },
    );
    const policy = (authorities: string) => `
    externalAuthorization:
      type: GRPC
      grpc: { type: URI, uri: "https://localhost:${doorman.port}", caRef: { name: ${authorities} } }`;
    await using shop = await givenBackend('shop');
    await using turnpike = await givenGateway(shop.port, { good: policy('company'), bad: policy('others') });
    await turnpike.until('/good', 200);
    assert.equal(doorman.seen[0]?.headers[':authority'], `localhost:${doorman.port}`);
    const before = doorman.seen.length;
    assert.equal((await turnpike.get('/bad')).status, 503);
    assert.equal(doorman.seen.length, before);
  });
});
