// What Consumers with plans may call, over three data planes that count in a Redis of the cluster: so much a minute, and so
// much a month. A month's end cannot be waited for and no clock be put forward here, so the journey takes the count of
// this month for one of the month before, which is what Redis holds when a month begins. That months begin when the
// calendar of their time zone says is proved in test/dataplane/filters/rate-limit/algorithms/windows.test.ts.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { givenKey } from '#test/given/api-key.ts';
import { turnpike } from '#test/given/command.ts';
import { authPolicyManifest } from '#test/given/manifests.ts';
import { eventually } from '../cluster/eventually.ts';
import type { Answer } from '../turnpike/client.ts';
import { startLoad } from '../turnpike/load.ts';
import { gateway, hasty, shopRoute } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { echo, redis } from './workloads.ts';

const counted = {
  ...hasty,
  replicas: 3,
  rateLimitStore: { type: 'Redis', redis: { secretRef: { name: 'counters', key: 'url' } } },
};

const counters = `
apiVersion: v1
kind: Secret
metadata: { name: counters }
stringData: { url: 'redis://redis.plans.svc.cluster.local:6379/0' }
`;

const plans = `
apiVersion: turnpike.dev/v1alpha1
kind: Plan
metadata: { name: free }
spec:
  limits: [{ name: minute, requests: 100, window: 1m }]
---
apiVersion: turnpike.dev/v1alpha1
kind: Plan
metadata: { name: gold }
spec:
  limits: [{ name: minute, requests: 1000, window: 1m }]
`;

const monthly = `
apiVersion: turnpike.dev/v1alpha1
kind: Plan
metadata: { name: monthly }
spec:
  quotas: [{ name: month, requests: 60, period: Month, timeZone: Europe/Berlin }]
`;

const guesses = `
apiVersion: turnpike.dev/v1alpha1
kind: ProtectionPolicy
metadata: { name: edge }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  bans: [{ name: guesses, statuses: [401], answers: 10, window: 1m, duration: 1h }]
`;

/** Whom there is, by the plan they have. */
const consumers = { ada: 'free', bob: 'free', grace: 'gold', mona: 'monthly', mia: 'missing' } as const;
type Name = keyof typeof consumers;
const names = Object.keys(consumers);

function consumer(name: Name): object {
  const key = givenKey(names.indexOf(name));
  const apiKey = { prefix: key.slice(0, 11), sha256: hash('sha256', key, 'hex') };
  return {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind: 'Consumer',
    metadata: { name },
    spec: { plan: consumers[name], credentials: [{ name: 'first', type: 'APIKey', apiKey }] },
  };
}

const asked = (name: Name) => ({ path: '/', headers: { 'x-api-key': givenKey(names.indexOf(name)) } });

