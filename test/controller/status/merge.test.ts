import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasOwnEntries, mergeStatus } from '#controller/status/merge.ts';
import type { MergeContext } from '#controller/status/merge.ts';
import type { DesiredCondition, StatusPart } from '#controller/translate/translation.ts';

const ours = 'turnpike.dev/gateway-controller';
const context: MergeContext = {
  controllerName: ours,
  namespace: 'shop',
  generation: 4,
  liveGeneration: 4,
  now: '2026-01-02T00:00:00Z',
};
const long = '2025-01-01T00:00:00Z';

function accepted(status: 'True' | 'False' = 'True'): DesiredCondition {
  return { type: 'Accepted', status, reason: 'Accepted', message: 'ok' };
}

function live(type: string, status: string, more: object = {}) {
  return {
    type,
    status,
    observedGeneration: 4,
    lastTransitionTime: long,
    reason: 'Accepted',
    message: 'ok',
    ...more,
  };
}

function edge(conditions: readonly DesiredCondition[], sectionName?: string): StatusPart {
  const parentRef = {
    group: 'gateway.networking.k8s.io',
    kind: 'Gateway',
    name: 'edge',
    ...(sectionName === undefined ? {} : { sectionName }),
  };
  return { kind: 'Route', parents: [{ parentRef, conditions }] };
}

test('a status that is as it should be needs no write', () => {
  const parents = [
    {
      parentRef: { name: 'edge' },
      controllerName: ours,
      conditions: [live('Accepted', 'True')],
    },
  ];
  assert.equal(mergeStatus(edge([accepted()]), { parents }, context), null);
  assert.equal(mergeStatus({ kind: 'Route', parents: [] }, undefined, context), null);
});

test("other controllers' entries, duplicates among them, stay as they are and where they are", () => {
  const foreign = {
    parentRef: { name: 'edge', group: 'gateway.networking.k8s.io' },
    controllerName: 'other.example/controller',
    conditions: [live('Accepted', 'False', { odd: ['kept'] })],
  };
  const mine = { parentRef: { name: 'edge' }, controllerName: ours, conditions: [live('Accepted', 'False')] };
  const fields = mergeStatus(edge([accepted()]), { parents: [foreign, mine, foreign] }, context);
  const parents = fields?.['parents'];
  assert(Array.isArray(parents));
  assert.deepEqual(parents[0], foreign);
  assert.deepEqual(parents[2], foreign);
  assert.equal(parents.length, 3);
});

test('the transition time moves with the status, and with nothing else', () => {
  const before = (status: string, observedGeneration: number) => ({
    parents: [
      {
        parentRef: { name: 'edge' },
        controllerName: ours,
        conditions: [live('Accepted', status, { observedGeneration })],
      },
    ],
  });
  const timeOf = (fields: ReturnType<typeof mergeStatus>) => {
    const text = JSON.stringify(fields);
    return /"lastTransitionTime":"([^"]+)"/.exec(text)?.[1];
  };
  assert.equal(timeOf(mergeStatus(edge([accepted()]), before('True', 3), context)), long);
  assert.equal(timeOf(mergeStatus(edge([accepted()]), before('False', 4), context)), context.now);
});

test('what another leader told of a later generation stays until this one has seen it too', () => {
  const entry = (observedGeneration: number, controllerName = ours) => ({
    parentRef: { name: 'edge' },
    controllerName,
    conditions: [live('Accepted', 'False', { observedGeneration })],
  });
  const merged = (parents: readonly object[], liveGeneration: number) =>
    mergeStatus(edge([accepted()]), { parents }, { ...context, liveGeneration });
  assert.equal(merged([entry(5)], 5), null);
  assert.equal(
    mergeStatus({ kind: 'Route', parents: [] }, { parents: [entry(5)] }, { ...context, liveGeneration: 5 }),
    null,
  );
  assert.notEqual(merged([entry(4)], 5), null, 'nobody has told of the later one yet');
  assert.notEqual(merged([entry(3, 'other'), entry(5, 'other')], 5), null, 'of others');
  for (const now of [4, 5])
    assert.notEqual(merged([entry(9)], now), null, 'a generation that the object never had');

  const part: StatusPart = {
    kind: 'Gateway',
    conditions: [accepted()],
    addresses: [],
    listeners: [{ name: 'http', supportedKinds: [], attachedRoutes: 0, conditions: [accepted()] }],
    attachedListenerSets: null,
  };
  const gateway = (own: number, listener: number, type = 'Accepted') =>
    mergeStatus(
      part,
      {
        conditions: [live(type, 'False', { observedGeneration: own })],
        listeners: [
          { name: 'http', conditions: [live('Accepted', 'False', { observedGeneration: listener })] },
        ],
      },
      { ...context, liveGeneration: 5 },
    );
  assert.equal(gateway(5, 4), null);
  assert.equal(gateway(4, 5), null);
  assert.notEqual(gateway(4, 4), null);
  assert.notEqual(gateway(5, 4, 'example.com/Checked'), null, 'of a foreign type');
});

