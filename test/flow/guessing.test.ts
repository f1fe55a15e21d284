// Who guesses passwords is kept out after a few, and told of in log and metrics; who knows one is not.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const users = `
apiVersion: v1
kind: Secret
metadata: { name: users }
data: { htpasswd: ${Buffer.from(`ada:{SHA}${hash('sha1', 'engine', 'base64')}\n`).toString('base64')} }
`;

function policy(name: string, protection: string): string {
  const way = '{ name: users, type: Basic, basic: { secretRef: { name: users, key: htpasswd } } }';
  return authPolicyManifest(name, `{ authenticate: [${way}], protection: ${protection} }`);
}

function as(user: string, password: string) {
  return {
    headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
  };
}

test('three wrong passwords, whosever, close the policy to the address that brought them', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': ['guarded', 'lenient']
      .map((name) => pathRouteManifest(name, `/${name}`, 'shop'))
      .join('---'),
    'policies.yaml': [
      users,
      policy('guarded', '{ failures: 3, block: 90s }'),
      policy('lenient', '{ failures: 0, accountFailures: 0 }'),
    ].join('---'),
  });
  await turnpike.until('/guarded', 200, as('ada', 'engine'));
  await turnpike.until('/lenient', 200, as('ada', 'engine'));

  for (const [user, password] of [
    ['ada', 'one'],
    ['nobody', 'two'],
    ['ada', 'three'],
  ] as const) {
    const { status, headers } = await turnpike.get('/guarded', as(user, password));
    assert.equal(status, 401);
    assert.match(String(headers['www-authenticate']), /^Basic /);
    assert.equal((await turnpike.get('/lenient', as(user, password))).status, 401);
  }
  const told = await turnpike.get('/guarded', as('ada', 'four'));
  assert.equal(told.status, 429);
  const seconds = Number(told.headers['retry-after']);
  assert.ok(seconds > 80 && seconds <= 90, `${seconds}`);
  for (const user of ['ada', 'nobody']) {
    const { status, body } = await turnpike.get('/guarded', as(user, 'engine'));
    assert.equal(status, 429, 'the right password too, or it would be found by trying');
    assert.equal(body, told.body, 'it is the same for who is there and who is not');
  }
  assert.equal((await turnpike.get('/lenient', as('ada', 'engine'))).status, 200);

  const blocks = turnpike.events.filter(({ kind }) => kind === 'AuthenticationBlocked');
  assert.deepEqual(blocks, [
    { kind: 'AuthenticationBlocked', policy: 'default/guarded', client: '127.0.0.1', blockMs: 90_000 },
  ]);
  const metrics = await turnpike.dataPlanes()[0]?.metrics.text();
  for (const line of [
    'turnpike_authentication_failures_total{policy="default/guarded"} 3',
    'turnpike_authentication_blocks_total{policy="default/guarded"} 1',
    'turnpike_authentication_blocked_requests_total{policy="default/guarded"} 3',
  ]) {
    assert.ok(metrics?.split('\n').includes(line), line);
  }
});