describe('Consumers with plans, at three data planes', () => {
  let journey: Journey;
  let edge: Edge;
  /** Units that were admitted, by Consumer and plan. */
  const used = new Map<string, number>();

  before(async () => {
    journey = await Journey.begin('plans');
    const { images } = journey.site;
    await journey.apply(...redis(images.redis, { keeps: 'All' }), ...echo(images.echo, 'shop'));
    await journey.rolledOut('redis');
    await journey.rolledOut('shop');
    const everybody = authPolicyManifest(
      'shop',
      `
    authenticate: [{ name: keys, type: APIKey, apiKey: { consumerSelector: {} } }]`,
    );
    const objects = [counters, plans, monthly, shopRoute, everybody];
    const all = (names as Name[]).map((name) => consumer(name));
    await journey.apply(...gateway({ parameters: counted }), ...objects, ...all);
    edge = await journey.edge();
    await journey.until('authpolicy/shop', 'Programmed');
    await counting();
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  /** Resolves when each of the three data planes says that it counts in Redis. */
  async function counting(): Promise<void> {
    await journey.rolledOut(journey.infrastructure());
    const wanted = 'turnpike_rate_limit_store_available 1';
    await eventually(wanted, async () => {
      const pods = await journey.dataPlanes();
      const pages = await Promise.all(
        pods.map(async ({ address }) => (await fetch(`http://${address}:9901/metrics`)).text()),
      );
      return (pages.length === 3 && pages.every((page) => page.includes(wanted))) || undefined;
    });
  }

  /** So many requests within two seconds, on 30 connections; and how long it took. */
  async function flood(name: Name, requests: number) {
    const begun = performance.now();
    const load = startLoad({ to: [edge.address], ask: asked(name), rate: requests / 2, connections: 30 });
    await eventually(`${requests} are sent`, () => load.report().sent >= requests || undefined, {
      intervalMs: 2,
    });
    const report = await load.stop();
    return { ...report, seconds: (performance.now() - begun) / 1000 };
  }

  it('100 a minute for free, 1,000 for gold', async (test) => {
    for (const [name, requests] of [
      ['ada', 100],
      ['bob', 100],
      ['grace', 1000],
    ] as const) {
      const { failures, statuses, sent, seconds } = await flood(name, requests * 2);
      test.diagnostic(`${name}: ${JSON.stringify(statuses)} in ${seconds.toFixed(1)} s`);
      assert.deepEqual(failures, {});
      const { 200: admitted = 0, 429: refused = 0 } = statuses;
      assert.equal(admitted + refused, sent);
      used.set(`plans/${name} ${consumers[name]}`, admitted);
      // the bound that docs/guides/rate-limiting.md tells, with leases of 100 ms
      const most = requests + (requests / 60) * (seconds + 0.2);
      assert.ok(admitted >= 0.99 * requests && admitted <= Math.ceil(most), `${admitted} of at most ${most}`);
    }
    const { status } = (await journey.get('plan/free')) as { status: { consumers: number } };
    assert.equal(status.consumers, 2);
  });

  it('what they used is told by all data planes, to those who may ask them', async () => {
    await using ada = await operator('ada');
    await ada.may('list', 'pods');
    assert.match(
      (await ada.usage()).stderr,
      /^turnpike: the right to read pages of data planes in namespace plans is missing \(a Role: verb get; resource pods\/proxy\)\n$/u,
    );
    await ada.may('get,list', 'pods,pods/proxy');
    // Beside them something that runs and has no such page.
    const [shop] = await journey.pods('app=shop');
    const labels = ['managed-by=turnpike', 'component=dataplane'].map((one) => `app.kubernetes.io/${one}`);
    await journey.kubectl('label', 'pod', shop?.name ?? '', ...labels);
    const { code, stdout, stderr } = await ada.usage();
    await journey.kubectl('label', 'pod', shop?.name ?? '', ...labels.map((one) => one.replace(/=.*/u, '-')));
    assert.match(
      stderr,
      /^turnpike: data plane plans\/shop-\S+ tells nothing: the API server does not reach it at port 9901: .+\n$/u,
    );
    assert.equal(code, 1);
    assert.deepEqual(usedIn(stdout), Object.fromEntries(used));
  });

  it('whom a rule has banned is told by all data planes, until an operator lets them in again', async () => {
    const ban = (...args: readonly string[]) =>
      turnpike(['ban', ...args, '--namespace=plans', `--kubeconfig=${journey.site.cluster.kubeconfig}`]);
    const answered = () =>
      edge.ask(asked('grace')).then(
        ({ status }) => status,
        () => 0,
      );
    await journey.apply(guesses);
    await journey.until('protectionpolicy/edge', 'Programmed');
    await eventually('a rule bans us', async () => {
      await Promise.allSettled(Array.from({ length: 12 }, () => edge.ask({ path: '/' })));
      return (await answered()) === 0 || undefined;
    });
    const listed = await ban('list');
    assert.equal(listed.code, 0, listed.stderr);
    const [, us = ''] =
      /^(\S+) {2}Refuse {2}until \S+ {2}ProtectionPolicy plans\/edge bans\/guesses {2}-\n$/u.exec(
        listed.stdout,
      ) ?? [];
    assert.ok(us, listed.stdout);
    const removed = await ban('remove', us);
    assert.equal(removed.code, 0, removed.stderr);
    await eventually('we are let in again', async () => (await answered()) === 200 || undefined);
    await journey.kubectl('delete', 'protectionpolicy/edge');
    await journey.kubectl('delete', 'bans', '--all');
  });

  it('nothing for a plan that is not there, until it is', async () => {
    await journey.until('consumer/mia', 'ResolvedRefs', 'PlanNotFound');
    const { status, body } = await edge.ask(asked('mia'));
    assert.equal(status, 503);
    assert.match(body, /"plan":"missing"/);
    await journey.apply(plans.replace('name: free', 'name: missing'));
    await journey.answers(edge, asked('mia'), 200);
    await journey.until('consumer/mia', 'ResolvedRefs');
  });

  it('a month that restarts and objects made anew do not give again, and its end does', async () => {
    const month = Temporal.Now.zonedDateTimeISO('Europe/Berlin').with({ day: 1 }).startOfDay();
    const secondsToMonthsEnd = () => (month.add({ months: 1 }).epochMilliseconds - Date.now()) / 1000;
    for (let left = 59; left >= 20; left -= 1) {
      const answer = await edge.ask(asked('mona'));
      assert.equal(answer.status, 200);
      assert.equal(remaining(answer), left);
    }
    const told = await edge.ask(asked('mona'));
    assert.equal(remaining(told), 19);
    const untilS = Number(/;t=(\d+)/.exec(field(told))?.[1]);
    assert.ok(Math.abs(untilS - secondsToMonthsEnd()) < 10, `${untilS} s until the month is over`);

    await journey.kubectl('delete', 'plan/monthly', 'consumer/mona');
    await journey.kubectl('exec', 'deployment/redis', '--', 'redis-cli', 'shutdown', 'nosave').catch(String);
    await journey.kubectl('rollout', 'restart', `deployment/${journey.infrastructure()}`);
    await journey.apply(monthly, consumer('mona'));
    await journey.rolledOut('redis');
    await counting();
    const again = await journey.answers(edge, asked('mona'), 200);
    assert.equal(remaining(again), 18);

    const [key = ''] = (await inRedis('--scan', '--pattern', 'turnpike:*:month:*')).split('\n');
    const expiresS = Number(await inRedis('ttl', key));
    assert.ok(Math.abs(expiresS - secondsToMonthsEnd()) < 10, `its count expires in ${expiresS} s`);
    const before = month.subtract({ months: 1 });
    const count = (await inRedis('get', key)).replace(startInRedis(month), startInRedis(before));
    assert.ok(count.startsWith(startInRedis(before)), count);
    await inRedis('set', key, count, 'keepttl');
    assert.equal(remaining(await edge.ask(asked('mona'))), 59);
    const { failures, statuses, sent } = await flood('mona', 100);
    assert.deepEqual(failures, {});
    assert.deepEqual(statuses, { 200: 59, 429: sent - 59 });
  });

  /** Somebody with a token, and no rights but those that are given. */
  async function operator(name: string) {
    const kubectl = (...args: readonly string[]) => journey.kubectl(...args);
    await kubectl('create', 'serviceaccount', name);
    const [token, view] = await Promise.all([
      kubectl('create', 'token', name),
      kubectl('config', 'view', '--raw', '--minify', '--output=json'),
    ]);
    const config = JSON.parse(view) as { users: readonly { readonly name: string }[] };
    const folder = await mkdtemp(path.join(os.tmpdir(), 'operator-'));
    const kubeconfig = path.join(folder, 'kubeconfig');
    const users = config.users.map((one) => ({ name: one.name, user: { token: token.trim() } }));
    await writeFile(kubeconfig, JSON.stringify({ ...config, users }), { mode: 0o600 });
    let roles = 0;
    return {
      async may(verbs: string, resources: string): Promise<void> {
        const role = `${name}-${(roles += 1)}`;
        await Promise.all([
          kubectl('create', 'role', role, `--verb=${verbs}`, `--resource=${resources}`),
          kubectl('create', 'rolebinding', role, `--role=${role}`, `--serviceaccount=plans:${name}`),
        ]);
      },
      usage: () => turnpike(['usage', '--output=json', '--namespace=plans', `--kubeconfig=${kubeconfig}`]),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  }

  function inRedis(...command: readonly string[]): Promise<string> {
    const exec = ['exec', 'deployment/redis', '--', 'redis-cli', ...command];
    return journey.kubectl(...exec).then((told) => told.trim());
  }
});

/** Units by Consumer and plan. */
function usedIn(json: string): Readonly<Record<string, number>> {
  const { usage } = JSON.parse(json) as { usage: readonly Used[] };
  return Object.fromEntries(usage.map(({ consumer, plan, units }) => [`${consumer} ${plan}`, units]));
}

interface Used {
  readonly consumer: string;
  readonly plan: string;
  readonly units: number;
}

/** How a count tells when its window began. */
function startInRedis(start: Temporal.ZonedDateTime): string {
  return String((start.epochMilliseconds - 1_720_000_000_000) * 1000);
}

function field({ headers }: Answer): string {
  return headers.get('ratelimit') ?? '';
}

function remaining(answer: Answer): number {
  return Number(/;r=(\d+)/.exec(field(answer))?.[1]);
}