test('own entries of parents that are no longer named are removed', () => {
  const entry = (name: string, controllerName: string) => ({
    parentRef: { name },
    controllerName,
    conditions: [],
  });
  const parents = [entry('old', ours), entry('old', 'other')];
  assert.deepEqual(mergeStatus({ kind: 'Route', parents: [] }, { parents }, context), {
    parents: [entry('old', 'other')],
  });
  assert.equal(hasOwnEntries({ parents }, ours), true);
  assert.equal(hasOwnEntries({ parents: parents.slice(1) }, ours), false);
});

test('parents of one Gateway by different listeners are different entries', () => {
  const parents = [
    {
      parentRef: { name: 'edge', sectionName: 'a' },
      controllerName: ours,
      conditions: [live('Accepted', 'True')],
    },
  ];
  const fields = mergeStatus(edge([accepted()], 'b'), { parents }, context);
  assert.match(JSON.stringify(fields), /"sectionName":"b"/);
  assert.doesNotMatch(JSON.stringify(fields), /"sectionName":"a"/);
});

test('a list that is full of foreign entries is not made longer than the API allows', () => {
  const parents = Array.from({ length: 32 }, (_, at) => ({
    parentRef: { name: `g${at}` },
    controllerName: 'other',
    conditions: [],
  }));
  assert.equal(mergeStatus(edge([accepted()]), { parents }, context), null);
});

test('conditions of foreign types stay, own ones that no longer hold go', () => {
  const part: StatusPart = {
    kind: 'Gateway',
    conditions: [accepted()],
    addresses: [{ type: 'IPAddress', value: '10.0.0.1' }],
    listeners: [{ name: 'http', supportedKinds: [], attachedRoutes: 2, conditions: [accepted()] }],
    attachedListenerSets: null,
  };
  const before = {
    conditions: [
      live('example.com/Checked', 'True'),
      live('turnpike.dev/AuthPolicyAffected', 'True'),
      live('Accepted', 'True'),
    ],
    addresses: [{ type: 'IPAddress', value: '10.0.0.1' }],
    listeners: [
      {
        name: 'http',
        supportedKinds: [],
        attachedRoutes: 1,
        conditions: [live('Accepted', 'True'), live('example.com/Seen', 'True')],
      },
      { name: 'gone', supportedKinds: [], attachedRoutes: 0, conditions: [] },
    ],
  };
  assert.deepEqual(mergeStatus(part, before, context), {
    conditions: [live('example.com/Checked', 'True'), live('Accepted', 'True')],
    listeners: [
      {
        name: 'http',
        supportedKinds: [],
        attachedRoutes: 2,
        conditions: [live('Accepted', 'True'), live('example.com/Seen', 'True')],
      },
    ],
  });
});

test('a policy that leaves takes its own ancestors, conditions and targets with it', () => {
  const foreign = { ancestorRef: { name: 'edge' }, controllerName: 'other', conditions: [] };
  const before = {
    conditions: [live('Accepted', 'True')],
    targets: '1/1',
    ancestors: [{ ...foreign, controllerName: ours }, foreign],
  };
  const leaving: StatusPart = { kind: 'Policy', conditions: [], targets: '', ancestors: [] };
  assert.deepEqual(mergeStatus(leaving, before, context), {
    conditions: [],
    targets: null,
    ancestors: [foreign],
  });
});

test('the features of a GatewayClass are as they should be, whatever stood there', () => {
  const part: StatusPart = {
    kind: 'GatewayClass',
    conditions: [],
    supportedFeatures: ['Gateway', 'HTTPRoute'],
  };
  const wanted = [{ name: 'Gateway' }, { name: 'HTTPRoute' }];
  assert.deepEqual(mergeStatus(part, {}, context)?.['supportedFeatures'], wanted);
  const old = { conditions: [], supportedFeatures: [{ name: 'Gateway' }, { name: 'TCPRoute' }] };
  assert.deepEqual(mergeStatus(part, old, context), { supportedFeatures: wanted });
  assert.equal(mergeStatus(part, { conditions: [], supportedFeatures: wanted }, context), null);
});

