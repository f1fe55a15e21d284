// What proves who somebody is never stands in anything that is told: access lines, events, statuses, metrics, running
// config, snapshots, answers. Both planes run, all kinds of credential are used, good and bad, and everything that
// comes out is searched for all of them. A new kind of credential is one more entry of `ways`.
import assert from 'node:assert/strict';
import { createHmac, hash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { SignJWT } from 'jose';
import { dataPlanePages } from '#dataplane/admin/data-plane-pages.ts';
import { encodeResource } from '#snapshot/encode.ts';
import { givenKey } from '#test/given/api-key.ts';
import { givenBackend } from '#test/given/backend.ts';
import type { Answering } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { signed } from '#test/given/http-signature.ts';
import { givenIssuer, issuerJwks, issuerName } from '#test/given/issuer.ts';
import type { GivenIssuer } from '#test/given/issuer.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { converse } from '#test/given/raw-client.ts';
import { givenStandalone } from '#test/given/standalone.ts';
import type { GivenStandalone } from '#test/given/standalone.ts';

/** A kind of credential, as one who calls uses it and one who guesses. */
interface Way {
  /** The route, its path and its policy have this name. */
  readonly name: string;
  /** An entry of `authenticate`, without its name; YAML in one line. */
  readonly entry: string;
  /** What it needs beside: Secrets, Consumers; YAML. */
  readonly objects?: string;
  /** How a request carries the credential. */
  readonly carried: (credential: string) => Carried;
  readonly good: readonly string[];
  readonly bad: readonly string[];
  /** What else must not be told, such as passwords behind hashes, or shared secrets. */
  readonly others?: readonly string[];
  /** Of all these, what data planes cannot do without, and so their snapshots tell. */
  readonly inSnapshots?: readonly string[];
}

interface Carried {
  readonly headers?: Readonly<Record<string, string>>;
  /** With its mark. */
  readonly query?: string;
}

const apiKeyWays: readonly Way[] = [
  {
    name: 'key',
    entry:
      'type: APIKey, apiKey: { consumerSelector: {}, identityToHeaders: [{ value: KeyId, header: x-key }] }',
    objects: `
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: acme }
spec:
  credentials:
    - { name: first, type: APIKey, apiKey: { prefix: tp_00000001, sha256: "${hash('sha256', givenKey(1), 'hex')}" } }
`,
    carried: (key) => ({ headers: { 'x-api-key': key } }),
    good: [givenKey(1)],
    bad: [givenKey(2), `${givenKey(1)}-and-more`],
  },
  {
    name: 'plain',
    entry:
      'type: APIKey, apiKey: { secretSelector: { matchLabels: { keys: plain } }, sources: [{ type: Query, query: { name: key } }] }',
    objects: `
apiVersion: v1
kind: Secret
metadata: { name: plain, labels: { keys: plain } }
stringData: { acme: a-plain-key-of-long-ago, lines: "a line that is none\\nbut-a-secret-0123456789" }
`,
    carried: (key) => ({ query: `?key=${key}` }),
    good: ['a-plain-key-of-long-ago'],
    bad: ['a-plain-key-of-nobody'],
    others: ['but-a-secret-0123456789'],
  },
];

const password = 'correct horse battery staple';
const hashed = `{SHA}${hash('sha1', password, 'base64')}`;

const opaque = 'opaque-token-of-which-only-its-issuer-knows';
const clientSecret = 'what-the-gateway-proves-itself-by';

/** What `/introspect` answers; see `ways` for who asks. */
const tellOfToken: Answering = (request, answer) => {
  let text = '';
  request.on('data', (part: Buffer) => (text += part.toString()));
  request.on('end', () => {
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ active: new URLSearchParams(text).get('token') === opaque, sub: 'ada' }));
  });
};

const passwordWays: readonly Way[] = [
  {
    name: 'basic',
    entry: 'type: Basic, basic: { secretRef: { name: users, key: htpasswd } }',
    objects: `
apiVersion: v1
kind: Secret
metadata: { name: users }
data: { htpasswd: ${Buffer.from(`ada:${hashed}\n`).toString('base64')} }
`,
    carried: (pair) => ({ headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }),
    good: [`ada:${password}`],
    bad: ['ada:no-password-but-secret', 'somebody-who-is-not:there'],
    others: [password, 'no-password-but-secret', hashed],
    inSnapshots: [hashed],
  },
  {
    name: 'opaque',
    entry:
      'type: Introspection, introspection: { endpoint: { backend: { backendRef: { name: asked, port: 80 }, path: /introspect } }, client: { id: gateway, secretRef: { name: client, key: secret } } }',
    objects: `
apiVersion: v1
kind: Secret
metadata: { name: client }
data: { secret: ${Buffer.from(clientSecret).toString('base64')} }
`,
    carried: (token) => ({ headers: { authorization: `Bearer ${token}` } }),
    good: [opaque],
    bad: ['another-token-of-which-nobody-knows'],
    others: [clientSecret],
    inSnapshots: [clientSecret],
  },
];

