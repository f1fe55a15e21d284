// One limit over three data planes, counted in a real Redis: exact while Redis is there, each data plane's own share
// when it is gone, and never an error for it.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { burst, startLoad } from '../turnpike/load.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Redis } from '../turnpike/redis.ts';
import { Turnpike, edgeGateway } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo } from '../turnpike/echo.ts';

/** Counters in Redis, for all Gateways of the class. */
const parameters = (url: string) => `
apiVersion: v1
kind: Secret
metadata: { name: redis, namespace: turnpike-system }
stringData: { url: '${url}' }
---
apiVersion: turnpike.dev/v1alpha1
kind: GatewayParameters
metadata: { name: turnpike, namespace: turnpike-system }
spec:
  rateLimitStore:
    type: Redis
    redis: { secretRef: { name: redis, key: url } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: turnpike }
spec:
  controllerName: turnpike.dev/gateway-controller
  parametersRef: { group: turnpike.dev, kind: GatewayParameters, name: turnpike, namespace: turnpike-system }
`;

const policy = `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: shop, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }]
  rules:
    - name: per-client
      limits: [{ name: minute, requests: 100, window: 1m, burst: 100 }]
`;

const perSecond = 100 / 60;
const offeredPerSecond = 10;
const seconds = process.env['TURNPIKE_LONG'] === '1' ? 300 : 15;

describe('a limit that three data planes share', () => {
  let turnpike: Turnpike;
  let echo: Echo;
  let redis: Redis;

  before(async () => {
    redis = await Redis.start();
    echo = await startEcho('shop-1', addressIn('backend', 1));
    turnpike = await Turnpike.install();
    await turnpike.apply(...edgeGateway(3), parameters(redis.url));
    await turnpike.startDataPlanes(3);
    await turnpike.apply(
      ...service('shop', [{ address: echo.address }]),
      httpRoute('shop', '/', 'shop'),
      policy,
    );
    await turnpike.until('ratelimitpolicy/shop', 'Programmed', 'True');
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await echo.stop();
    await redis.stop();
  });

  it('admits exactly 100 of 400 that come at once, then burst + rate x time', async (test) => {
    const load = { to: turnpike.addresses, ask: { path: '/' }, from: addressIn('client', 1) };
    const startedAt = performance.now();
    const atOnce = await burst({ ...load, count: 400 });
    const tookMs = Math.round(performance.now() - startedAt);
    test.diagnostic(JSON.stringify({ tookMs, ...atOnce }));
    assert.deepEqual(atOnce.failures, {});
    // On a machine that is too slow for all to be at once, one more for each 600 ms that they took.
    const grown = Math.floor((tookMs / 1000) * perSecond);
    const { 200: first = 0, 429: refused = 0 } = atOnce.statuses;
    assert.equal(first + refused, 400);
    assert.ok(first >= 100 && first <= 100 + grown, `${first} of 400 admitted in ${tookMs} ms`);

    const steady = startLoad({ ...load, rate: offeredPerSecond });
    await pause(seconds * 1000);
    const report = await steady.stop();
    const passedSeconds = (performance.now() - startedAt) / 1000;
    const admitted = first + (report.statuses['200'] ?? 0);
    const expected = 100 + perSecond * passedSeconds;
    test.diagnostic(JSON.stringify({ passedSeconds, admitted, expected, ...report }));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses).sort(), ['200', '429']);
    // Never more; and less only by what the last moments would have granted, in which nobody asked.
    assert.ok(
      admitted <= expected + 1 && admitted >= expected - 2,
      `${admitted} admitted, ${expected} expected`,
    );
  });

  it('never fails a request when Redis is killed, and comes back to one count', async (test) => {
    const load = { to: turnpike.addresses, ask: { path: '/' }, from: addressIn('client', 2) };
    const running = startLoad({ ...load, rate: 300 });
    const admitted = () => running.report().statuses['200'] ?? 0;
    await eventually('the limit is used up', () => (admitted() >= 100 ? true : undefined));
    await redis.kill();
    await eventually('the load has met the dead Redis for two seconds', async () => {
      const before = running.report().sent;
      return (
        (await eventually('600 requests', () => (running.report().sent - before > 600 ? true : undefined))) &&
        true
      );
    });
    const withoutRedis = running.report();
    test.diagnostic(JSON.stringify({ withoutRedis }));
    assert.deepEqual(withoutRedis.failures, {});
    assert.deepEqual(Object.keys(withoutRedis.statuses).sort(), ['200', '429']);

    const fresh = await burst({ ...load, from: addressIn('client', 3), count: 400 });
    test.diagnostic(JSON.stringify({ fresh }));
    // Each of three data planes grants its third: 33 or 34 of the burst.
    const granted = fresh.statuses['200'] ?? 0;
    assert.ok(granted >= 99 && granted <= 102, `${granted} admitted by their own shares`);

    await redis.start();
    await eventually('all data planes count in Redis again', async () => {
      const from = addressIn('client', 10 + Math.floor(Math.random() * 200));
      const onOne = await burst({ ...load, to: turnpike.addresses.slice(0, 1), from, count: 110 });
      return (onOne.statuses['200'] ?? 0) >= 100 || undefined;
    });
    const report = await running.stop();
    test.diagnostic(JSON.stringify({ report }));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses).sort(), ['200', '429']);
  });
});
