// Envoy's external authorization, as its published Go types read and write it: a server of others' making is asked by
// policies, and told by each request what to answer.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { givenBackend, type GivenBackend } from '#test/given/backend.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';
import { extAuthzProgram } from './programs.ts';

/** What it was asked, as protojson tells AttributeContext. */
interface Asked {
  readonly hasDeadline: boolean;
  readonly attributes: {
    readonly source: { readonly address: { readonly socketAddress: { readonly address: string } } };
    readonly destination: { readonly address: { readonly socketAddress: { readonly portValue: number } } };
    readonly request: {
      readonly time: string;
      readonly http: Readonly<Record<string, unknown>> & {
        readonly headers: Readonly<Record<string, string>>;
      };
    };
    readonly contextExtensions?: Readonly<Record<string, string>>;
  };
}

function policy(name: string, terms: string): string {
  const rules = `
    externalAuthorization:
      type: GRPC
      ${terms}`;
  return authPolicyManifest(name, rules);
}

const policies = {
  open: 'grpc: { backendRef: { name: doorman, port: 80 }, contextExtensions: [{ name: route, value: open }] }',
  told: `grpc: { backendRef: { name: doorman, port: 80 }, headersToService: [x-answer], headersToBackend: [x-user] }
      cache: { duration: 1h }`,
  body: `grpc: { backendRef: { name: doorman, port: 80 } }
      body: { maxBytes: 10, beyond: Truncate }
      timeout: 300ms`,
};

/** The same by a filter of the route. */
const filtered = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: filtered }
spec:
  parentRefs: [{ name: edge }]
  rules:
  - matches: [{ path: { value: /filtered } }]
    filters:
    - type: ExternalAuth
      externalAuth:
        protocol: GRPC
        backendRef: { name: doorman, port: 80 }
        grpc: {}
        forwardBody: { maxSize: 4 }
    backendRefs: [{ name: shop, port: 80 }]