const signingSecrets = [
  'what-an-app-signs-its-requests-with-012345',
  'what-nobody-signs-any-request-with-012345',
];

const signedWay: Way = {
  name: 'signed',
  entry:
    'type: HTTPSignature, httpSignature: { keys: { type: SharedSecrets, sharedSecrets: { secretRef: { name: signers } } } }',
  objects: `
apiVersion: v1
kind: Secret
metadata: { name: signers }
stringData: { app: ${signingSecrets[0]}, short: a-short-secret }
`,
  carried(secret) {
    const sign = (base: string) => createHmac('sha256', secret).update(base).digest();
    const created = Math.floor(Date.now() / 1000);
    const signing = { target: '/signed/a', parameters: `;created=${created};keyid="app"` };
    return { headers: Object.fromEntries(signed({ keyid: 'app', sign }, signing)) };
  },
  good: signingSecrets.slice(0, 1),
  bad: signingSecrets.slice(1),
  others: ['a-short-secret'],
  inSnapshots: signingSecrets.slice(0, 1),
};

async function ways(issuer: GivenIssuer): Promise<readonly Way[]> {
  const jwks = `jwks: ${issuerJwks}`;
  const good = [await issuer.token(), await issuer.token({ sub: 'bob' })];
  const [head, claims] = (good[0] ?? '').split('.');
  return [
    {
      name: 'jwt',
      entry: `type: JWT, jwt: { issuer: ${issuerName}, ${jwks}, claimsToHeaders: [{ claim: sub, header: x-user }] }`,
      carried: (token) => ({ headers: { authorization: `Bearer ${token}` } }),
      good,
      bad: [
        await issuer.token({ exp: 1 }),
        await issuer.token({ iss: 'https://evil.example.com' }),
        `${head}.${claims}.${'A'.repeat(86)}`,
        'no-token-but-secret-0123456789',
      ],
    },
    {
      name: 'cookie',
      entry: `type: JWT, jwt: { issuer: ${issuerName}, ${jwks}, sources: [{ type: Cookie, cookie: { name: at } }] }`,
      carried: (token) => ({ headers: { cookie: `a=b; at=${token}` } }),
      good: [await issuer.token({ sub: 'eve' })],
      bad: [await issuer.token({ exp: 2 }), 'no-cookie-but-secret-0123456789'],
    },
    {
      name: 'query',
      entry: `type: JWT, jwt: { issuer: ${issuerName}, ${jwks}, sources: [{ type: Query, query: { name: at } }] }`,
      carried: (token) => ({ query: `?x=1&at=${token}` }),
      good: [await issuer.token({ sub: 'mallory' })],
      bad: [await issuer.token({ exp: 3 }), 'no-query-but-secret-0123456789'],
    },
    {
      name: 'shared',
      entry: `type: JWT, jwt: { issuer: ${issuerName}, jwks: { type: SharedSecret, sharedSecret: { secretRef: { name: shared, key: secret } } } }`,
      objects: `
apiVersion: v1
kind: Secret
metadata: { name: shared }
data: { secret: ${Buffer.from(sharedSecret).toString('base64')} }
`,
      carried: (token) => ({ headers: { authorization: `Bearer ${token}` } }),
      good: [await sharedToken(issuer.claims())],
      bad: [await sharedToken({ ...issuer.claims(), exp: 4 })],
      others: [sharedSecret],
      inSnapshots: [sharedSecret],
    },
    ...passwordWays,
    signedWay,
    ...apiKeyWays,
  ];
}

const sharedSecret = 'shared-by-issuer-and-gateway-and-by-nobody-else';

/** A token by the shared secret. */
function sharedToken(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(sharedSecret));
}

/** The spellings in which a careless line would tell it. */
function spellings(secret: string): readonly string[] {
  const octets = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    octets.toString('base64').replace(/=+$/, ''),
    octets.toString('base64url'),
    octets.toString('hex'),
  ];
}

/** Whatever is told: its place, and its text. */
type Told = Map<string, string>;

function search(told: Told, secrets: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  for (const secret of secrets) {
    for (const [place, text] of told) {
      if (spellings(secret).some((spelt) => text.includes(spelt))) found.push(`${place} tells ${secret}`);
    }
  }
  return found;
}

