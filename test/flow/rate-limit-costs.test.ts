// What requests and their answers take of a limit.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { limitedPolicy, limitedRouteFiles } from '#test/given/limited-route.ts';
import { pathRouteManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';

function policy(requests: number, cost: string): string {
  return limitedPolicy(`cost: ${cost}`, `limits: [{ name: hour, requests: ${requests}, window: 1h }]`);
}

/** 100 an hour, charged when answers have ended. */
function chargedBy(expression: string): string {
  return policy(100, `{ type: Response, expression: "${expression}" }`);
}

test('a request takes the units that its cost comes to, and one that can never pass is told so', async () => {
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': policy(10, `{ expression: "int(request.query['n'][0])" }`),
  });
  await turnpike.until('/open', 200);

  const asked = async (units: string) => {
    const { status, headers, body } = await turnpike.get(`/limited?n=${units}`);
    return [status, headers['retry-after'] !== undefined, body.includes('ever allows')];
  };
  assert.deepEqual(await asked('6'), [200, false, false]);
  assert.deepEqual(await asked('6'), [429, true, false]);
  assert.deepEqual(await asked('11'), [429, false, true]);
  assert.deepEqual(await asked('x'), [429, false, true]);
  assert.deepEqual(await asked('4'), [200, false, false]);
});

const dear = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: limited }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /limited } }]
      filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: { remove: [x-rows] }
      backendRefs: [{ name: shop, port: 80 }]
`;

test('what a backend says its answers take is charged when they have ended, and the client need not see it', async () => {
  await using shop = await givenBackend('shop', {
    answer: (request, answer) => {
      answer.setHeader('x-rows', new URL(request.url ?? '', 'http://shop').searchParams.get('rows') ?? '0');
      answer.end();
    },
  });
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'routes.yaml': [dear, pathRouteManifest('open', '/open', 'shop')].join('---'),
    'policy.yaml': chargedBy("int(response.headers['x-rows'])"),
  });
  await turnpike.until('/open', 200);

  const asked = async (rows: number) => {
    const { status, headers } = await turnpike.get(`/limited?rows=${rows}`);
    return [status, headers['x-rows'], /;r=(\d+)/u.exec(String(headers['ratelimit']))?.[1]];
  };
  assert.deepEqual(await asked(60), [200, undefined, '100']);
  assert.deepEqual(await asked(0), [200, undefined, '40']);
  assert.deepEqual(await asked(70), [200, undefined, '40']);
  assert.deepEqual(await asked(0), [429, undefined, '0']);
  assert.equal((await turnpike.get('/open')).headers['x-rows'], '0');
});

test('octets that a client has got are charged, though it has left before the end', async () => {
  await using shop = await givenBackend('shop', {
    answer: ({ url }, answer) => {
      answer.write('a'.repeat(500));
      if (url === '/open') answer.end();
    },
  });
  await using turnpike = await givenStandalone({
    ...limitedRouteFiles(shop.port),
    'policy.yaml': chargedBy('response.bytes'),
  });
  await turnpike.until('/open', 200);
  /** Leaves once some of the content is there. */
  const left = async () => {
    const request = http.get({ port: turnpike.port, path: '/limited', headers: { host: 'example.com' } });
    const [answer]: IncomingMessage[] = await once(request, 'response');
    assert.ok(answer);
    await once(answer, 'data');
    answer.destroy();
    return [answer.statusCode, Number(answer.headers['retry-after']) > 3600];
  };
  assert.deepEqual(await left(), [200, false]);
  await eventually(async () => assert.deepEqual(await left(), [429, true], 'a debt of more than an hour'));
});
