import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Kind, KindMap } from '#crds/kind.ts';
import { gatewayKey, resourceId } from '#snapshot/ids.ts';
import type { ObjectReader, Observations, RefusedObject } from '#controller/translate/input.ts';
import { equal } from '#controller/translate/sharing.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import type { Translation } from '#controller/translate/translation.ts';
import { gatewayClass } from '#test/given/objects.ts';
import { input, nothingObserved, object, reader } from './objects.ts';
import { anyChange, keyOf } from './universe.ts';

const runs = 150;

/** One data plane for every Gateway there is in the universe. */
const ready: Observations = {
  dataPlanes: new Map(
    ['shop', 'office'].map((namespace) => [
      gatewayKey(namespace, 'edge'),
      { ready: 1, refused: new Map(), unbound: new Map() },
    ]),
  ),
  keys: new Map([
    [
      'Uri/https://id.example.com/jwks',
      {
        keys: [{ kty: 'OKP', kid: 'k', alg: 'EdDSA', n: null, e: null, crv: 'Ed25519', x: '11qY', y: null }],
        problem: null,
      },
    ],
  ]),
  provisioning: new Map(),
  quotas: new Map(),
};

test('a translator with memory says what one without says, whatever came before', () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyChange, { minLength: 1, maxLength: 6 }), { maxLength: 12 }), (steps) => {
      const translator = createTranslator();
      const objects = new Map(world(0).map((one) => [keyOf(one), one]));
      const refused = new Map<string, RefusedObject & { readonly kind: Kind }>();
      let before: ObjectReader | null = null;
      for (const [index, step] of steps.entries()) {
        for (const { key, kind, object } of step) {
          objects.delete(key);
          refused.delete(key);
          if (kind === 'Put') {
            objects.set(key, object);
          } else if (kind === 'Refuse') {
            const problems = [{ path: 'spec', message: 'is odd' }];
            refused.set(key, { kind: object.kind, ...object.metadata, raw: object, problems });
          }
        }
        const now: ObjectReader = reader([...objects.values()], before, [...refused.values()]);
        const observations = index % 3 === 0 ? nothingObserved : ready;
        const remembered = translator.translate(input(now, observations));
        const fresh = createTranslator().translate(input(now, observations));
        assert.deepEqual(remembered, fresh);
        assert.ok(equal(remembered, fresh), 'secrets too');
        before = now;
      }
    }),
    { numRuns: runs },
  );
});

test('what a translation hands out is frozen', () => {
  const translation = createTranslator().translate(input(reader(world(2))));
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (value instanceof Map
      ? [...value.values()].every((part) => frozen(part))
      : Object.isFrozen(value) && Object.values(value).every((part) => frozen(part)));
  assert.ok(frozen(translation));
});

/** A Gateway with an HTTP and two HTTPS listeners, and `count` routes to a Service each. */
function world(count: number): readonly KindMap[Kind][] {
  const numbers = Array.from({ length: count }, (_, index) => String(index));
  return [
    gatewayClass(),
    object({
      kind: 'Gateway',
      metadata: { name: 'edge', namespace: 'shop' },
      spec: {
        gatewayClassName: 'turnpike',
        listeners: [
          { name: 'http', protocol: 'HTTP', port: 80 },
          { name: 'one', protocol: 'HTTPS', port: 443, hostname: 'a.example.com', tls: { certificateRefs: [{ name: 'one' }] } },
          { name: 'two', protocol: 'HTTPS', port: 443, hostname: 'b.example.com', tls: { certificateRefs: [{ name: 'two' }] } },
        ],
      },
    }),
    ...numbers.map((number) => routeTo(number, `s${number}`)),
    ...numbers.map((number) => serviceOf(`s${number}`, 80)),
  ]; // prettier-ignore
}

function routeTo(number: string, service: string): KindMap[Kind] {
  return object({
    kind: 'HTTPRoute',
    metadata: { name: `r${number}`, namespace: 'shop' },
    spec: {
      parentRefs: [{ name: 'edge' }],
      rules: [{ matches: [{ path: { value: `/${number}` } }], backendRefs: [{ name: service, port: 80 }] }],
    },
  });
}

function serviceOf(name: string, port: number): KindMap[Kind] {
  return object({ kind: 'Service', metadata: { name, namespace: 'shop' }, spec: { ports: [{ port }] } });
}

interface Watched {
  /** Puts objects in place of those of their names (or beside them), and tells the work that was done. */
  readonly change: (objects: readonly KindMap[Kind][], observations?: Observations) => readonly string[];
  readonly translation: () => Translation;
}

