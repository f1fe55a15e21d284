// Services that a data plane asks while a request waits, over both planes: an issuer about tokens, a doorman about
// requests; and users with passwords, whom it need not ask about.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const opaque = authPolicyManifest(
  'opaque',
  `
    authenticate:
      - name: opaque
        type: Introspection
        introspection:
          endpoint: { backend: { backendRef: { name: ids, port: 80 }, path: /introspect } }
          claimsToHeaders: [{ claim: sub, header: x-user }]`,
);

const guarded = authPolicyManifest(
  'guarded',
  `
    externalAuthorization:
      http: { backendRef: { name: doorman, port: 80 }, pathPrefix: /check, headersToService: [x-guest] }`,
);

const users = `
apiVersion: v1
kind: Secret
metadata: { name: users }
data: { .htpasswd: ${Buffer.from('ada:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/\n').toString('base64')} }
`;

const named = authPolicyManifest(
  'named',
  '{ authenticate: [{ name: users, type: Basic, basic: { secretRef: { name: users, key: .htpasswd } } }] }',
);

test('tokens, requests and passwords are looked at by whom the policies name', async () => {
  await using shop = await givenBackend('shop');
  await using ids = await givenBackend('ids', {
    answer(request, response) {
      let text = '';
      request.on('data', (data: Buffer) => (text += data.toString()));
      request.on('end', () => {
        const active = new URLSearchParams(text).get('token') === 'good';
        response.end(JSON.stringify({ active, ...(active ? { sub: 'ada' } : {}) }));
      });
    },
  });
  await using doorman = await givenBackend('doorman', {
    answer({ url = '', headers }, response) {
      response.writeHead(url === '/check/guarded' && headers['x-guest'] === 'ada' ? 200 : 403);
      response.end('the doorman says no');
    },
  });
  await using turnpike = await givenStandalone({
    'services.yaml': [
      serviceManifest('shop', shop.port),
      serviceManifest('ids', ids.port),
      serviceManifest('doorman', doorman.port),
    ].join('---'),
    'routes.yaml': ['opaque', 'guarded', 'named']
      .map((name) => pathRouteManifest(name, `/${name}`, 'shop'))
      .join('---'),
    'policies.yaml': [opaque, guarded, named, users].join('---'),
  });
  await turnpike.until('/opaque', 200, { headers: { authorization: 'Bearer good' } });
  const seen = await turnpike.seen('/opaque', {
    headers: { authorization: 'Bearer good', 'x-user': 'root' },
  });
  assert.equal(seen.headers['x-user'], 'ada');
  assert.equal((await turnpike.get('/opaque', { headers: { authorization: 'Bearer bad' } })).status, 401);
  assert.equal((await turnpike.get('/opaque')).status, 401);

  assert.equal((await turnpike.get('/guarded', { headers: { 'x-guest': 'ada' } })).status, 200);
  const refused = await turnpike.get('/guarded', { headers: { 'x-guest': 'eve' } });
  assert.equal(refused.status, 403);
  assert.equal(refused.body, 'the doorman says no');

  const basic = (text: string) => ({
    headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` },
  });
  const admitted = await turnpike.seen('/named', basic('ada:myPassword'));
  assert.equal(admitted.headers['authorization'], undefined);
  assert.equal((await turnpike.get('/named', basic('ada:other'))).status, 401);

  await doorman.stop();
  assert.equal((await turnpike.get('/guarded', { headers: { 'x-guest': 'ada' } })).status, 503);
});