test('what a consumer has used is written once, and never falls before the period ends', () => {
  const quota = (used: number, more: object = {}) => ({
    name: 'day',
    plan: 'gold',
    used,
    requests: 100,
    ends: '2026-01-03T00:00:00Z',
    ...more,
  });
  const merged = (quotas: readonly ReturnType<typeof quota>[], before: readonly object[]) =>
    mergeStatus(
      { kind: 'Consumer', conditions: [], plan: { name: 'gold', quotas: ['day'] }, quotas },
      { conditions: [], quotas: before },
      context,
    );
  assert.deepEqual(merged([quota(80)], []), { quotas: [quota(80)] });
  assert.equal(merged([quota(80)], [quota(80)]), null);
  assert.deepEqual(merged([quota(90)], [quota(80)]), { quotas: [quota(90)] });
  assert.equal(merged([quota(80)], [quota(90)]), null, 'of another data plane');
  assert.equal(merged([], [quota(90)]), null, 'a controller that has heard of nothing yet');
  const ended = quota(90, { ends: '2026-01-02T00:00:00Z' });
  assert.deepEqual(merged([], [ended]), { quotas: [] });
  assert.deepEqual(merged([quota(80)], [ended]), { quotas: [quota(80)] });
  assert.deepEqual(merged([], [quota(90, { plan: 'free' })]), { quotas: [] }, 'of a plan it has no more');
  assert.deepEqual(merged([], [quota(90, { name: 'month' })]), { quotas: [] }, 'that the plan has no more');
  assert.deepEqual(merged([], [quota(90, { ends: 'never' })]), { quotas: [] });
});

test('an Ingress has the addresses that are told, and loses them with its class unless others wrote some', () => {
  const addresses = [
    { type: 'IPAddress', value: '10.0.0.1' },
    { type: 'Hostname', value: 'edge.example.com' },
  ];
  const told = { ingress: [{ ip: '10.0.0.1' }, { hostname: 'edge.example.com' }] };
  const ours: StatusPart = { kind: 'Ingress', addresses, former: null };
  assert.deepEqual(mergeStatus(ours, { loadBalancer: {} }, context), { loadBalancer: told });
  assert.deepEqual(mergeStatus(ours, undefined, context), { loadBalancer: told });
  assert.equal(mergeStatus(ours, { loadBalancer: told }, context), null);
  const ports = { ingress: [{ ip: '10.0.0.1', ports: [] }, { hostname: 'edge.example.com' }] };
  assert.equal(mergeStatus(ours, { loadBalancer: ports }, context), null);
  const none: StatusPart = { kind: 'Ingress', addresses: [], former: null };
  assert.deepEqual(mergeStatus(none, { loadBalancer: told }, context), { loadBalancer: null });
  assert.equal(mergeStatus(none, { loadBalancer: {} }, context), null);

  const leaving: StatusPart = { kind: 'Ingress', addresses: [], former: addresses };
  assert.deepEqual(mergeStatus(leaving, { loadBalancer: told }, context), { loadBalancer: null });
  assert.equal(mergeStatus(leaving, { loadBalancer: { ingress: [{ ip: '10.9.9.9' }] } }, context), null);
});

test('of more conditions than the API allows those that come first are written, beside the foreign ones', () => {
  const wanted = Array.from({ length: 11 }, (_, at) => ({
    ...accepted(),
    type: `turnpike.dev/C${String(at)}`,
  }));
  const typesOf = (before: readonly object[]) => {
    const part = { kind: 'Ban', conditions: wanted } as const;
    const conditions = mergeStatus(part, { conditions: before }, context)?.['conditions'];
    assert(Array.isArray(conditions));
    return conditions.map((one: { readonly type: string }) => one.type);
  };
  const numbered = (count: number) => wanted.slice(0, count).map(({ type }) => type);
  assert.deepEqual(typesOf([]), numbered(8));
  assert.deepEqual(typesOf([live('other.example/Mood', 'True')]), ['other.example/Mood', ...numbered(7)]);
});

test('a message is no longer than what a status of many conditions has room for, and ends with a whole character', () => {
  const part: StatusPart = {
    kind: 'Ban',
    conditions: [{ ...accepted(), message: `a${'\u{1F600}'.repeat(40_000)}` }],
  };
  const fields = mergeStatus(part, {}, context);
  const [condition] = (fields?.['conditions'] ?? []) as readonly { readonly message: string }[];
  const { message } = condition ?? assert.fail();
  assert.ok(message.length <= 4096 && message.endsWith(' ...'));
  assert.ok(message.isWellFormed());
  assert.equal(mergeStatus(part, fields, context), null);
});

test('a Gateway with more addresses than the API allows tells the first', () => {
  const addresses = Array.from({ length: 20 }, (_, at) => ({
    type: 'IPAddress',
    value: `192.0.2.${String(at)}`,
  }));
  const part: StatusPart = {
    kind: 'Gateway',
    conditions: [],
    addresses,
    listeners: [],
    attachedListenerSets: null,
  };
  assert.deepEqual(mergeStatus(part, {}, context)?.['addresses'], addresses.slice(0, 16));
});
