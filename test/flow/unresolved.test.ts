// What cannot be resolved answers 500 at its own place, and what stands behind it in the order of precedence gets none
// of its requests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { pathRouteManifest, routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

const at = (path: string, rest: string): string =>
  `{ matches: [{ path: { type: Exact, value: ${path} } }], ${rest} }`;
const toShop = 'backendRefs: [{ name: shop, port: 80 }]';
const filter = (text: string): string => `filters: [{ ${text} }], ${toShop}`;

const closed: Readonly<Record<string, string>> = {
  '/missing': 'backendRefs: [{ name: missing, port: 80 }]',
  '/port': 'backendRefs: [{ name: shop, port: 81 }]',
  '/kind': 'backendRefs: [{ group: example.com, kind: Bucket, name: shop, port: 80 }]',
  '/elsewhere': 'backendRefs: [{ name: shop, namespace: elsewhere, port: 80 }]',
  '/none': 'backendRefs: []',
  '/unweighted': 'backendRefs: [{ name: shop, port: 80, weight: 0 }]',
  '/filter':
    'filters: [{ type: ExtensionRef, extensionRef: { group: example.com, kind: Magic, name: none } }], ' +
    toShop,
  '/policy': filter(
    'type: ExtensionRef, extensionRef: { group: turnpike.dev, kind: AuthPolicy, name: none }',
  ),
  '/asked': filter(
    'type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: missing, port: 80 }, http: { path: /check } }',
  ),
};

test('each rule that cannot be served answers 500, and neither rules nor routes behind it get its requests', async () => {
  await using shop = await givenBackend('shop');
  const rules = Object.entries(closed).flatMap(([path, rest]) => [at(path, rest), at(path, toShop)]);
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'rest.yaml': pathRouteManifest('rest', '/', 'shop'),
    // Split, as a route has 16 rules at most.
    'first.yaml': routeManifest('first', `[${rules.slice(0, 10).join(', ')}]`),
    'second.yaml': routeManifest('second', `[${rules.slice(10).join(', ')}]`),
  });
  await turnpike.until('/', 200);
  const answers = async () => {
    const found: Record<string, number> = {};
    for (const path of Object.keys(closed)) found[path] = (await turnpike.get(path)).status;
    return found;
  };
  const expected = Object.fromEntries(Object.keys(closed).map((path) => [path, 500]));
  await eventually(async () => assert.deepEqual(await answers(), expected));
  assert.equal((await turnpike.get('/other')).status, 200);
});

test('a backend that cannot be had fails its share of the requests alone', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': routeManifest(
      'shop',
      '[{ backendRefs: [{ name: shop, port: 80, weight: 3 }, { name: missing, port: 80, weight: 1 }] }]',
    ),
  });
  await turnpike.until('/', 200);
  const statuses = [];
  for (let count = 0; count < 40; count += 1) statuses.push((await turnpike.get('/')).status);
  assert.equal(statuses.filter((status) => status === 500).length, 10);
  assert.equal(statuses.filter((status) => status === 200).length, 30);
});
