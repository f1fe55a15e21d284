import { createAccessLog } from '#dataplane/observe/access-log.ts';
import { createMetrics, createObserver } from '#dataplane/observe/metrics.ts';
import type { Metrics } from '#dataplane/observe/metrics.ts';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { backendFigures } from '#test/given/backend-figures.ts';
import { givenRoute, givenRule } from '#test/given/route.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quietFigures } from './given-figures.ts';
import { recordOf } from './given-record.ts';

function given(): { metrics: Metrics; clock: { ms: number } } {
  const clock = { ms: 1000 };
  return { metrics: createMetrics(quietFigures, () => clock.ms), clock };
}

/** The lines of our own metrics. */
async function linesOf(metrics: Metrics): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith('turnpike_'));
}

test('requests are counted by listener, route, rule and code', async () => {
  const { metrics } = given();
  metrics.requests.record(recordOf());
  metrics.requests.record(recordOf({ status: 404 }));
  metrics.requests.record(recordOf());
  metrics.requests.record(
    recordOf({
      route: null,
      rule: null,
      cluster: null,
      attempts: 0,
      status: 404,
      failure: { kind: 'NoRoute' },
    }),
  );
  const lines = await linesOf(metrics);
  const cart = 'listener="web",route="HTTPRoute/shop/cart",rule="0"';
  for (const line of [
    `turnpike_requests_total{${cart},code="200"} 2`,
    `turnpike_requests_total{${cart},code="404"} 1`,
    'turnpike_requests_total{listener="web",route="none",rule="none",code="404"} 1',
    'turnpike_request_failures_total{listener="web",route="none",rule="none",failure="NoRoute"} 1',
    `turnpike_response_bytes_total{${cart}} 360`,
    'turnpike_backend_requests_total{cluster="shop/cart:80",code="200"} 2',
    'turnpike_backend_attempts_total{cluster="shop/cart:80"} 3',
  ]) {
    assert(lines.includes(line), `${line} is not in\n${lines.join('\n')}`);
  }
});

test('durations are a cumulative histogram in seconds', async () => {
  const { metrics } = given();
  for (const durationMs of [0.2, 0.5, 0.6, 99, 40_000]) metrics.requests.record(recordOf({ durationMs }));
  const lines = (await linesOf(metrics)).filter((line) => line.startsWith('turnpike_request_duration'));
  const value = (part: string): string | undefined =>
    lines.find((line) => line.includes(part))?.split(' ')[1];
  assert.equal(value('le="0.0005"'), '2');
  assert.equal(value('le="0.001"'), '3');
  assert.equal(value('le="0.05"'), '3');
  assert.equal(value('le="0.1"'), '4');
  assert.equal(value('le="30"'), '4');
  assert.equal(value('le="+Inf"'), '5');
  assert.equal(value('_count'), '5');
  assert(Math.abs(Number(value('_sum')) - 40.1003) < 1e-9);
});

test('a backend cannot make series without end', async () => {
  const { metrics } = given();
  for (let status = 0; status < 1200; status += 1) metrics.requests.record(recordOf({ status }));
  const codes = (await linesOf(metrics)).filter((line) => line.startsWith('turnpike_requests_total'));
  assert(codes.length < 50);
  const sum = codes.reduce((total, line) => total + Number(line.split(' ')[1]), 0);
  assert.equal(sum, 1200);
  assert(codes.some((line) => line.includes('code="none"} 1')));
  assert(codes.some((line) => line.includes('code="other"} 699')));
});

