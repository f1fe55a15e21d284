// One limit over three data planes, counted in a Redis of the cluster: exact while it is there; and when it is killed,
// no request fails for it, none is slow, and no more pass than the limit says, neither then nor when it is back. A signed
// request passes at one of the three.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { signed } from '#test/given/http-signature.ts';
import { authPolicyManifest } from '#test/given/manifests.ts';
import { eventually } from '../cluster/eventually.ts';
import { startLoad } from '../turnpike/load.ts';
import type { Load } from '../turnpike/load.ts';
import type { LoadReport } from '../turnpike/load-count.ts';
import { rate, requests } from './counts.ts';
import { gateway, hasty } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { killPod } from './kill.ts';
import { assertAllServed, told } from './load-report.ts';
import { echo, redis } from './workloads.ts';

const counted = {
  ...hasty,
  replicas: 3,
  rateLimitStore: { type: 'Redis', redis: { secretRef: { name: 'counters', key: 'url' } } },
};

const signingSecret = 'what-an-app-signs-its-requests-with-012345';

const routes = `
apiVersion: v1
kind: Secret
metadata: { name: counters }
stringData: { url: 'redis://redis.shared-limit.svc.cluster.local:6379/0' }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: / } }]
      backendRefs: [{ name: shop, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: wide }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /wide } }]
      backendRefs: [{ name: shop, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: noon }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /noon } }]
      backendRefs: [{ name: shop, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: signed }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /signed } }]
      backendRefs: [{ name: shop, port: 80 }]
---
apiVersion: v1
kind: Secret
metadata: { name: signers }
stringData: { app: ${signingSecret} }
---
${authPolicyManifest(
  'signed',
  `
    authenticate:
      - name: apps
        type: HTTPSignature
        httpSignature:
          keys: { type: SharedSecrets, sharedSecrets: { secretRef: { name: signers } } }
          nonce: Required`,
)}
`;

const noonPerSecond = 30;

const policies = `
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: shop }
spec:
  targetRefs:
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop }
  rules:
    - name: per-key
      key: { type: Header, header: { name: x-api-key }, onUnknownKey: Refuse }
      limits: [{ name: hour, requests: 100, window: 1h, burst: 100 }]
---
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: wide }
spec:
  targetRefs:
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, name: wide }
  rules:
    - name: per-key
      key: { type: Header, header: { name: x-api-key }, onUnknownKey: Refuse }
      limits: [{ name: second, requests: 100000, window: 1s }]
---
apiVersion: turnpike.dev/v1alpha1
kind: RateLimitPolicy
metadata: { name: noon }
spec:
  targetRefs:
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, name: noon }
  rules:
    - name: all
      key: { type: Route }
      limits: [{ name: second, requests: ${noonPerSecond}, window: 1s, burst: ${noonPerSecond} }]
`;

const p99RiseMsMax = 30;
/** What else the machine does only adds to a rise. */
const attemptsMax = 3;
const measuredRate = rate / 2;
/** Of burst and rate together: what Redis' end and return may add to any second. */
const worstSecondMax = 2 * noonPerSecond * 1.15;

