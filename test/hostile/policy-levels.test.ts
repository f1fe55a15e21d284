// A tenant tries to widen what the platform closed, in every way the grammar has: policies, made at random, of all
// levels and namespaces, are translated, told, compiled and asked; an evaluation of a page says what should come of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTranslator } from '#controller/translate/translate.ts';
import type { Compiled } from '#dataplane/compile/compiler.ts';
import { decodeResource } from '#snapshot/decode.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { input, object, reader } from '#test/controller/translate/objects.ts';
import { givenCompiler, ruleFor, type GivenCompiler } from '#test/dataplane/compile/given-compiler.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { passes, type Asked } from './policy-oracle.ts';
import {
  keyOf,
  listeners,
  manifests,
  namespaces,
  people,
  ruleNames,
  tenants,
  world,
  type Policy,
  type World,
} from './policy-world.ts';

const keys: readonly Asked['key'][] = [
  null,
  'stranger',
  ...namespaces.flatMap((namespace) => people.map((person) => ({ namespace, person }))),
];

/** Every request there is. */
const all: readonly Asked[] = tenants.flatMap((tenant) =>
  ruleNames.flatMap((rule) =>
    listeners.flatMap(({ name: listener }) =>
      ['GET', 'PUT'].flatMap((method) => keys.map((key) => ({ tenant, rule, listener, method, key }))),
    ),
  ),
);

/** `world` as a data plane serves it, after whatever it served before. */
function served({ compile }: GivenCompiler, given: World): Compiled {
  const { snapshots } = createTranslator().translate(
    input(reader(manifests(given).map((one) => object(one)))),
  );
  const resources = [...(snapshots.get(gatewayKey('infra', 'edge')) ?? new Map()).values()];
  return compile(...resources.map((one) => decodeResource(encodeResource(one))));
}

async function isServed(
  compiled: Compiled,
  { tenant, rule, listener, method, key }: Asked,
): Promise<boolean> {
  const path = `/${tenant}/${rule}`;
  const port = listeners.find(({ name }) => name === listener)?.port ?? 0;
  const found = ruleFor(compiled, path, { port });
  assert.ok(found !== null, `${path} at ${listener} has a rule`);
  if (found.action.kind !== 'Forward') return false;
  const shown =
    key === null ? [] : [key === 'stranger' ? keyOf('nowhere', 'eve') : keyOf(key.namespace, key.person)];
  const fields = shown.map((one) => ['x-api-key', one] as const);
  const exchange = givenExchange(givenRequest({ method, target: path, fields }));
  for (const filter of found.requestFilters) {
    if ((await filter.apply(exchange)) !== null) return false;
  }
  return true;
}

async function reached(compiled: Compiled): Promise<readonly string[]> {
  const found = await Promise.all(
    all.map(async (one) => ((await isServed(compiled, one)) ? [told(one)] : [])),
  );
  return found.flat();
}

function told(asked: Asked): string {
  return JSON.stringify(asked);
}

test('who passes is who should by the words of the guide, whatever policies there are', async (t) => {
  const plane = givenCompiler(t);
  let open = 0;
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      const expected = all.filter((one) => passes(given, one)).map(told);
      open += expected.length;
      assert.deepEqual(await reached(served(plane, given)), expected);
    }),
    { numRuns: 400 },
  );
  assert.ok(open > 400, 'not everything is closed');
});

test('no tenant opens what the platform closed, but for its defaults', async (t) => {
  const plane = givenCompiler(t);
  await fc.assert(
    fc.asyncProperty(world, async (any) => {
      const isDefault = ({ namespace, layer }: Policy) => namespace === 'infra' && layer === 'defaults';
      const given = { ...any, policies: any.policies.filter((one) => !isDefault(one)) };
      const ofPlatform = given.policies.filter(({ namespace }) => namespace === 'infra');
      const alone = { ...given, policies: ofPlatform, pulled: {}, required: false };
      const open = new Set(await reached(served(plane, alone)));
      const opened = (await reached(served(plane, given))).filter((one) => !open.has(one));
      assert.deepEqual(opened, []);
    }),
    { numRuns: 200 },
  );
});