test('series of routes and clusters that left the configuration go after five minutes', async () => {
  const { metrics, clock } = given();
  const seen = async (part: string): Promise<boolean> =>
    (await linesOf(metrics)).some((line) => line.includes(part));
  metrics.requests.record(recordOf());
  metrics.requests.record(recordOf({ route: 'HTTPRoute/shop/old', cluster: 'shop/old:80' }));
  metrics.requests.record(recordOf({ route: 'TCPRoute/shop/db', protocol: 'TCP', status: 0 }));
  const resources: Resource[] = [
    givenRoute('cart', { rules: [givenRule()] }),
    {
      kind: 'StreamRoute',
      id: resourceId('StreamRoute', 'shop', 'db'),
      name: 'TCPRoute/shop/db',
      createdMs: 0,
      attachments: [],
      backends: [],
    },
    {
      kind: 'Listener',
      createdMs: 0,
      id: resourceId('Listener', 'infra', 'edge', 'web'),
      name: 'web',
      port: 80,
      hostname: '',
      protocol: 'HTTP',
      filters: [],
    },
    {
      kind: 'Cluster',
      id: resourceId('Cluster', 'shop', 'cart', '80'),
      name: 'shop/cart:80',
      endpoints: resourceId('Endpoints', 'shop', 'cart', '80'),
      ...clusterDefaults,
    },
  ];
  metrics.configure(new Map<ResourceId, Resource>(resources.map((each) => [each.id, each])));
  assert(await seen('HTTPRoute/shop/old'));
  clock.ms += 299_000;
  assert(await seen('HTTPRoute/shop/old'));
  clock.ms += 2000;
  assert(!(await seen('HTTPRoute/shop/old')));
  assert(!(await seen('shop/old:80')));
  assert(await seen('HTTPRoute/shop/cart'));
  assert(await seen('TCPRoute/shop/db'));
  assert(await seen('cluster="shop/cart:80"'));
  metrics.requests.record(recordOf({ route: 'HTTPRoute/shop/old', durationMs: clock.ms }));
  assert(await seen('HTTPRoute/shop/old'), 'what began long ago and ends now counts now');
});