describe('Redis dies at noon: limits that three data planes share', () => {
  let journey: Journey;
  let edge: Edge;

  before(async () => {
    journey = await Journey.begin('shared-limit');
    const { images } = journey.site;
    await journey.apply(...redis(images.redis), ...echo(images.echo, 'shop', { replicas: 2 }));
    await journey.rolledOut('redis');
    await journey.rolledOut('shop');
    await journey.apply(...gateway({ parameters: counted }), routes, policies);
    edge = await journey.edge();
    for (const name of ['shop', 'wide', 'noon']) await journey.until(`ratelimitpolicy/${name}`, 'Programmed');
    await journey.until('authpolicy/signed', 'Programmed');
    await journey.rolledOut(journey.infrastructure());
    await counting();
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(async () => {
    await noon?.stop();
    await journey.end();
  });

  const orders = (key: string) => ({ path: '/orders', headers: { 'x-api-key': key } });

  /** 300 requests within two seconds through the Gateway's address, on 30 connections. */
  async function ask300(key: string): Promise<LoadReport> {
    const load = startLoad({ to: [edge.address], ask: orders(key), rate: 150, connections: 30 });
    await eventually('300 are sent', () => load.report().sent >= 300 || undefined, { intervalMs: 2 });
    return load.stop();
  }

  /** Resolves when each of the three data planes says that it counts in Redis (1), or that it does not (0). */
  async function counting(value: 0 | 1 = 1): Promise<void> {
    const wanted = `turnpike_rate_limit_store_available{type="Redis"} ${value}`;
    await eventually(wanted, async () => {
      const pages = await Promise.all((await journey.dataPlanes()).map(({ address }) => metrics(address)));
      return (pages.length === 3 && pages.every((page) => page.includes(wanted))) || undefined;
    });
  }

  /** Gone for good, and without a word: scaled away first, it would be asked to end, and might before it is killed. */
  async function killRedis(): Promise<void> {
    const [pod] = await journey.pods('app=redis');
    assert.ok(pod);
    await killPod(journey, pod);
    await journey.kubectl('scale', 'deployment/redis', '--replicas=0');
  }

  async function startRedis(): Promise<void> {
    await journey.kubectl('scale', 'deployment/redis', '--replicas=1');
    await journey.rolledOut('redis');
    await counting();
  }

  it('admits exactly 100 of 300 for each key, over all of them', async (test) => {
    for (const key of ['ada', 'grace']) {
      const report = await ask300(key);
      test.diagnostic(JSON.stringify(report.statuses));
      assert.deepEqual(report.failures, {});
      assert.deepEqual(report.statuses, { 200: 100, 429: report.sent - 100 });
    }
    const pods = await journey.dataPlanes();
    assert.equal(pods.length, 3);
    const admitted = await Promise.all(pods.map(({ address }) => requestsServed(address)));
    assert.ok(
      admitted.every((count) => count > 0),
      `by each data plane: ${admitted.join()}`,
    );
  });

  it('lets a signed request in once, at whichever of them', async () => {
    const sign = (base: string) => createHmac('sha256', signingSecret).update(base).digest();
    const parameters = `;created=${Math.floor(Date.now() / 1000)};keyid="app";nonce="one"`;
    const signing = { target: '/signed', parameters };
    const headers = Object.fromEntries(signed({ keyid: 'app', sign }, signing));
    // a connection each: at least one of thirty goes to another data plane than the first
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => edge.ask({ path: '/signed', headers })),
    );
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    assert.deepEqual(statuses, [200, ...Array.from({ length: 29 }, () => 401)]);
  });

  /** When a request passed, of three times as many as may: from before Redis dies until it is back. */
  const passed: number[] = [];
  let noon: Load | null = null;

  it('answers no 5xx when Redis is killed, and is at most 30 ms slower for it', async (test) => {
    const load = journey.load(edge, {
      ask: { path: '/wide', headers: { 'x-api-key': 'ada' } },
      rate: measuredRate,
    });
    noon = startLoad({
      to: [edge.address],
      ask: { path: '/noon' },
      rate: 3 * noonPerSecond,
      connections: 30,
      onAnswer: ({ status }) => void (status === 200 && passed.push(performance.now())),
    });
    // What is compiled and connected at the first requests is no question of Redis.
    await load.sent(2 * measuredRate);
    let rise = Infinity;
    for (let attempt = 1; attempt <= attemptsMax && rise > p99RiseMsMax; attempt += 1) {
      if (attempt > 1) await startRedis();
      const before = await journey.during(load, requests / 8, async () => {});
      const killed = await journey.during(load, requests / 8, killRedis);
      test.diagnostic(`before ${told(before)}, killed ${told(killed)}`);
      assertAllServed(killed);
      rise = killed.latencyMs.p99 - before.latencyMs.p99;
    }
    assert.ok(rise <= p99RiseMsMax, `p99 rose by ${rise} ms`);
    await load.stop();
  });

  it('grants each data plane its share while Redis is away', async (test) => {
    await counting(0);
    const report = await ask300('edsger');
    test.diagnostic(JSON.stringify(report.statuses));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses).sort(), ['200', '429']);
    // A third each; which connection went to which of the three is chance.
    const granted = report.statuses['200'] ?? 0;
    assert.ok(granted <= 102 && granted >= 34, `${granted} were admitted by shares`);
  });

  it('comes back to one count when Redis does', async () => {
    await startRedis();
    // A Redis just started that answers later than a request may wait counts as away for that request, which then is
    // counted by both, or refused though Redis has counted it.
    const admitted: number[] = [];
    for (const key of ['barbara', 'donald', 'alan']) {
      admitted.push((await ask300(key)).statuses['200'] ?? 0);
      if ((admitted.at(-1) ?? 0) <= 102) break;
    }
    const last = admitted.at(-1) ?? 0;
    assert.ok(last >= 98 && last <= 102, `${admitted.join()} were admitted by one count`);
  });

  it('has passed no more than the limit and 15 % in any second, before, meanwhile and after', async (test) => {
    assert.ok(noon);
    const from = passed.length;
    await eventually(
      'three seconds with Redis',
      () => passed.length >= from + 3 * noonPerSecond || undefined,
    );
    const report = await noon.stop();
    const within = passed.map((ms, at) => at + 1 - passed.findIndex((other) => other > ms - 1000));
    test.diagnostic(JSON.stringify({ worstSecond: Math.max(...within), ...report.statuses }));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses).sort(), ['200', '429']);
    assert.ok(Math.max(...within) <= worstSecondMax, `${Math.max(...within)} passed in one second`);
  });

  /** How many requests a data plane has answered, by its metrics. */
  async function requestsServed(address: string): Promise<number> {
    const lines = (await metrics(address)).match(/^turnpike_requests_total\{.*\} \d+$/gm) ?? [];
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async function metrics(address: string): Promise<string> {
    return (await fetch(`http://${address}:9901/metrics`)).text();
  }
});
