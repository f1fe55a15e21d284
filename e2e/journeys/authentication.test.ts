// Who may pass, by each kind of credential but tokens with signatures (jwt.test.ts): one Gateway, a route and a policy for
// each, and one pod that stands for the issuer and the doorman of somebody's own.
import assert from 'node:assert/strict';
import { createHmac, hash, randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { givenKey } from '#test/given/api-key.ts';
import { givenAuthority } from '#test/given/client-certificate.ts';
import type { GivenAuthority } from '#test/given/client-certificate.ts';
import { contentDigest, signed, type Signing } from '#test/given/http-signature.ts';
import { authPolicyManifest } from '#test/given/manifests.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import type { TlsAuthority } from '#test/given/tls-authority.ts';
import { ClientError } from '../turnpike/client.ts';
import type { Answer } from '../turnpike/client.ts';
import type { Echoed } from '../turnpike/echo.ts';
import { gateway } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { echo, extAuthz, scripted } from './workloads.ts';

const host = 'shop.example.com';
const signingSecret = 'what-an-app-signs-its-requests-with-012345';

const https = {
  name: 'https',
  protocol: 'HTTPS',
  port: 443,
  tls: { certificateRefs: [{ name: 'shop-tls' }] },
};
const asksForCertificates = {
  frontend: {
    default: { validation: { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'partners' }] } },
  },
};

const cors = `
      filters:
        - type: CORS
          cors: { allowOrigins: ["https://app.example.com"], allowMethods: [PUT], allowHeaders: [x-api-key] }`;

function route(name: string, { listener = 'http', filters = '' } = {}): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: edge, sectionName: ${listener} }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /${name} } }]${filters}
      backendRefs: [{ name: shop, port: 80 }]