async function use(turnpike: GivenStandalone, way: Way, told: Told): Promise<void> {
  const at = `/${way.name}`;
  const wanted = (credential: string) => {
    const { headers = {}, query = '' } = way.carried(credential);
    return [`${at}/a${query}`, { headers }] as const;
  };
  for (const credential of way.good) {
    await turnpike.until(...spread(wanted(credential), 200));
  }
  for (const [index, credential] of way.bad.entries()) {
    const { status, headers, body } = await turnpike.get(...wanted(credential));
    assert.ok(status >= 400 && status < 500, `${way.name}: a bad credential is refused, not ${status}`);
    told.set(`answer ${index} of ${way.name}`, `${JSON.stringify(headers)}\n${body}`);
  }
  // Requests that cannot be read are the ones that careless parsers quote.
  for (const [index, credential] of [...way.good, ...way.bad].entries()) {
    const { headers = {}, query = '' } = way.carried(credential);
    const lines = Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    for (const octets of [
      `GET ${at}${query} HTTP/1.1\r\n${lines}\r\n`,
      `GET ${at}${query} HTTP/1.1\r\nHost: a\r\n${lines} folded: x\r\n\r\n`,
      `GET ${at}${query} HTTP/9.9\r\nHost: a\r\n${lines}\r\n`,
      `GET /nowhere${query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}\r\n`,
      `GET ${at}${query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines}${lines}\r\n`,
    ]) {
      const { raw } = await converse(turnpike.port, octets);
      if (!raw.startsWith('HTTP/1.1 200')) told.set(`raw answer ${index} of ${way.name}`, raw);
    }
  }
}

function spread(
  [target, wanted]: readonly [string, { readonly headers: Readonly<Record<string, string>> }],
  status: number,
) {
  return [target, status, wanted] as const;
}

async function outputs(turnpike: GivenStandalone, told: Told): Promise<void> {
  const { notices, events, folderReports, keyProblems } = turnpike;
  told.set('statuses', JSON.stringify(turnpike.statuses()));
  told.set('notices', JSON.stringify(notices));
  told.set('events', JSON.stringify(events, shown));
  told.set('reports of the folder', JSON.stringify(folderReports, shown));
  told.set('problems of keys', keyProblems.join('\n'));
  for (const plane of turnpike.dataPlanes()) {
    const resources = plane.resources();
    const pages = dataPlanePages({
      ready: () => ({ ok: true }),
      metrics: () => plane.metrics.text(),
      usage: () => plane.usage(),
      snapshot: () => ({ version: '', order: { lineage: '', kinds: {} }, resources }),
      bans: () => plane.bans(),
    });
    for (const [page, answer] of Object.entries(pages)) told.set(page, (await answer()).body);
  }
}

function shown(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.stack ?? ''} ${String(value.cause)}` : value;
}

async function textOf(file: string): Promise<string> {
  let text = '';
  const stream = createReadStream(file, 'utf8').on('data', (part) => (text += String(part)));
  await once(stream, 'close');
  return text;
}

function policyOf({ name, entry, objects = '' }: Way): string {
  const policy = authPolicyManifest(name, `{ authenticate: [{ name: way, ${entry} }] }`);
  return objects === '' ? policy : `${policy}---\n${objects}`;
}

test('no credential is told anywhere', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-secrets-'));
  const file = path.join(folder, 'access.log');
  const log = await open(file, 'a');
  try {
    await using shop = await givenBackend('shop');
    await using issuer = await givenIssuer();
    await using asked = await givenBackend('asked', { answer: tellOfToken });
    const all = await ways(issuer);
    const told: Told = new Map();
    let snapshot = '';
    {
      await using turnpike = await givenStandalone(
        {
          'services.yaml': [
            serviceManifest('shop', shop.port),
            serviceManifest('issuer', issuer.backend.port),
            serviceManifest('asked', asked.port),
          ].join('---'),
          'routes.yaml': all.map(({ name }) => pathRouteManifest(name, `/${name}`, 'shop')).join('---'),
          'policies.yaml': all.map(policyOf).join('---'),
        },
        { accessLog: log.fd },
      );
      for (const way of all) await use(turnpike, way, told);
      await outputs(turnpike, told);
      for (const plane of turnpike.dataPlanes()) {
        snapshot += [...plane.resources().values()].map(encodeResource).join('\n');
      }
    }
    await eventually(async () => assert.match(await textOf(file), /"path":"\/nowhere"/));
    told.set('access log', await textOf(file));

    const secrets = new Set(all.flatMap(({ good, bad, others = [] }) => [...good, ...bad, ...others]));
    assert.ok(
      [...secrets].every((secret) => secret.length >= 12),
      'short ones would be found by chance',
    );
    assert.deepEqual(search(told, secrets), []);
    const needed = new Set(all.flatMap(({ inSnapshots = [] }) => inSnapshots));
    assert.deepEqual(search(new Map([['snapshot', snapshot]]), secrets.difference(needed)), []);

    assert.match(told.get('access log') ?? '', /"failure":"Unauthenticated"/, 'there is something to search');
    assert.match(told.get('/metrics') ?? '', /turnpike_requests_total/);
    assert.match(told.get('/config') ?? '', /"Authentication\//);
    told.set('a leak', Buffer.from(`x ${all[0]?.good[0]} x`).toString('latin1'));
    assert.equal(search(told, secrets).length, 1, 'a leak would be found');
  } finally {
    await log.close();
    await rm(folder, { recursive: true });
  }
});
