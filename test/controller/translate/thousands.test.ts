// What thousands of objects that one tenant writes cost the translation of all, where each of them once cost a look at all
// others. In milliseconds of this thread, with much room: it was seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTranslator } from '#controller/translate/translate.ts';
import { guards, manyRoutes, type ManyObject } from '#test/given/many-policies.ts';
import { issuerKey } from '#test/given/token.ts';
import { gatewayClass } from '#test/given/objects.ts';
import { input, object, reader, refusedObject } from './objects.ts';

const { jwk } = await issuerKey('one');
const group = 'gateway.networking.k8s.io';

function costOf(work: () => unknown): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

test('a change of one route costs no more for thousands of policies that put one of their Gateway aside', () => {
  const jwt = {
    issuer: 'https://id.example.com',
    jwks: { type: 'ConfigMap', configMapRef: { name: 'keys', key: 'jwks.json' } },
  };
  const ofGateway = object({
    kind: 'AuthPolicy',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: {
      targetRefs: [{ group, kind: 'Gateway', name: 'edge' }],
      defaults: { rules: { authenticate: [{ name: 'all', type: 'JWT', jwt }] } },
    },
  });
  const count = 3_000;
  const objects = [...manyRoutes(count, 80, jwk), ...guards(count, () => null), ofGateway];
  const first = reader(objects);
  const translator = createTranslator();
  translator.translate(input(first));
  const [freed = assert.fail()] = guards(1, () => "request.method == 'GET'");
  const changed = objects.map((one) => (one.kind === freed.kind && one.metadata.name === 'r0' ? freed : one));
  const costMs = costOf(() => translator.translate(input(reader(changed, first))));
  assert.ok(costMs < 200, `${String(costMs)} ms`);
});

test('policies that cannot be read cost each route no look at all of them', () => {
  const targetRefs = Array.from({ length: 16 }, (_, at) => ({
    group,
    kind: 'HTTPRoute',
    name: `none${String(at)}`,
  }));
  const refused = Array.from({ length: 1_000 }, (_, at) => {
    const metadata = { name: `p${String(at)}`, namespace: 'shop' };
    return refusedObject({ kind: 'AuthPolicy', metadata, spec: { none: true, targetRefs } }) ?? assert.fail();
  });
  const objects = manyRoutes(300, 80, jwk);
  const translate = (all: typeof refused) => createTranslator().translate(input(reader(objects, null, all)));
  translate([]);
  const without = costOf(() => translate([]));
  const costMs = costOf(() => translate(refused)) - without;
  assert.ok(costMs < 500, `${String(costMs)} ms beside ${String(without)} ms`);
});

test('policies for the clients of ListenerSets cost each of them no look at all listeners', () => {
  const sets = Array.from({ length: 100 }, (_, set) => ({
    name: `s${String(set)}`,
    namespace: `team-${String(set)}`,
  }));
  const listeners = (metadata: { readonly name: string }, count: number) =>
    Array.from({ length: count }, (_, at) => ({
      name: `l${String(at)}`,
      protocol: 'HTTP',
      port: 80,
      hostname: `${String(at)}.${metadata.name}.example.com`,
    }));
  const setOf = (metadata: (typeof sets)[number], count: number) =>
    object({
      kind: 'ListenerSet',
      metadata,
      spec: { parentRef: { name: 'edge', namespace: 'shop' }, listeners: listeners(metadata, count) },
    });
  const objects = [
    gatewayClass(),
    object({
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: 'shop' },
      spec: {
        gatewayClassName: 'turnpike',
        allowedListeners: { namespaces: { from: 'All' } },
        listeners: [{ name: 'http', protocol: 'HTTP', port: 8080 }],
      },
    }),
    ...sets.map((metadata) => setOf(metadata, 10)),
    ...sets.map((metadata) =>
      object({
        kind: 'ClientPolicy',
        metadata,
        spec: {
          targetRefs: [{ group, kind: 'ListenerSet', name: metadata.name }],
          timeouts: { idle: '30s' },
        },
      }),
    ),
  ];
  const first = reader(objects);
  const translator = createTranslator();
  translator.translate(input(first));
  const [changing = assert.fail()] = sets;
  const changed = objects.map((one) =>
    one.kind === 'ListenerSet' && one.metadata.name === changing.name ? setOf(changing, 11) : one,
  );
  const costMs = costOf(() => translator.translate(input(reader(changed, first))));
  assert.ok(costMs < 200, `${String(costMs)} ms`);
});

