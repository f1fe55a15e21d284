// Saving a manifest takes effect at once, and never costs a request.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';
import type { Files, GivenStandalone } from '#test/given/standalone.ts';

test('what is saved is served within 100 ms (a second on a busy machine)', async (t) => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({ 'services.yaml': serviceManifest('shop', shop.port) });
  const tookMs: number[] = [];
  for (let at = 0; at < 10; at += 1) {
    const begunMs = performance.now();
    await turnpike.save({ 'route.yaml': pathRouteManifest('shop', `/${at}`, 'shop') });
    await turnpike.until(`/${at}`, 200);
    tookMs.push(performance.now() - begunMs);
  }
  tookMs.sort((a, b) => a - b);
  t.diagnostic(
    `from saving to the first 200: median ${tookMs[5]?.toFixed(0)} ms, most ${tookMs[9]?.toFixed(0)} ms`,
  );
  assert.ok((tookMs[5] ?? Infinity) < 1_000);
});

test('a file that does not parse keeps what it said, and one line tells where it is wrong', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/shop', 'shop'),
  });
  await turnpike.until('/shop', 200);

  await turnpike.save({ 'route.yaml': 'apiVersion: v1\nkind: [HTTPRoute\n' });
  await eventually(() => assert.equal(problemsOf(turnpike).length, 1));
  const [problem] = problemsOf(turnpike);
  assert.equal(problem?.file, 'route.yaml');
  assert.ok((problem?.line ?? 0) >= 2);
  assert.equal((await turnpike.get('/shop')).status, 200);

  await turnpike.save({ 'route.yaml': pathRouteManifest('shop', '/store', 'shop') });
  await turnpike.until('/store', 200);
  assert.equal((await turnpike.get('/shop')).status, 404);
  assert.deepEqual(problemsOf(turnpike), []);
});

test('what is deleted is 404', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/shop', 'shop'),
  });
  await turnpike.until('/shop', 200);
  await turnpike.remove('route.yaml');
  await turnpike.until('/shop', 404);
});

test('1,000 requests a second while the route changes its backend every 100 ms: none fails, the answers change', async (t) => {
  await using one = await givenBackend('one');
  await using two = await givenBackend('two');
  const to = (service: string): Files => ({ 'route.yaml': pathRouteManifest('shop', '/', service) });
  await using turnpike = await givenStandalone({
    'services.yaml': [serviceManifest('one', one.port), serviceManifest('two', two.port)].join('---'),
    ...to('one'),
  });
  await turnpike.until('/', 200);

  const seconds = 3;
  const over = new AbortController();
  const saving = (async () => {
    for (let at = 1; !over.signal.aborted; at += 1) {
      await turnpike.save(to(at % 2 === 0 ? 'one' : 'two'));
      await setTimeout(100);
    }
  })();
  const { failures, services, changes } = await load(turnpike, seconds);
  over.abort();
  await saving;
  t.diagnostic(`${services.length} requests in ${seconds} s, the backend changed ${changes} times`);
  assert.deepEqual(failures, []);
  assert.equal(services.length, seconds * 1_000);
  assert.ok(changes >= seconds * 3, `${changes} changes`);
});

/** 1,000 requests in each second over kept connections; what answered, in the order of sending. */
async function load(turnpike: GivenStandalone, seconds: number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const failures: string[] = [];
  const sent: Promise<string>[] = [];
  const begunMs = performance.now();
  while (sent.length < seconds * 1_000) {
    const due = Math.min(seconds * 1_000, Math.floor(performance.now() - begunMs));
    while (sent.length < due) sent.push(serviceOf(turnpike, agent, failures));
    await setTimeout(2);
  }
  const services = await Promise.all(sent);
  agent.destroy();
  const changes = services.filter((service, at) => at > 0 && service !== services[at - 1]).length;
  return { failures, services, changes };
}

async function serviceOf(turnpike: GivenStandalone, agent: http.Agent, failures: string[]): Promise<string> {
  try {
    const { status, body } = await turnpike.get('/', { agent });
    if (status !== 200) failures.push(`${status} ${body}`);
    return status === 200 ? (JSON.parse(body) as { service: string }).service : '';
  } catch (error) {
    failures.push(String(error));
    return '';
  }
}

function problemsOf(turnpike: GivenStandalone) {
  return turnpike.folderReports.at(-1)?.problems ?? [];
}
