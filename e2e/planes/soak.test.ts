// A minute at full load, with a token to check, a limit to count and metrics to keep: memory stays where it was. It measures
// no time: beside something else the minute may be a longer one.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { issuerKey } from '#test/given/token.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { ServerProcess } from '../cluster/server-process.ts';
import { ask } from '../turnpike/client.ts';
import { collectGarbage } from '../turnpike/collect-garbage.ts';
import { startFullLoad } from '../turnpike/load.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Load } from '../turnpike/load.ts';

const connections = 64;
const warmUpSeconds = 10;
const seconds = process.env['TURNPIKE_LONG'] === '1' ? 300 : 60;
/** So many at least: a leak of five bytes a request is seen. */
const perSecondMin = 10_000;
const growthMbMax = 3;
const residentGrowthMbMax = 20;
const parts = 6;
/** A machine that is so much slower is not waited for. */
const slowness = 8;

const backend = addressIn('backend', 1);

const policies = (jwks: object) => [
  {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind: 'AuthPolicy',
    metadata: { name: 'shop', namespace: 'default' },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }],
      rules: {
        authenticate: [
          {
            name: 'staff',
            type: 'JWT',
            jwt: {
              issuer: 'https://id.example.com',
              audiences: ['shop'],
              jwks: { type: 'Inline', inline: jwks },
              claimsToHeaders: [{ claim: 'sub', header: 'x-user' }],
            },
          },
        ],
      },
    },
  },
  {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind: 'RateLimitPolicy',
    metadata: { name: 'shop', namespace: 'default' },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }],
      rules: [
        {
          name: 'per-user',
          key: { type: 'Claim', claim: { name: 'sub' } },
          limits: [{ name: 'second', requests: 1_000_000, window: '1s' }],
        },
      ],
    },
  },
];

interface Kept {
  readonly objects: number;
  readonly resident: number;
}

describe('a minute at full load', () => {
  let turnpike: Turnpike;
  let echo: ServerProcess;
  let token = '';

  before(async () => {
    // A process of its own: the test's must have time for the load.
    turnpike = await Turnpike.serve(1);
    const [dataPlane] = turnpike.dataPlanes;
    await dataPlane?.stop();
    await dataPlane?.start(`--inspect=${dataPlane.address}:9229`);
    echo = new ServerProcess({
      program: process.execPath,
      args: [path.join(import.meta.dirname, '../turnpike/echo.ts'), 'shop-1', backend, '8080'],
      logFile: path.join(turnpike.cluster.folder, 'echo.log'),
      isReady: async () => (await ask(backend, { path: '/' }, { port: 8080 })).status === 200,
    });
    await echo.whenReady();
    const key = await issuerKey('first');
    const { kid, kty, alg, crv, x, y } = key.jwk;
    const jwks = { keys: [{ kid, kty, alg, crv, x, y }] };
    await turnpike.apply(
      ...service('shop', [{ address: backend }]),
      httpRoute('shop', '/', 'shop'),
      ...policies(jwks),
    );
    await turnpike.until('authpolicy/shop', 'Programmed', 'True');
    await turnpike.until('ratelimitpolicy/shop', 'Programmed', 'True');
    token = await key.sign({ iss: 'https://id.example.com', exp: Math.floor(Date.now() / 1000) + 3600 });
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await echo?.stop();
    await turnpike?.stop();
  });

  /** Megabytes of the data plane after a collection: what its objects and buffers take, and what its process holds. */
  async function kept(): Promise<Kept> {
    const [dataPlane] = turnpike.dataPlanes;
    assert.ok(dataPlane);
    // What the first collection lets go of may hold other memory.
    await collectGarbage(dataPlane.address);
    await collectGarbage(dataPlane.address);
    const page = await dataPlane.metrics();
    const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(page)?.[1]) / 2 ** 20;
    const objects = figure('nodejs_heap_size_used_bytes') + figure('nodejs_external_memory_bytes');
    const resident = figure('process_resident_memory_bytes');
    return { objects: Math.round(objects * 10) / 10, resident: Math.round(resident * 10) / 10 };
  }

  /** Resolves after so many seconds, and as many requests as they must have at least. */
  async function loaded(load: Load, forSeconds: number): Promise<void> {
    const before = load.report().sent;
    await pause(forSeconds * 1000);
    await eventually(
      'there were enough requests',
      () => load.report().sent - before >= forSeconds * perSecondMin || undefined,
      { deadlineMs: forSeconds * slowness * 1000 },
    );
  }

  it('leaves the memory of a data plane where it was after warm-up', async (test) => {
    const load = startFullLoad({
      to: turnpike.addresses,
      ask: { path: '/orders/7', headers: { authorization: `Bearer ${token}` } },
      connections,
    });
    const startedAt = performance.now();
    await loaded(load, warmUpSeconds);
    const course: Kept[] = [await kept()];
    for (let part = 1; part <= parts; part += 1) {
      await loaded(load, seconds / parts);
      course.push(await kept());
    }
    const tookSeconds = Math.round((performance.now() - startedAt) / 1000);
    const report = await load.stop();
    test.diagnostic(JSON.stringify({ tookSeconds, course, ...report }));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses), ['200']);
    assert.ok(report.sent >= (warmUpSeconds + seconds) * perSecondMin);
    const [first, last] = [course[0], course.at(-1)];
    assert.ok(first && last && first.objects > 5);
    assert.ok(last.objects - first.objects < growthMbMax, JSON.stringify(course));
    assert.ok(last.resident - first.resident < residentGrowthMbMax, JSON.stringify(course));
  });
});
