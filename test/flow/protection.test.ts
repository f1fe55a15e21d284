// ProtectionPolicies over both planes: from a manifest to a connection that is reset.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { pathRouteManifest, protectionPolicyManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

test('who opens more connections than a policy allows is kept out until it is gone, and told of', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': pathRouteManifest('shop', '/', 'shop'),
  });
  await turnpike.until('/', 200);
  await turnpike.save({
    'policy.yaml': protectionPolicyManifest('connections: { perAddress: { opened: 2, window: 1h } }'),
  });
  await eventually(() =>
    turnpike
      .conditions('ProtectionPolicy', 'edge')
      .some(({ type, status }) => type === 'Programmed' && status === 'True'),
  );
  const told = turnpike.conditions('ProtectionPolicy', 'edge').find(({ type }) => type === 'Programmed');
  assert.equal(told?.message, `Port ${turnpike.port}: connections.`);
  const codeOf = async () =>
    turnpike.get('/').then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );
  await eventually(async () => (await codeOf()) === 'ECONNRESET');
  assert.equal(await codeOf(), 'ECONNRESET');
  assert.deepEqual(
    turnpike.events.filter(({ kind }) => kind === 'ProtectionRefused'),
    [
      {
        kind: 'ProtectionRefused',
        policy: 'default/edge',
        reason: 'ConnectionRate',
        mode: 'Enforce',
        client: '127.0.0.1',
        count: 1,
      },
    ],
  );
  const metrics = await turnpike.dataPlanes()[0]?.metrics.text();
  assert.match(
    metrics ?? '',
    /turnpike_protection_refused_total\{policy="default\/edge",reason="ConnectionRate",mode="Enforce"\} 2\n/,
  );
  await turnpike.remove('policy.yaml');
  await eventually(async () => (await codeOf()) === 200);
});

function listManifest(name: string, lines: readonly string[]): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: ${name}, labels: { list: scanners } }
data:
  list: |
${lines.map((line) => `    ${line}`).join('\n')}
`;
}

test('lists in ConfigMaps keep out whom they name, until they do not, and a bad line is named', async () => {
  await using shop = await givenBackend('shop');
  const rule = '{ name: scanners, type: Selector, selector: { matchLabels: { list: scanners } } }';
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'routes.yaml': pathRouteManifest('shop', '/', 'shop'),
    'policy.yaml': protectionPolicyManifest(`reputation: [${rule}]`),
    'one.yaml': listManifest('one', ['192.0.2.0/24', 'nonsense']),
    'two.yaml': listManifest('two', ['198.51.100.0/24']),
  });
  await turnpike.until('/', 200);
  const codeOf = async () =>
    turnpike.get('/').then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );
  await turnpike.save({ 'two.yaml': listManifest('two', ['# ours', '127.0.0.0/8']) });
  await eventually(async () => (await codeOf()) === 'ECONNRESET');
  const resolved = turnpike
    .conditions('ProtectionPolicy', 'edge')
    .find(({ type }) => type === 'ResolvedRefs');
  assert.deepEqual([resolved?.status, resolved?.reason], ['False', 'InvalidAddressList']);
  assert.match(resolved?.message ?? '', /ConfigMap default\/one, list, line 2: no network/);
  const metrics = await turnpike.dataPlanes()[0]?.metrics.text();
  assert.match(
    metrics ?? '',
    /turnpike_protection_refused_total\{.*reason="Reputation".*list="scanners"\} \d/,
  );
  await turnpike.save({ 'two.yaml': listManifest('two', ['198.51.100.0/24']) });
  await eventually(async () => (await codeOf()) === 200);
});