`;

let server: ChildProcess;
let shop: GivenBackend;
let turnpike: GivenStandalone;
const asked: Asked[] = [];

before(async () => {
  const program = await extAuthzProgram();
  server = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(server.stdout);
  const lines = createInterface(server.stdout);
  const [port] = (await once(lines, 'line')) as [string];
  lines.on('line', (line) => asked.push(JSON.parse(line) as Asked));
  shop = await givenBackend('shop');
  turnpike = await givenStandalone({
    'services.yaml': [serviceManifest('shop', shop.port), serviceManifest('doorman', Number(port))].join(
      '---',
    ),
    'filtered.yaml': filtered,
    'routes.yaml': Object.keys(policies)
      .map((name) => pathRouteManifest(name, `/${name}`, 'shop'))
      .join('---'),
    'policies.yaml': Object.entries(policies)
      .map(([name, terms]) => policy(name, terms))
      .join('---'),
  });
  for (const name of [...Object.keys(policies), 'filtered']) {
    await turnpike.until(`/${name}`, 200, answering({ status: {} }));
  }
});

after(async () => {
  server.kill();
  await shop.stop();
  await turnpike[Symbol.asyncDispose]();
});

function answering(response: unknown, headers: Readonly<Record<string, string>> = {}) {
  return { headers: { 'x-answer': JSON.stringify(response), ...headers } };
}

const code = (grpcCode: number) => ({ code: grpcCode });

describe('a server of envoy.service.auth.v3', () => {
  test('understands what it is asked', async () => {
    await turnpike.get('/open/a?x=1&y', answering({ status: code(0) }, { 'X-Words': 'gr\u00fc\u00df' }));
    const question = asked.at(-1);
    assert.ok(question?.hasDeadline);
    const { source, destination, request, contextExtensions } = question.attributes;
    assert.match(source.address.socketAddress.address, /^127\./u);
    assert.ok(destination.address.socketAddress.portValue > 0);
    assert.deepEqual(contextExtensions, { route: 'open' });
    assert.ok(Math.abs(Date.parse(request.time) - Date.now()) < 60_000);
    const { http } = request;
    assert.deepEqual(
      [http['method'], http['path'], http['scheme'], http['protocol'], http['size']],
      ['GET', '/open/a?x=1&y', 'http', 'HTTP/1.1', '-1'],
    );
    assert.equal(http['id'], http.headers['x-request-id']);
    assert.notEqual(http.headers['x-words'], undefined);
    assert.equal(http['body'], undefined);
  });

  test('changes what goes on, in every way that its messages have', async () => {
    const set = (key: string, value: string, rest = {}) => ({ header: { key, value }, ...rest });
    const seen = await turnpike.seen(
      '/open/a?keep=1&drop=2&%64rop=3&user=eve',
      answering(
        {
          status: code(0),
          okResponse: {
            headers: [
              set('X-User', 'ada'),
              set('x-list', 'b', { append: true }),
              set('x-there', 'no', { appendAction: 'ADD_IF_ABSENT' }),
              set('x-new', 'yes', { appendAction: 'ADD_IF_ABSENT' }),
              set('x-absent', 'no', { appendAction: 'OVERWRITE_IF_EXISTS' }),
              set('x-over', 'yes', { appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' }),
              { header: { key: 'x-raw', rawValue: Buffer.from('raw').toString('base64') } },
              set('Host', 'evil.example'),
              set(':authority', 'evil.example'),
              set('content-length', '5'),
              set('Transfer-Encoding', 'chunked'),
              set('connection', 'x-user'),
            ],
            headersToRemove: ['authorization', 'Host', ':path', 'x-answer'],
            queryParametersToSet: [{ key: 'user', value: 'ada b&c' }],
            queryParametersToRemove: ['drop'],
            dynamicMetadata: { ignored: true },
          },
        },
        { 'x-user': 'root', 'x-list': 'a', 'x-there': 'yes', 'x-over': 'no', authorization: 'Basic secret' },
      ),
    );
    const { headers, path } = seen;
    assert.equal(path, '/open/a?keep=1&user=ada%20b%26c');
    assert.deepEqual(
      [
        'x-user',
        'x-list',
        'x-there',
        'x-new',
        'x-absent',
        'x-over',
        'x-raw',
        'authorization',
        'x-answer',
      ].map((name) => headers[name]),
      ['ada', 'a, b', 'yes', 'yes', undefined, 'yes', 'raw', undefined, undefined],
    );
    assert.notEqual(headers['host'], 'evil.example');
    assert.equal(headers['transfer-encoding'], undefined);
    assert.equal(headers['content-length'], undefined);
  });

  test('tells the client something too', async () => {
    const { status, headers } = await turnpike.get(
      '/open',
      answering({
        status: code(0),
        okResponse: {
          responseHeadersToAdd: [
            { header: { key: 'X-Left', value: '3' } },
            { header: { key: 'Transfer-Encoding', value: 'gzip' } },
          ],
        },
      }),
    );
    assert.equal(status, 200);
    assert.equal(headers['x-left'], '3');
    assert.notEqual(headers['transfer-encoding'], 'gzip');
  });

  test('refuses in its own words, or in none', async () => {
    const denied = await turnpike.get(
      '/open',
      answering({
        status: code(16),
        deniedResponse: {
          status: { code: 'Unauthorized' },
          headers: [
            { header: { key: 'WWW-Authenticate', value: 'Bearer' } },
            { header: { key: 'Content-Length', value: '1' } },
          ],
          body: 'who are you?',
        },
      }),
    );
    assert.deepEqual([denied.status, denied.body], [401, 'who are you?']);
    assert.equal(denied.headers['www-authenticate'], 'Bearer');
    for (const answer of [
      { status: code(7) },
      { status: code(0), deniedResponse: {} },
      { deniedResponse: { status: { code: 'NoContent' }, body: 'x' } },
    ]) {
      const { status } = await turnpike.get('/open', answering(answer));
      assert.equal(status, 403, JSON.stringify(answer));
    }
  });

  test('that decides nothing lets nobody pass', async () => {
    for (const [answer, headers] of [
      [{}, {}],
      [{ errorResponse: {}, status: code(0) }, {}],
      [{ status: code(0) }, { 'x-grpc-code': '13' }],
      [{ status: code(0), okResponse: { headers: [{ header: { key: 'x y', value: '1' } }] } }, {}],
      [{ status: code(0), okResponse: { headers: [{ header: { key: 'x-user', value: 'a\r\nb: c' } }] } }, {}],
    ] as const) {
      const { status } = await turnpike.get('/open', answering(answer, headers));
      assert.equal(status, 503, JSON.stringify(answer));
      // one that answers is asked again at once
      await turnpike.get('/open', answering({ status: code(0) }));
    }
    const { status } = await turnpike.get('/body', answering({ status: code(0) }, { 'x-wait': '1' }));
    assert.equal(status, 503);
  });

  test('is told and asked no more than the policy says', async () => {
    const answer = answering(
      {
        status: code(0),
        okResponse: {
          headers: [
            { header: { key: 'x-user', value: 'ada' } },
            { header: { key: 'x-role', value: 'admin' } },
          ],
        },
      },
      { 'x-user': 'root', 'x-secret': 's', 'x-role': 'guest' },
    );
    const before = asked.length;
    for (let count = 0; count < 3; count += 1) {
      const { headers } = await turnpike.seen('/told/once', answer);
      assert.deepEqual([headers['x-user'], headers['x-role']], ['ada', 'guest']);
    }
    assert.equal(asked.length, before + 1);
    assert.deepEqual(Object.keys(asked.at(-1)?.attributes.request.http.headers ?? {}), ['x-answer']);
  });

  test('is told the content, as text, as octets, and in part', async () => {
    const post = (body: string | Buffer) =>
      turnpike.get('/body', { method: 'POST', body, ...answering({ status: code(0) }) });
    const http = () => asked.at(-1)?.attributes.request.http;
    assert.equal((await post('gr\u00fc\u00df')).status, 200);
    assert.deepEqual([http()?.['body'], http()?.['size']], ['gr\u00fc\u00df', '6']);
    assert.equal(http()?.headers['x-envoy-auth-partial-body'], 'false');
    assert.equal((await post(Buffer.of(0xff, 0xfe))).status, 200);
    assert.deepEqual(
      [http()?.['body'], http()?.['rawBody']],
      [undefined, Buffer.of(0xff, 0xfe).toString('base64')],
    );
    assert.equal((await post('0123456789 and more')).status, 200);
    assert.deepEqual([http()?.['body'], http()?.['size']], ['0123456789', '19']);
    assert.equal(http()?.headers['x-envoy-auth-partial-body'], 'true');
  });

  test('is asked by a filter, too', async () => {
    const user = { header: { key: 'x-user', value: 'ada' } };
    const { headers } = await turnpike.seen(
      '/filtered',
      answering({ status: code(0), okResponse: { headers: [user] } }, { 'x-user': 'root' }),
    );
    assert.equal(headers['x-user'], 'ada');
    const post = (body: string, grpcCode: number) =>
      turnpike.get('/filtered', { method: 'POST', body, ...answering({ status: code(grpcCode) }) });
    assert.equal((await post('1234', 0)).status, 200);
    assert.equal(asked.at(-1)?.attributes.request.http['body'], '1234');
    assert.equal((await post('1234', 7)).status, 403);
    assert.equal((await post('12345', 0)).status, 413);
  });
});