`;
}

const byKey = `
    authenticate:
      - name: partners
        type: APIKey
        apiKey:
          consumerSelector: { matchLabels: { tier: partner } }
          identityToHeaders: [{ value: Consumer, header: x-consumer }]`;

const policies = [
  authPolicyManifest('keys', byKey),
  authPolicyManifest(
    'orders',
    `${byKey}
    authorize:
      - { name: writers, when: "request.method == 'GET' || 'writers' in auth.groups" }`,
  ),
  authPolicyManifest(
    'passwords',
    `
    authenticate:
      - name: operators
        type: Basic
        basic: { secretRef: { name: users, key: .htpasswd }, usernameToHeader: x-user }`,
  ),
  authPolicyManifest(
    'certificates',
    `
    authenticate:
      - name: partners
        type: ClientCertificate
        clientCertificate:
          allow: [{ type: TrustDomain, trustDomain: partners.example }]
          certificateToHeader: { header: x-certificate, format: XFCC }`,
  ),
  authPolicyManifest(
    'opaque',
    `
    authenticate:
      - name: opaque
        type: Introspection
        introspection:
          endpoint: { backend: { backendRef: { name: ids, port: 80 }, path: /introspect } }
          client: { id: gateway, secretRef: { name: gateway-client, key: secret } }
          audiences: [shop]
          claimsToHeaders: [{ claim: sub, header: x-user }]`,
  ),
  authPolicyManifest(
    'signed',
    `
    authenticate:
      - name: apps
        type: HTTPSignature
        httpSignature:
          keys: { type: SharedSecrets, sharedSecrets: { secretRef: { name: signers } } }
          keyIdToHeader: x-client`,
  ),
  authPolicyManifest(
    'asked',
    `
    externalAuthorization:
      http:
        backendRef: { name: ids, port: 80 }
        pathPrefix: /check
        headersToService: [x-tenant]
        headersToBackend: [x-user]`,
  ),
  authPolicyManifest(
    'called',
    `
    externalAuthorization:
      type: GRPC
      grpc:
        backendRef: { name: envoys, port: 80 }
        headersToBackend: [x-user]
        contextExtensions: [{ name: route, value: called }]
      body: { maxBytes: 1024 }`,
  ),
];

/** Knows one client, one token and one tenant. */
const ids = `
import { createServer } from 'node:http';
const client = 'Basic ' + Buffer.from('gateway:s3cret').toString('base64');
async function introspect(request, answer) {
  let form = '';
  for await (const chunk of request) form += chunk;
  if (request.headers.authorization !== client) return answer.writeHead(401).end();
  const active = new URLSearchParams(form).get('token') === 'good';
  answer.end(JSON.stringify({ active, ...(active && { sub: 'ada', aud: 'shop' }) }));
}
function check(request, answer) {
  if (request.headers['x-tenant'] === 'blue') return answer.writeHead(200, { 'x-user': 'bea' }).end();
  answer.writeHead(403, { 'content-type': 'text/plain' }).end('not you');
}
createServer((request, answer) => (request.url === '/introspect' ? introspect : check)(request, answer)).listen(8080);
process.on('SIGTERM', () => process.exit(0));
`;

const configMap = (name: string, data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const secret = (name: string, stringData: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

// bcrypt of `open sesame`.
const users = secret('users', {
  '.htpasswd': 'ada:$2b$06$bo6iHCmmyHjnDZMjyQ44GeRtb1D3ursZgfGAWEA.mpDHzY2KOFOEW\n',
});
const basic = (words: string) => ({ authorization: `Basic ${Buffer.from(words).toString('base64')}` });

function consumer(name: string, groups: readonly string[], ...keys: readonly string[]): object {
  return {
    apiVersion: 'turnpike.dev/v1alpha1',
    kind: 'Consumer',
    metadata: { name, labels: { tier: 'partner' } },
    spec: {
      groups,
      credentials: keys.map((key) => ({
        name: `key-${key.slice(0, 11).replace('_', '-')}`,
        type: 'APIKey',
        apiKey: { prefix: key.slice(0, 11), sha256: hash('sha256', key, 'hex') },
      })),
    },
  };
}

describe('who may pass', () => {
  const [first, second, writer] = [givenKey(1), givenKey(2), givenKey(3)];
  let journey: Journey;
  let edge: Edge;
  let partners: GivenAuthority;
  let authority: TlsAuthority;

  before(async () => {
    [journey, partners, authority] = await Promise.all([
      Journey.begin('authentication'),
      givenAuthority('partners'),
      aTlsAuthority(),
    ]);
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop'),
      ...scripted(journey.site.images.echo, 'ids', ids),
      ...extAuthz(journey.site.images.extAuthz, 'envoys'),
      await authority.secretManifest('shop-tls', host),
      configMap('partners', { 'ca.crt': partners.pem }),
      ...gateway({ parameters: { replicas: 1 }, listeners: [https], tls: asksForCertificates }),
      ...['keys', 'passwords', 'opaque', 'signed', 'asked', 'called', 'public'].map((name) => route(name)),
      route('orders', { filters: cors }),
      route('certificates', { listener: 'https' }),
      consumer('acme', [], first, second),
      consumer('zeta', ['writers'], writer),
      secret('gateway-client', { secret: 's3cret' }),
      secret('signers', { app: signingSecret }),
      ...policies,
    );
    await Promise.all(['shop', 'ids', 'envoys'].map((name) => journey.rolledOut(name)));
    edge = await journey.edge();
    for (const name of ['keys', 'orders', 'certificates', 'opaque', 'signed', 'asked', 'called']) {
      await journey.until(`authpolicy/${name}`, 'Programmed');
    }
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  const get = (path: string, headers: Readonly<Record<string, string>> = {}) => edge.ask({ path, headers });

  function seenIn(answer: Answer): Echoed['headers'] {
    assert.equal(answer.status, 200, answer.body);
    return (JSON.parse(answer.body) as Echoed).headers;
  }

  it('a policy whose Secret is missing closes its route, and kubectl describe says why', async () => {
    await journey.until('authpolicy/passwords', 'ResolvedRefs', 'UsersNotFound');
    assert.equal((await get('/passwords', basic('ada:open sesame'))).status, 500);
    assert.equal((await get('/public')).status, 200, 'the route beside it is open');
    const described = await journey.kubectl('describe', 'authpolicy/passwords');
    assert.match(described, /Reason: +UsersNotFound/);
    assert.match(described, /rules\.authenticate\[0\]\.basic\.secretRef/);
    assert.match(described, /Secret authentication\/users/);
  });

  it('Basic: users of the Secret come in once it is there, by their passwords', async () => {
    await journey.apply(users);
    const answer = await journey.answers(
      edge,
      { path: '/passwords', headers: { ...basic('ada:open sesame'), 'x-user': 'root' } },
      200,
      { deadlineMs: 5_000 },
    );
    const seen = seenIn(answer);
    assert.equal(seen['x-user'], 'ada');
    assert.equal(seen['authorization'], undefined);
    const refused = await get('/passwords', basic('ada:open barley'));
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get('www-authenticate') ?? '', /^Basic /);
  });

  it('API keys: consumers come in by each of their keys, and not by one that kubectl has taken', async () => {
    assert.equal((await get('/keys')).status, 401);
    for (const key of [first, second]) {
      assert.equal(seenIn(await get('/keys', { 'x-api-key': key }))['x-consumer'], 'acme');
    }
    await journey.apply(consumer('acme', [], second));
    await journey.answers(edge, { path: '/keys', headers: { 'x-api-key': first } }, 401, {
      deadlineMs: 1_000,
    });
    assert.equal((await get('/keys', { 'x-api-key': second })).status, 200);
  });

  it('CEL: who is known may do what the expression says', async () => {
    const put = async (key: string) =>
      (await edge.ask({ path: '/orders', method: 'PUT', headers: { 'x-api-key': key } })).status;
    assert.equal((await get('/orders', { 'x-api-key': second })).status, 200);
    assert.deepEqual([await put(second), await put(writer)], [403, 200]);
  });

  it('CORS: a preflight needs no credential, and a page may read its 401', async () => {
    const origin = 'https://app.example.com';
    const asks = {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'x-api-key',
    };
    const preflight = await edge.ask({ path: '/orders', method: 'OPTIONS', headers: asks });
    assert.equal(preflight.status, 200);
    assert.equal(preflight.headers.get('access-control-allow-methods'), 'PUT');
    const refused = await edge.ask({ path: '/orders', method: 'PUT', headers: { origin } });
    assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [401, origin]);
    const stranger = await get('/orders', { origin: 'https://evil.example', 'x-api-key': second });
    assert.equal(stranger.headers.get('access-control-allow-origin'), undefined);
  });

  it('client certificates: partners come in by theirs, and others of the same authority do not', async () => {
    const named = (id: string) => partners.issue('a client', { names: [{ type: 'url', value: id }] });
    const ask = async (certificate: object) => {
      const tls = { servername: host, ca: authority.ca, ...certificate };
      return edge.ask({ path: '/certificates', host }, { port: 443, tls });
    };
    const shop = await ask(await named('spiffe://partners.example/shop'));
    assert.match(seenIn(shop)['x-certificate'] ?? '', /URI=spiffe:\/\/partners\.example\/shop/);
    assert.equal((await ask(await named('spiffe://elsewhere.example/shop'))).status, 401);
    const forged = await (await givenAuthority('partners')).issue('a client');
    await assert.rejects(ask({}), ClientError, 'without one there is no connection');
    await assert.rejects(ask(forged), ClientError, 'nor by one that somebody else has signed');
  });

  it('introspection: the issuer knows which tokens are good', async () => {
    const by = (token: string) => get('/opaque', { authorization: `Bearer ${token}`, 'x-user': 'root' });
    assert.equal(seenIn(await by('good'))['x-user'], 'ada');
    assert.deepEqual([(await by('bad')).status, (await get('/opaque')).status], [401, 401]);
  });

  it('signed requests: they pass once, with the content that was signed, and with no other', async () => {
    const content = '{"amount": 10}';
    const parameters = `;created=${Math.floor(Date.now() / 1000)};keyid="app";nonce="${randomUUID()}"`;
    const sign = (base: string) => createHmac('sha256', signingSecret).update(base).digest();
    const signing: Signing = { method: 'POST', host, target: '/signed', content, parameters };
    const headers = Object.fromEntries([
      ['Content-Digest', contentDigest(content)],
      ...signed({ keyid: 'app', sign }, signing),
    ]);
    const send = (body: string) => edge.ask({ path: '/signed', method: 'POST', host, headers, body });
    assert.equal((await send('{"amount": 99}')).status, 401);
    assert.equal(seenIn(await send(content))['x-client'], 'app');
    assert.equal((await send(content)).status, 401, 'its nonce was used');
  });

  it('external authorization: the doorman decides, and his words reach the client', async () => {
    assert.equal(seenIn(await get('/asked', { 'x-tenant': 'blue', 'x-user': 'root' }))['x-user'], 'bea');
    const refused = await get('/asked', { 'x-tenant': 'red' });
    assert.deepEqual([refused.status, refused.body], [403, 'not you']);
  });

  it("ext_authz: a server of Envoy's protocol is told all of a request, and decides by gRPC", async () => {
    const post = (answer: object) => {
      const headers = { 'x-answer': JSON.stringify(answer), 'x-user': 'root' };
      return edge.ask({ path: '/called?a=b', method: 'POST', headers, body: 'an order' });
    };
    const user = { header: { key: 'x-user', value: 'cleo' } };
    const passed = await post({ status: { code: 0 }, okResponse: { headers: [user] } });
    assert.equal(seenIn(passed)['x-user'], 'cleo');
    const denied = { status: { code: 'PaymentRequired' }, body: 'not for free' };
    const refused = await post({ status: { code: 7 }, deniedResponse: denied });
    assert.deepEqual([refused.status, refused.body], [402, 'not for free']);
    const asked = await journey.kubectl('logs', 'deployment/envoys');
    for (const word of [/"path": *"\/called\?a=b"/, /"body": *"an order"/, /"route": *"called"/]) {
      assert.match(asked, word);
    }
    assert.equal((await get('/called', { 'x-answer': 'nothing to go by' })).status, 503);
  });
});
