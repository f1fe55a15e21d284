// turnpike usage over the folder of a journal.
import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { textOf, type JournalLine } from '#dataplane/metering/journal-line.ts';
import { givenBackend } from '#test/given/backend.ts';
import { turnpike } from '#test/given/command.ts';
import { givenFolder } from '#test/given/folder.ts';

const at = (text: string): number => Date.parse(text);

function lines(...all: readonly JournalLine[]): string {
  return all.map(textOf).join('');
}

const route = 'HTTPRoute/shop/orders';
const bolt = { kind: 'lease', consumer: 'bolt/bolt', plan: '', route } as const;
const acme = { kind: 'lease', consumer: 'shop/acme', plan: 'gold', route } as const;

/** One data plane that ended by itself, and one that was killed. */
const journals = {
  'edge-1.0123456789ab.000000.jsonl': lines(
    { kind: 'begin', gateway: 'infra/edge', instance: 'edge-1', atMs: at('2026-10-31T23:59:00Z') },
    { ...acme, lease: 1, units: 100, atMs: at('2026-10-31T23:59:00Z') },
    {
      ...acme,
      kind: 'used',
      lease: 1,
      units: 60,
      fromMs: at('2026-10-31T23:59:00Z'),
      atMs: at('2026-11-01T00:00:00Z'),
    },
    { ...acme, lease: 2, units: 100, atMs: at('2026-11-01T00:00:00Z') },
    { kind: 'more', lease: 2, units: 300 },
    {
      ...acme,
      kind: 'used',
      lease: 2,
      units: 210,
      fromMs: at('2026-11-01T00:00:00Z'),
      atMs: at('2026-11-01T00:01:00Z'),
    },
    { kind: 'end', atMs: at('2026-11-01T00:01:00Z') },
  ),
  'edge-2.ba9876543210.000000.jsonl': lines(
    { kind: 'begin', gateway: 'infra/edge', instance: 'edge-2', atMs: at('2026-11-03T10:00:00Z') },
    { ...acme, lease: 1, units: 40, atMs: at('2026-11-03T10:00:00Z') },
    { ...bolt, lease: 2, units: 10, atMs: at('2026-11-03T10:00:00Z') },
    {
      ...bolt,
      kind: 'used',
      lease: 2,
      units: 3,
      fromMs: at('2026-11-03T10:00:00Z'),
      atMs: at('2026-11-03T10:01:00Z'),
    },
  ),
};

async function told(...args: readonly string[]): Promise<string> {
  await using folder = await givenFolder(journals);
  const longAgo = at('2026-11-03T11:00:00Z') / 1000;
  for (const file of Object.keys(journals)) await utimes(path.join(folder.path, file), longAgo, longAgo);
  const { code, stdout, stderr } = await turnpike(['usage', `--folder=${folder.path}`, ...args]);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return stdout;
}

