// Copies of requests, from a manifest to the sockets of those who get them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import { routeManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone } from '#test/given/standalone.ts';
import type { Answering } from '#test/given/backend.ts';

function mirror(name: string, share = ''): string {
  return `{ type: RequestMirror, requestMirror: { backendRef: { name: ${name}, port: 80 }${share} } }`;
}

/** A backend that writes down what it gets, and answers what nobody is to see. */
function writingInto(seen: string[]): Answering {
  return (request, answer) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method, url, headers } = request;
      seen.push(`${method} ${url} ${String(headers['x-edited'])} ${Buffer.concat(parts).toString()}`);
      answer.writeHead(500).end('for nobody');
    });
  };
}

test('a route copies requests, as its filters leave them, to all whom it names', async () => {
  const [next, audit]: [string[], string[]] = [[], []];
  await using shop = await givenBackend('shop');
  await using nextBackend = await givenBackend('next', { answer: writingInto(next) });
  await using auditBackend = await givenBackend('audit', { answer: writingInto(audit) });
  await using old = await anHttp2Backend();
  await using turnpike = await givenStandalone({
    'shop.yaml': serviceManifest('shop', shop.port),
    'next.yaml': serviceManifest('next', nextBackend.port),
    'audit.yaml': serviceManifest('audit', auditBackend.port),
    'old.yaml': serviceManifest('old', old.port).replace(
      'port: 80 }',
      'port: 80, appProtocol: kubernetes.io/h2c }',
    ),
    'route.yaml': routeManifest(
      'shop',
      `
  - filters:
    - ${mirror('next')}
    - { type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: x-edited, value: "yes" }] } }
    - { type: URLRewrite, urlRewrite: { path: { type: ReplaceFullPath, replaceFullPath: /new } } }
    - ${mirror('old')}
    - ${mirror('audit', ', percent: 0')}
    backendRefs: [{ name: shop, port: 80, filters: [${mirror('audit', ', fraction: { numerator: 1, denominator: 1 }')}] }]`,
    ),
  });
  await turnpike.until('/', 200);
  const answer = await turnpike.get('/old?q', { method: 'POST', body: 'content' });
  assert.equal(answer.status, 200);
  const copy = 'POST /new?q yes content';
  await eventually(() => assert.deepEqual([next.at(-1), audit.at(-1)], [copy, copy]));
  await eventually(() => assert.equal(old.seen.at(-1)?.headers['x-edited'], 'yes'));
  assert.equal(next.length, shop.requests());
  assert.equal(audit.length, shop.requests());
});

test('a mirror that is not there, or takes nothing, or does not answer, costs requests nothing', async () => {
  await using shop = await givenBackend('shop');
  await using silent = await givenBackend('silent', { answer: () => {} });
  await using turnpike = await givenStandalone({
    'services.yaml': [
      serviceManifest('shop', shop.port),
      serviceManifest('silent', silent.port),
      serviceManifest('empty'),
    ].join('---'),
    'route.yaml': routeManifest(
      'shop',
      `[{ filters: [${['gone', 'empty', 'silent'].map((name) => mirror(name)).join(', ')}], backendRefs: [{ name: shop, port: 80 }] }]`,
    ),
  });
  await turnpike.until('/', 200);
  for (let at = 0; at < 20; at += 1)
    assert.equal((await turnpike.seen(`/${String(at)}`)).path, `/${String(at)}`);
  await eventually(() => assert.equal(silent.requests(), shop.requests()));
});