test('each of thousands of ReferenceGrants is read once, however many refer to their namespace', () => {
  const routes = manyRoutes(0, 80, jwk);
  const referring = Array.from({ length: 50 }, (_, at) =>
    object({
      kind: 'HTTPRoute',
      metadata: { name: `r${String(at)}`, namespace: 'shop' },
      spec: {
        parentRefs: [{ name: 'edge' }],
        rules: [{ backendRefs: [{ name: `s${String(at)}`, namespace: 'stock', port: 80 }] }],
      },
    }),
  );
  let reads = 0;
  const grants = Array.from({ length: 50 }, (_, at) => {
    const grant = object({
      kind: 'ReferenceGrant',
      metadata: { name: `g${String(at)}`, namespace: 'stock' },
      spec: {
        from: [{ group, kind: 'HTTPRoute', namespace: 'shop' }],
        to: [{ group: '', kind: 'Service', name: `s${String(at)}` }],
      },
    });
    assert.ok(grant.kind === 'ReferenceGrant');
    const { spec, ...others } = grant;
    return {
      ...others,
      get spec() {
        reads += 1;
        return spec;
      },
    };
  });
  createTranslator().translate(input(reader([...routes, ...referring, ...grants])));
  assert.ok(reads < 5 * grants.length, String(reads));
});

test('the callers of a Service are found once for all policies that are attached to it', () => {
  const asked = new Map<string, number>();
  const translator = createTranslator({
    trace: (unit) => void asked.set(unit, (asked.get(unit) ?? 0) + 1),
  });
  const metadata = (name: string) => ({ name, namespace: 'shop' });
  const policies = Array.from({ length: 20 }, (_, at) =>
    object({
      kind: 'BackendTLSPolicy',
      metadata: metadata(`p${String(at)}`),
      spec: {
        targetRefs: [{ group: '', kind: 'Service', name: 'cart' }],
        validation: { hostname: 'cart.example.com', wellKnownCACertificates: 'System' },
      },
    }),
  );
  const { statuses } = translator.translate(input(reader([...manyRoutes(20, 80, jwk), ...policies])));
  assert.equal(
    statuses.filter(({ object: { kind } }) => kind === 'BackendTLSPolicy').length,
    policies.length,
  );
  assert.equal(asked.get('callers of a service'), 1);
});

test('what policies ask of all routes is found once for all of them', () => {
  const asked = new Map<string, number>();
  const translator = createTranslator({
    trace: (unit) => void asked.set(unit, (asked.get(unit) ?? 0) + 1),
  });
  const routes = manyRoutes(20, 80, jwk);
  const policies = routes.flatMap(({ kind, metadata }) => {
    if (kind !== 'HTTPRoute') return [];
    const targetRefs = [{ group, kind, name: metadata.name }];
    const limits = [{ name: 'minute', requests: 9, window: '1m' }];
    const rules = [{ name: 'each', key: { type: 'Consumer' }, limits }];
    return [
      object({
        kind: 'RateLimitPolicy',
        metadata: { name: metadata.name, namespace: 'shop' },
        spec: { targetRefs, rules },
      }),
    ];
  });
  const { notices } = translator.translate(input(reader([...routes, ...policies])));
  assert.equal(notices.filter(({ reason }) => reason === 'CallersUnknown').length, 20);
  assert.equal(asked.get('unguarded routes'), 1);
});

/** Gateway shop/edge, and an Ingress there with 500 paths. */
function manyPaths(
  serviceOf: (at: number) => string,
  annotations: Readonly<Record<string, string>> = {},
): readonly ManyObject[] {
  const metadata = { name: 'edge', namespace: 'shop' };
  const parameters = { apiGroup: group, kind: 'Gateway', scope: 'Namespace', ...metadata };
  const paths = Array.from({ length: 500 }, (_, at) => {
    const backend = { service: { name: serviceOf(at), port: { number: 80 } } };
    return { path: `/${String(at)}`, pathType: 'Exact', backend };
  });
  return [
    ...manyRoutes(0, 80, jwk),
    object({
      kind: 'IngressClass',
      metadata: { name: 'turnpike' },
      spec: { controller: 'turnpike.dev/gateway-controller', parameters },
    }),
    object({
      kind: 'Ingress',
      metadata: { ...metadata, annotations },
      spec: { ingressClassName: 'turnpike', rules: [{ http: { paths } }] },
    }),
  ];
}

test('of policies that an annotation names there are few, for each holds for thousands of paths', () => {
  const policies = Array.from({ length: 500 }, (_, at) => `AuthPolicy/p${String(at)}`).join();
  const asked: string[] = [];
  const translator = createTranslator({ trace: (unit, key) => void asked.push(`${unit} ${key}`) });
  const objects = manyPaths(() => 'cart', { 'turnpike.dev/policies': policies });
  const { snapshots, notices } = translator.translate(input(reader(objects)));
  assert.equal(asked.filter((one) => one.includes('/p')).length, 0);
  assert.ok(notices.some(({ message }) => message.includes('500 policies')));
  const [snapshot] = snapshots.values();
  const routes = [...(snapshot?.values() ?? [])].flatMap((one) => (one.kind === 'Route' ? [one] : []));
  assert.deepEqual(
    [...new Set(routes.flatMap(({ rules }) => rules.map(({ action }) => action.kind)))],
    ['Closed'],
  );
});

test('of what is wrong with an object the first is told, for all of it is gone through with each change', () => {
  const { notices } = createTranslator().translate(input(reader(manyPaths((at) => `none${String(at)}`))));
  const told = notices.filter(({ object: { kind } }) => kind === 'Ingress');
  assert.equal(told.length, 17);
  assert.match(told.at(-1)?.message ?? '', /^484 more problems /);
});
