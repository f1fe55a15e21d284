// What is made shelf by shelf and joined from parts, beside so many routes that there are shelves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Kind, KindMap } from '#crds/kind.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import { equal } from '#controller/translate/sharing.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import { gatewayClass } from '#test/given/objects.ts';
import { input, object, reader } from './objects.ts';
import { keyOf } from './universe.ts';

const edge = gatewayKey('shop', 'edge');

function gateway(ports: readonly number[]): KindMap[Kind] {
  return object({
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: {
      gatewayClassName: 'turnpike',
      listeners: ports.map((port) => ({ name: `l${String(port)}`, protocol: 'HTTP', port })),
    },
  });
}

interface RouteTerms {
  readonly number: number;
  readonly service: number;
  readonly host: number | null;
  readonly listener: number | null;
}

function route({ number, service, host, listener }: RouteTerms): KindMap[Kind] {
  const section = listener === null ? {} : { sectionName: `l${String(listener)}` };
  return object({
    kind: 'HTTPRoute',
    metadata: { name: `r${String(number)}`, namespace: 'shop' },
    spec: {
      parentRefs: [{ name: 'edge', ...section }],
      hostnames: host === null ? [] : [`h${String(host)}.example.com`],
      rules: [{ backendRefs: [{ name: `s${String(service)}`, port: 80 }] }],
    },
  });
}

function service(number: number, port: number): KindMap[Kind] {
  const metadata = { name: `s${String(number)}`, namespace: 'shop' };
  return object({ kind: 'Service', metadata, spec: { ports: [{ port: 80, name: `p${String(port)}` }] } });
}

/** Changes the clusters of all routes to the Service. */
function policy(number: number, seconds: number): KindMap[Kind] {
  return object({
    kind: 'TrafficPolicy',
    metadata: { name: `t${String(number)}`, namespace: 'shop' },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: `s${String(number)}` }],
      connection: { idleTimeout: `${String(seconds)}s` },
    },
  });
}

const services = 5;
const world = [
  gatewayClass(),
  gateway([80, 81]),
  ...Array.from({ length: services }, (_, number) => service(number, 0)),
  ...Array.from({ length: 40 }, (_, number) =>
    route({ number, service: number % services, host: null, listener: null }),
  ),
];

const anyService = fc.nat(services);
const anyChange = fc.record({
  is: fc.constantFrom('Put', 'Put', 'Put', 'Removed'),
  object: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        number: fc.nat(60),
        service: anyService,
        host: fc.option(fc.nat(3)),
        listener: fc.option(fc.constantFrom(80, 81)),
      }).map(route),
    },
    fc.tuple(anyService, fc.nat(1)).map(([number, port]) => service(number, port)),
    fc.tuple(anyService, fc.integer({ min: 5, max: 7 })).map(([number, seconds]) => policy(number, seconds)),
    fc.subarray([80, 81], { minLength: 1 }).map(gateway),
  ),
}); // prettier-ignore

/** Takes nearly all routes away, or brings them back: lists become whole, and shelves again. */
const anyFlood = fc.constantFrom('Few', 'Many');

test('however routes, Services and policies of many change, what is remembered is what is made from scratch', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.array(anyChange, { minLength: 1, maxLength: 5 }) },
    anyFlood,
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
      const translator = createTranslator();
      const objects = new Map(world.map((one) => [keyOf(one), one]));
      let before: ObjectReader | null = null;
      for (const step of steps) {
        if (step === 'Few') {
          for (const [at, one] of world.entries()) if (at > 12) objects.delete(keyOf(one));
        } else if (step === 'Many') {
          for (const one of world) objects.set(keyOf(one), one);
        } else {
          for (const { is, object: one } of step) {
            if (is === 'Put') objects.set(keyOf(one), one);
            else objects.delete(keyOf(one));
          }
        }
        const now = reader([...objects.values()], before);
        const remembered = translator.translate(input(now));
        const fresh = createTranslator().translate(input(now));
        assert.deepEqual(new Map(remembered.snapshots.get(edge)), new Map(fresh.snapshots.get(edge)));
        assert.deepEqual(
          new Map(remembered.endpointSources.get(edge)),
          new Map(fresh.endpointSources.get(edge)),
        );
        assert.ok(equal(remembered, fresh));
        before = now;
      }
    }),
    { numRuns: 60 },
  );
});

test('a route beside a thousand of the same Service renews no resource but its own', () => {
  const terms = { service: 0, host: null, listener: null };
  const routes = Array.from({ length: 1_000 }, (_, number) => route({ ...terms, number }));
  const translator = createTranslator();
  const first = reader([...world.slice(0, 3), ...routes]);
  const before = translator.translate(input(first)).snapshots.get(edge) ?? new Map<string, never>();
  const changed = [...world.slice(0, 3), ...routes.with(7, route({ ...terms, number: 7, host: 1 }))];
  const after = translator.translate(input(reader(changed, first))).snapshots.get(edge) ?? new Map();
  const renewed = [...after].filter(([id, one]) => before.get(id) !== one).map(([id]) => String(id));
  assert.deepEqual(renewed, ['Route/HTTPRoute/shop/r7']);
});
