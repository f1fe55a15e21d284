// API keys by kubectl: Consumers and Secrets with the controller's own rights, through several data planes.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { givenKey } from '#test/given/api-key.ts';
import { turnpike as command } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo, Echoed } from '../turnpike/echo.ts';

const policy = `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: orders, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: orders }]
  rules:
    authenticate:
      - name: partners
        type: APIKey
        apiKey:
          consumerSelector: { matchLabels: { tier: partner } }
          secretSelector: { matchLabels: { keys: partners } }
          identityToHeaders: [{ value: Consumer, header: x-consumer }]
`;

const sha256 = (key: string): string => hash('sha256', key, 'hex');

function consumer(name: string, ...keys: readonly string[]): object {
  const credentials = keys.map((key, at) => ({
    name: `key-${at}`,
    type: 'APIKey',
    apiKey: { prefix: key.slice(0, 11), sha256: sha256(key) },
  }));
  const metadata = { name, namespace: 'default', labels: { tier: 'partner' } };
  return {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind: 'Consumer',
    metadata,
    spec: { plan: 'gold', credentials },
  };
}

const gold = {
  apiVersion: 'turnpike.dev/v1alpha1',
  kind: 'Plan',
  metadata: { name: 'gold', namespace: 'default' },
  spec: { limits: [{ name: 'minute', requests: 1000, window: '1m' }] },
};

function secret(text: string): object {
  const metadata = { name: 'many', namespace: 'default', labels: { keys: 'partners' } };
  return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { partners: text } };
}

describe('API keys', () => {
  let turnpike: Turnpike;
  let echo: Echo;

  before(async () => {
    echo = await startEcho('shop-1', addressIn('backend', 1));
    turnpike = await Turnpike.serve(2);
    await turnpike.apply(
      ...service('shop', [{ address: echo.address }]),
      gold,
      consumer('acme', givenKey(1)),
      secret(`sha256:${sha256(givenKey(3))};consumer=eve`),
      policy,
      httpRoute('orders', '/orders', 'shop'),
    );
    await turnpike.until('authpolicy/orders', 'Programmed', 'True');
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await echo.stop();
  });

  /** Whom the backend takes the caller for, or the status, at each data plane. */
  async function answers(key: string): Promise<readonly string[]> {
    const headers = { 'x-api-key': key, 'x-consumer': 'root' };
    const all = await Promise.all(turnpike.dataPlanes.map((one) => one.ask({ path: '/orders', headers })));
    return all.map(({ status, body }) =>
      status === 200 ? ((JSON.parse(body) as Echoed).headers['x-consumer'] ?? '') : String(status),
    );
  }

  function untilAnswers(key: string, expected: string): Promise<true> {
    return eventually(
      `${expected} at all data planes`,
      async () => (await answers(key)).every((one) => one === expected) || undefined,
      { intervalMs: 10, deadlineMs: 10_000 },
    );
  }

  it('of Consumers and Secrets let in as whose they are', async () => {
    assert.deepEqual(await answers(givenKey(1)), ['acme', 'acme']);
    assert.deepEqual(await answers(givenKey(3)), ['eve', 'eve']);
    assert.deepEqual(await answers(givenKey(9)), ['401', '401']);
    await turnpike.until('consumer/acme', 'Accepted', 'True');
    assert.match(await turnpike.kubectl('get', 'cons', 'acme'), /\nacme +True +gold /);
  });

  it('that are taken away let nobody in any more within a second', async (t) => {
    await turnpike.apply(consumer('acme', givenKey(1), givenKey(2)));
    await untilAnswers(givenKey(2), 'acme');
    await turnpike.apply(consumer('acme', givenKey(2)), secret('# nobody'));
    const start = performance.now();
    await untilAnswers(givenKey(1), '401');
    await untilAnswers(givenKey(3), '401');
    const ms = performance.now() - start;
    t.diagnostic(`revoked at all data planes ${ms.toFixed(0)} ms after kubectl`);
    assert.ok(ms < 1_000, `${ms} ms`);
    assert.deepEqual(await answers(givenKey(2)), ['acme', 'acme']);
  });

  it('that are written twice are those of the older Consumer, or the first by name, and the other says so', async () => {
    await turnpike.apply(consumer('zeta', givenKey(2)));
    const { message } = await turnpike.until('consumer/zeta', 'Accepted', 'Conflicted');
    assert.match(message, /Consumer default\/acme, credential key-0/);
    assert.deepEqual(await answers(givenKey(2)), ['acme', 'acme']);
    await turnpike.kubectl('delete', 'consumer', 'acme');
    await turnpike.until('consumer/zeta', 'Accepted', 'True');
    await untilAnswers(givenKey(2), 'zeta');
  });

  it('are made, listed and revoked by turnpike key, and applied by kubectl', async () => {
    await using folder = await givenFolder({});
    const file = path.join(folder.path, 'zoe.yaml');
    const create = async () => {
      const made = await command(['key', 'create', '--consumer=zoe', '--plan=gold', `--file=${file}`]);
      assert.equal(made.code, 0, made.stderr);
      return made.stdout.trim();
    };
    const [first, second] = [await create(), await create()];
    await turnpike.kubectl('apply', '--server-side', `--filename=${file}`);
    await turnpike.kubectl('label', 'consumer', 'zoe', 'tier=partner');
    for (const key of [first, second]) await untilAnswers(key, 'zoe');

    const prefix = first.slice(0, 11);
    const listed = await command(['key', 'list', folder.path]);
    assert.equal(listed.stdout.split('\n').filter((line) => line.includes('zoe')).length, 2);
    assert.ok(listed.stdout.includes(prefix) && !listed.stdout.includes(first));
    const revoked = await command(['key', 'revoke', prefix, folder.path]);
    assert.equal(revoked.code, 0, revoked.stderr);
    await turnpike.kubectl('apply', '--server-side', `--filename=${file}`);
    await untilAnswers(first, '401');
    assert.deepEqual(await answers(second), ['zoe', 'zoe']);
  });
});