test('figures of other rooms are asked for when metrics are, and labels are escaped', async () => {
  const decisions = { Admitted: 3, Refused: 1 };
  const metrics = createMetrics(
    {
      snapshot: () => ({ version: 'v"1\\', ageMs: 1500, connected: true, refused: 0 }),
      revocations: () => [{ list: 'Redis/shop/staff/shop/redis:6379/revoked', ageMs: 500, entries: 2 }],
      authorizations: () => [{ policy: 'shop/auth', entry: 'writers', mode: 'Enforce', refused: 3 }],
      rateLimits: () => ({
        rules: [{ rule: 'shop/limits/user', decisions }],
        store: { type: 'Redis', available: false },
        counters: { bytes: 64, taken: 2, evicted: 0 },
        leases: 1,
        waiting: 0,
      }),
      guesses: () => [{ policy: 'shop/staff', failures: 12, slowed: 3, blocks: 1, refused: 40 }],
      protections: () => [{ policy: 'shop/edge', reason: 'ConnectionRate', mode: 'Enforce', count: 5 }],
      bans: () => [{ cause: 'shop/edge/guesses', mode: 'Enforce', addresses: 2, made: 3 }],
      usage: () => ({
        units: [{ plan: 'gold', consumer: 'shop/acme', units: 7 }],
        journal: { available: true, eventsSent: 5, eventsDropped: 0 },
      }),
      log: () => ({ dropped: 9 }),
      clients: () => 7,
      backends: () => [backendFigures('shop/cart:80')],
    },
    () => 0,
  );
  const lines = await linesOf(metrics);
  for (const line of [
    'turnpike_snapshot_info{version="v\\"1\\\\"} 1',
    'turnpike_snapshot_age_seconds 1.5',
    'turnpike_controller_connected 1',
    'turnpike_rate_limit_decisions_total{rule="shop/limits/user",decision="Refused"} 1',
    'turnpike_rate_limit_store_available{type="Redis"} 0',
    'turnpike_authentication_failures_total{policy="shop/staff"} 12',
    'turnpike_authentication_slowed_total{policy="shop/staff"} 3',
    'turnpike_authentication_blocks_total{policy="shop/staff"} 1',
    'turnpike_authentication_blocked_requests_total{policy="shop/staff"} 40',
    'turnpike_protection_refused_total{policy="shop/edge",reason="ConnectionRate",mode="Enforce"} 5',
    'turnpike_bans{cause="shop/edge/guesses",mode="Enforce"} 2',
    'turnpike_bans_made_total{cause="shop/edge/guesses",mode="Enforce"} 3',
    'turnpike_usage_units_total{plan="gold",consumer="shop/acme"} 7',
    'turnpike_usage_journal_available 1',
    'turnpike_usage_events_sent_total 5',
    'turnpike_access_log_dropped_total 9',
    'turnpike_client_connections 7',
    'turnpike_backend_connections{cluster="shop/cart:80",state="busy"} 3',
    'turnpike_backend_connections{cluster="shop/cart:80",state="idle"} 2',
    'turnpike_backend_connections_opened_total{cluster="shop/cart:80"} 11',
    'turnpike_backend_connections_failed_total{cluster="shop/cart:80"} 12',
    'turnpike_backend_endpoints{cluster="shop/cart:80",state="healthy"} 13',
    'turnpike_backend_endpoints{cluster="shop/cart:80",state="ejected"} 14',
    'turnpike_backend_endpoints{cluster="shop/cart:80",state="failing"} 15',
    'turnpike_backend_breaker_held{cluster="shop/cart:80",limit="connections"} 5',
    'turnpike_backend_breaker_held{cluster="shop/cart:80",limit="retries"} 8',
    'turnpike_backend_breaker_refused_total{cluster="shop/cart:80",limit="pending"} 17',
    'turnpike_backend_breaker_refused_total{cluster="shop/cart:80",limit="requests"} 18',
    'turnpike_backend_retry_budget_exhausted_total{cluster="shop/cart:80"} 20',
    'turnpike_backend_retries_total{cluster="shop/cart:80"} 21',
    'turnpike_backend_hedges_total{cluster="shop/cart:80"} 22',
    'turnpike_backend_mirrors_total{cluster="shop/cart:80"} 23',
    'turnpike_backend_mirrors_dropped_total{cluster="shop/cart:80"} 24',
    'turnpike_backend_ejections_total{cluster="shop/cart:80"} 25',
    'turnpike_backend_checks_total{cluster="shop/cart:80",result="passed"} 26',
    'turnpike_backend_checks_total{cluster="shop/cart:80",result="failed"} 27',
  ]) {
    assert(lines.includes(line), `${line} is not in\n${lines.join('\n')}`);
  }
});

test('the text is well formed, and tells of the process too', async () => {
  const { metrics } = given();
  metrics.requests.record(recordOf());
  const text = await metrics.text();
  assert.match(text, /^process_resident_memory_bytes \d+/m);
  assert.match(text, /^nodejs_eventloop_lag_seconds /m);
  const names = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    const type = /^# TYPE (\S+) (?:counter|gauge|histogram|summary)$/.exec(line);
    if (type?.[1] !== undefined) {
      assert(!names.has(type[1]), `${type[1]} twice`);
      names.add(type[1]);
    } else if (!line.startsWith('# HELP ') && line !== '') {
      assert.match(
        line,
        /^[a-z_\d]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (?:[-+.\de]+|NaN|\+Inf)$/i,
      );
    }
  }
  assert(names.has('turnpike_requests_total'));
});

test('an observer tells metrics, log and bans of each exchange', async () => {
  const { metrics } = given();
  const log = createAccessLog({ fd: 1, wallClock: () => 0 });
  log.enabled = false;
  const answered: number[] = [];
  const bans = { answered: ({ status }: { status: number }) => void answered.push(status) };
  createObserver(metrics, log, bans).exchangeFinished(recordOf({ status: 404 }));
  assert.deepEqual(answered, [404]);
  assert(
    (await linesOf(metrics)).some(
      (line) => line.startsWith('turnpike_requests_total') && line.endsWith(' 1'),
    ),
  );
});
