// One bad object fails only itself: snapshot(good set + bad object) minus what it names is snapshot(good set),
// byte for byte.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Kind, KindMap } from '#crds/kind.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import { bytesOf, good } from './good-world.ts';
import { input, object, reader } from './objects.ts';
import { anyObject } from './universe.ts';

const runs = 600;

const group = 'gateway.networking.k8s.io';

function snapshot(objects: readonly KindMap[Kind][]): ReadonlyMap<string, string> {
  return bytesOf(createTranslator().translate(input(reader(objects))));
}

/** `bad` under a name that no good object has or names. */
function renamed(bad: KindMap[Kind]): KindMap[Kind] {
  return object({ ...bad, metadata: { ...bad.metadata, name: 'bad' } });
}

/** Whether `bad` names a good resource, as its id and its bytes tell, which may therefore change. */
function namedBy(bad: KindMap[Kind]): (id: string, bytes: string) => boolean {
  if (bad.kind === 'ClientPolicy') {
    return (id) => bad.metadata.namespace === 'shop' && id.startsWith('Listener/');
  }
  if (bad.kind === 'BackendTLSPolicy') {
    return (id, bytes) =>
      bad.spec.targetRefs.some(({ name }) =>
        `${id} ${bytes}`.includes(`Cluster/${bad.metadata.namespace}/${name}/`),
      );
  }
  if (bad.kind !== 'AuthPolicy' && bad.kind !== 'RateLimitPolicy' && bad.kind !== 'TrafficPolicy') {
    return () => false;
  }
  const { namespace } = bad.metadata;
  return (id, bytes) =>
    bad.spec.targetRefs.some(({ kind, name }) => {
      switch (kind) {
        // All its routes, and so all that these alone need.
        case 'Gateway':
          return `${namespace}/${name}` === 'shop/edge' && /^(Route|Cluster|RateLimit)\//.test(id);
        case 'ListenerSet':
          return false;
        case 'HTTPRoute':
        case 'GRPCRoute':
          return id === `Route/${kind}/${namespace}/${name}`;
        case 'Ingress':
          return id.startsWith(`Route/Ingress/${namespace}/${name}/`);
        // The cluster, and the routes that send requests to it.
        case 'Service':
          return `${id} ${bytes}`.includes(`Cluster/${namespace}/${name}/`);
        default:
          return kind satisfies never;
      }
    });
}

/** What `bad` may bring with it. */
function broughtBy(bad: KindMap[Kind], id: string): boolean {
  if (bad.kind === 'HTTPRoute') {
    return id.startsWith(`Route/HTTPRoute/${bad.metadata.namespace}/bad`) || id.startsWith('Cluster/');
  }
  if (bad.kind === 'Ingress' || bad.kind === 'Service') {
    const { namespace } = bad.metadata;
    const own = [`Route/${bad.kind}/${namespace}/bad/`, `ServerNames/${namespace}/bad/`, 'Cluster/'];
    return [...own, 'Certificate/', 'Authentication/', 'KeySet/', 'RateLimit/'].some((one) =>
      id.startsWith(one),
    );
  }
  if (bad.kind === 'ClientPolicy') {
    return bad.metadata.namespace === 'shop' && id.startsWith('ClientSettings/');
  }
  if (bad.kind === 'ProtectionPolicy') {
    return bad.metadata.namespace === 'shop' && /^(Protection|AddressList)\//.test(id);
  }
  if (bad.kind === 'TrafficPolicy') {
    return /^(Route|Cluster)\//.test(id);
  }
  return (
    (bad.kind === 'AuthPolicy' || bad.kind === 'RateLimitPolicy') &&
    /^(Authentication|KeySet|RateLimit|Route)\//.test(id)
  );
}

test('a bad object changes nothing but itself and what it names', () => {
  const alone = snapshot(good);
  assert.equal([...alone.keys()].filter((id) => id.startsWith('Route/')).length, 6);
  fc.assert(
    fc.property(anyObject, (any) => {
      const bad = renamed(any);
      const together = snapshot([...good, bad]);
      const isNamed = namedBy(bad);
      for (const [id, bytes] of alone) {
        assert.ok(isNamed(id, bytes) || together.get(id) === bytes, `${id} is as it was`);
      }
      for (const id of together.keys()) {
        assert.ok(alone.has(id) || broughtBy(bad, id), `${id} belongs to the bad ${bad.kind}`);
      }
    }),
    { numRuns: runs },
  );
});

const hostile: readonly (readonly [name: string, manifest: object])[] = [
  ['a regular expression that cannot be', route({ matches: [{ path: { type: 'RegularExpression', value: '(?<' } }] })],
  ['a regular expression that would take for ever', route({ matches: [{ path: { type: 'RegularExpression', value: '^(a+)+$' } }] })],
  ['names of prototypes', route({ backendRefs: [{ name: 'constructor', port: 80 }], name: 'constructor' })],
  ['a filter nobody knows', route({ filters: [{ type: 'ExtensionRef', extensionRef: { group: 'x.dev', kind: '__proto__'.replaceAll('_', ''), name: '__proto__' } }] })],
  ['128 matches', route({ matches: Array.from({ length: 64 }, (_, index) => ({ path: { value: `/${String(index)}` } })) })],
  ['keys at a prototype', {
    kind: 'AuthPolicy', metadata: { name: 'bad', namespace: 'shop' },
    spec: { targetRefs: [{ group, kind: 'HTTPRoute', name: 'none' }], rules: { authenticate: [{ name: 'a', type: 'JWT', jwt: { issuer: 'i', jwks: { type: 'Secret', secretRef: { name: 'constructor', key: 'constructor' } } } }] } },
  }],
  ['a Gateway with a bad certificate', {
    kind: 'Gateway', metadata: { name: 'bad', namespace: 'shop' },
    spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'l0', protocol: 'HTTPS', port: 443, tls: { certificateRefs: [{ name: 'none' }] } }] },
  }],
]; // prettier-ignore

function route(rule: object): object {
  return {
    kind: 'HTTPRoute',
    metadata: { name: 'bad', namespace: 'shop' },
    spec: { parentRefs: [{ name: 'edge' }], rules: [rule] },
  };
}

for (const [name, manifest] of hostile) {
  test(`isolated: ${name}`, () => {
    const alone = snapshot(good);
    const together = snapshot([...good, object(manifest)]);
    assert.deepEqual(new Map([...together].filter(([id]) => !id.includes('/bad'))), alone);
  });
}