describe('turnpike usage', () => {
  test('passes over lines of times that no calendar has, and lets no name command a terminal', async () => {
    const atMs = at('2026-11-05T00:00:00Z');
    await using folder = await givenFolder({
      'edge-3.0123456789ab.000000.jsonl': lines(
        { kind: 'begin', gateway: 'infra/edge', instance: 'edge-3', atMs },
        { ...acme, lease: 1, units: 7, atMs: 9e15 },
        { ...acme, consumer: 'shop/a\u001b[2J\n', lease: 2, units: 5, atMs },
        { kind: 'end', atMs },
      ),
    });
    const { code, stdout } = await turnpike(['usage', `--folder=${folder.path}`, '--period=2026-11']);
    assert.equal(code, 0);
    assert.match(stdout, /^CONSUMER .*\nshop\/a\ufffd\[2J\ufffd .* 5\n$/u);
  });

  test('tells what each Consumer has used in a month, by plan and route', async () => {
    assert.equal(
      await told('--period=2026-11'),
      `CONSUMER   PLAN  ROUTE                  UNITS
bolt/bolt  -     HTTPRoute/shop/orders      3
shop/acme  gold  HTTPRoute/shop/orders    250
`,
    );
  });

  test('tells of an hour, and of one Consumer, as JSON', async () => {
    assert.deepEqual(JSON.parse(await told('--period=2026-10-31T23', '--consumer=shop/acme', '-o', 'json')), {
      period: '2026-10-31T23',
      usage: [{ consumer: 'shop/acme', plan: 'gold', route, units: 60 }],
    });
    assert.equal(
      await told('--period=2026-11', '--consumer=nobody'),
      'Nothing was used in 2026-11 by Consumer default/nobody.\n',
    );
  });

  test('tells with --reconcile what is counted of data planes that told no end', async () => {
    assert.equal(
      await told('--period=2026-11', '--reconcile'),
      `253 units are counted in 2026-11, with all that is leased and in use just now.
Of 40 nobody knows whether they were used: leases of data planes that ended before they told.

LEASED                    GATEWAY     DATA PLANE  CONSUMER   ROUTE                  UNITS
2026-11-03T10:00:00.000Z  infra/edge  edge-2      shop/acme  HTTPRoute/shop/orders     40
`,
    );
    assert.equal(
      await told('--period=2026-10', '--reconcile'),
      `60 units are counted in 2026-10, with all that is leased and in use just now.
Every data plane that ended more than two minutes ago has told what it used of what it had leased.
`,
    );
  });

  for (const [args, problem] of [
    [
      ['--folder=x', '--period=november'],
      '--period is no year, month, day or hour such as 2026-11: november',
    ],
    [['--folder=x', '-o', 'yaml'], '--output is table or json, not yaml'],
  ] as const) {
    test(`refuses ${args.join(' ') || 'no options'}`, async () => {
      const { code, stderr } = await turnpike(['usage', ...args]);
      assert.equal(code, 2);
      assert.equal(stderr.split('\n')[0], `turnpike: ${problem}`);
    });
  }

  test('says that a folder is not there', async () => {
    const { code, stderr } = await turnpike(['usage', '--folder=/nowhere/at/all']);
    assert.equal(code, 1);
    assert.equal(stderr, 'turnpike: there is no folder /nowhere/at/all: name the one of --usage-journal\n');
  });

  test('asks the data planes of a cluster through its API server, and names those that tell nothing', async () => {
    const asked: string[] = [];
    const pod = (name: string, phase: string) => ({
      metadata: { name, namespace: 'infra' },
      status: { phase },
    });
    const [hour] = [at('2026-11-23T04:00:00Z')];
    const pages = {
      '/api/v1/pods': {
        items: [
          pod('edge-1', 'Running'),
          pod('edge-2', 'Running'),
          pod('old', 'Succeeded'),
          pod('new', 'Running'),
        ],
      },
      '/api/v1/namespaces/infra/pods/edge-1:9901/proxy/usage': {
        losses: [],
        sums: { [`${hour} shop/acme gold ${route}`]: 10 },
      },
      '/api/v1/namespaces/infra/pods/edge-2:9901/proxy/usage': {
        losses: [
          {
            consumer: 'shop/acme',
            plan: 'gold',
            route,
            gateway: 'infra/edge',
            instance: 'edge-0',
            units: 4,
            fromMs: hour,
          },
        ],
        sums: { [`${hour} shop/acme gold ${route}`]: 5, [`${hour} shop/bolt  ${route}`]: 1 },
      },
    };
    await using server = await givenBackend('api server', {
      answer({ url = '', headers }, answer) {
        const { pathname, searchParams } = new URL(url, 'http://localhost');
        asked.push(`${pathname} ${searchParams.get('labelSelector') ?? ''} ${headers.authorization}`.trim());
        const page = new Map<string, unknown>(Object.entries(pages)).get(pathname);
        answer.writeHead(page === undefined ? 404 : 200, { 'content-type': 'application/json' });
        answer.end(JSON.stringify(page ?? { kind: 'Status', reason: 'NotFound', message: 'no such pod' }));
      },
    });
    await using folder = await givenFolder({
      config: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'here',
        contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
        clusters: [
          {
            name: 'here',
            cluster: { server: `http://127.0.0.1:${server.port}`, 'insecure-skip-tls-verify': true },
          },
        ],
        users: [{ name: 'me', user: { token: 'my-token' } }],
      }),
    });
    const env = { KUBECONFIG: path.join(folder.path, 'config') };
    const { code, stdout, stderr } = await turnpike(['usage', '--period=2026-11'], { env });
    assert.match(stderr, /^turnpike: data plane infra\/new tells nothing: .*no such pod/);
    assert.equal(
      stdout,
      `CONSUMER   PLAN  ROUTE                  UNITS
shop/acme  gold  HTTPRoute/shop/orders     15
shop/bolt  -     HTTPRoute/shop/orders      1
`,
    );
    assert.equal(code, 1);
    assert.equal(
      asked[0],
      '/api/v1/pods app.kubernetes.io/managed-by=turnpike,app.kubernetes.io/component=dataplane Bearer my-token',
    );
    assert.ok(asked.includes('/api/v1/namespaces/infra/pods/edge-1:9901/proxy/usage  Bearer my-token'));
    const reconciled = await turnpike(['usage', '--period=2026-11', '--reconcile', '-o', 'json'], { env });
    const { counted, unknown } = JSON.parse(reconciled.stdout) as Record<string, number>;
    assert.deepEqual([counted, unknown], [16, 4]);
  });
});