function watched(objects: readonly KindMap[Kind][]): Watched {
  const work: string[] = [];
  const translator = createTranslator({ trace: (unit, key) => work.push(`${unit} ${key}`) });
  const all = new Map(objects.map((one) => [keyOf(one), one]));
  let now = reader([...all.values()]);
  let translation = translator.translate(input(now));
  return {
    change(changed, observations = nothingObserved) {
      work.length = 0;
      changed.forEach((one) => all.set(keyOf(one), one));
      now = reader([...all.values()], now);
      translation = translator.translate(input(now, observations));
      return work;
    },
    translation: () => translation,
  };
}

const ofRoutes = (work: readonly string[]) =>
  work.filter((one) => /^(route|rules|route status) /.test(one)).sort();

test('of 1,000 routes the one that changes is translated anew, and no other', () => {
  const watch = watched(world(1000));
  const work = watch.change([routeTo('7', 's8')]);
  assert.deepEqual(ofRoutes(work), ['route shop/r7', 'route status shop/r7', 'rules shop/r7']);
  assert.ok(work.length < 20, work.join(', '));
});

test('a route that is the same again changes nothing that is handed out', () => {
  const watch = watched(world(10));
  const before = watch.translation();
  watch.change([routeTo('7', 's7')]);
  assert.equal(watch.translation(), before);
});

test('nothing is done when nothing changes', () => {
  assert.deepEqual(watched(world(10)).change([]), []);
});

test('the birth of a Secret touches the listener that names it, and no route', () => {
  const watch = watched(world(100));
  const secret = object({
    kind: 'Secret',
    metadata: { name: 'two', namespace: 'shop' },
    stringData: { 'tls.crt': 'x' },
  });
  const work = watch.change([secret]); // prettier-ignore
  assert.deepEqual(ofRoutes(work), []);
  assert.deepEqual(
    work.filter((one) => one.startsWith('listener ')),
    ['listener shop/edge/two'],
  );
});

test('a Service that a filter of a listener asks touches that listener, and no route', () => {
  const asking = {
    type: 'ExternalAuth',
    externalAuth: { protocol: 'HTTP', backendRef: { name: 'doorman', port: 80 }, http: {} },
  };
  const edge = object({
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: {
      gatewayClassName: 'turnpike',
      listeners: [
        { name: 'open', protocol: 'HTTP', port: 80 },
        { name: 'asking', protocol: 'HTTP', port: 80, hostname: 'a.example.com', filters: { requests: [asking] } },
      ],
    },
  }); // prettier-ignore
  const watch = watched([...world(100), edge]);
  const filters = () => {
    const resource = watch.translation().snapshots.get(gatewayKey('shop', 'edge'))?.get(listenerId('asking'));
    assert(resource?.kind === 'Listener' && resource.protocol === 'HTTP');
    return resource.filters.map(({ kind }) => kind);
  };
  assert.deepEqual(filters(), ['Closed']);
  const work = watch.change([serviceOf('doorman', 80)]);
  assert.deepEqual(filters(), ['Authenticate']);
  assert.deepEqual(ofRoutes(work), []);
  assert.deepEqual(
    work.filter((one) => one.startsWith('listener ')),
    ['listener shop/edge/asking'],
  );
});

function listenerId(name: string) {
  return resourceId('Listener', 'shop', 'edge', name);
}

test('a Service touches the routes that name it', () => {
  const work = watched(world(100)).change([serviceOf('s5', 81)]);
  assert.deepEqual(ofRoutes(work), ['route shop/r5', 'route status shop/r5', 'rules shop/r5']);
});

test('what data planes tell touches statuses only', () => {
  const work = watched(world(100)).change([], ready);
  assert.deepEqual(ofRoutes(work), []);
  assert.deepEqual(
    work.filter((one) => one.startsWith('snapshot ')),
    [],
  );
});

test('a Gateway whose status alone has changed touches no route', () => {
  const watch = watched(world(100));
  const [, gateway] = world(0);
  assert.ok(gateway?.kind === 'Gateway');
  const renewed = object({ ...gateway, metadata: { ...gateway.metadata, resourceVersion: '2' } });
  assert.deepEqual(ofRoutes(watch.change([renewed])), []);
});

test('unchanged resources and statuses are the same references as before', () => {
  const watch = watched(world(100));
  const before = watch.translation();
  watch.change([routeTo('7', 's8')]);
  const after = watch.translation();
  const changed = after.statuses.filter((one, index) => one !== before.statuses[index]);
  assert.deepEqual(changed, []);
  const [old] = before.snapshots.values();
  const [now] = after.snapshots.values();
  const differing = [...(now ?? [])].filter(([id, one]) => one !== old?.get(id)).map(([id]) => id);
  assert.deepEqual(differing, ['Route/HTTPRoute/shop/r7']);
});
