// Who calls is told to backends by the gateway alone: no spelling of an identity header that a client sends reaches
// one, whether its token is good, there is none, or none is needed; in the head or in trailers; by HTTP/1.1 or HTTP/2.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { anH2Client } from '../given/h2-client.ts';
import { givenIssuer, issuerJwks, issuerName } from '../given/issuer.ts';
import type { GivenIssuer } from '../given/issuer.ts';
import { authPolicyManifest, pathRouteManifest, serviceManifest } from '../given/manifests.ts';
import { aRawBackend } from '../given/raw-backend.ts';
import type { RawBackend } from '../given/raw-backend.ts';
import { converse } from '../given/raw-client.ts';
import { givenStandalone } from '../given/standalone.ts';
import type { GivenStandalone } from '../given/standalone.ts';

/** What no backend may see under any name. */
const lie = 'not-ada';

function policy(route: string, more = ''): string {
  const rules = `
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: ${issuerName}
          audiences: [shop]
          jwks: ${issuerJwks}
          claimsToHeaders: [{ claim: sub, header: X-User-Id }, { claim: org.id, header: x-org }]
    ${more}`;
  return authPolicyManifest(route, rules);
}

const key = 'tp_ab12cd34_Zk3vQ9mT5xW1rB7nL0cY8dF2hJ4sG6pA';

const keyed = `
apiVersion: turnpike.dev/v1alpha1
kind: Consumer
metadata: { name: ada }
spec:
  credentials:
    - name: first
      type: APIKey
      apiKey: { prefix: tp_ab12cd34, sha256: ${hash('sha256', key, 'hex')} }
---${authPolicyManifest(
  'keyed',
  `
    optional: true
    authenticate:
      - name: partners
        type: APIKey
        apiKey:
          consumerSelector: {}
          identityToHeaders: [{ value: Consumer, header: X-User-Id }, { value: Plan, header: x-org }]`,
)}`;

const shadow = "optional: true\n    authorize: [{ name: nobody, mode: Shadow, when: 'false' }]";

let backend: RawBackend;
let issuer: GivenIssuer;
let turnpike: GivenStandalone;
let bearer: string;

/** What a caller shows of itself. */
function credentialOf({ path, signed }: Caller): Readonly<Record<string, string>> {
  if (!signed) return {};
  return path === '/keyed' ? { 'x-api-key': key } : { authorization: bearer };
}

before(async () => {
  backend = await aRawBackend();
  issuer = await givenIssuer();
  turnpike = await givenStandalone({
    'services.yaml': [
      serviceManifest('shop', backend.port),
      serviceManifest('issuer', issuer.backend.port),
    ].join('---'),
    'routes.yaml': ['needed', 'optional', 'shadow', 'keyed']
      .map((name) => pathRouteManifest(name, `/${name}`, 'shop'))
      .join('---'),
    'policies.yaml': [
      policy('needed'),
      policy('optional', 'optional: true'),
      policy('shadow', shadow),
      keyed,
    ].join('---'),
  });
  bearer = `Bearer ${await issuer.token()}`;
  for (const path of ['/needed', '/optional', '/shadow']) {
    await turnpike.until(path, 200, { headers: { authorization: bearer } });
  }
  await turnpike.until('/keyed', 200, { headers: { 'x-api-key': key } });
  await turnpike.until('/needed', 401);
});

after(async () => {
  await turnpike[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
});

/** What the backend has seen since `from`, octets of requests and their trailers. */
function seenSince(from: number): string {
  return backend.seen
    .slice(from)
    .map(({ head, trailers }) => `${head}\r\n${trailers}`)
    .join('\r\n\r\n');
}

interface Caller {
  readonly what: string;
  readonly path: string;
  readonly signed: boolean;
}

const callers: readonly Caller[] = [
  { what: 'with a token', path: '/needed', signed: true },
  { what: 'without one that is needed', path: '/needed', signed: false },
  { what: 'with a token that is not needed', path: '/optional', signed: true },
  { what: 'without a token', path: '/optional', signed: false },
  { what: 'with a token where refusals are only told', path: '/shadow', signed: true },
  { what: 'without one where refusals are only told', path: '/shadow', signed: false },
  { what: 'with a key', path: '/keyed', signed: true },
  { what: 'without a key', path: '/keyed', signed: false },
];

const spellings: readonly string[] = [
  'x-user-id',
  'X-USER-ID',
  'X-User-Id',
  'x_user_id',
  'X_USER_ID',
  'x-user_id',
  'x.user.id',
  'x~user~id',
  'x!user-id',
  "x'user`id",
  'X-Org',
  'x_org',
  'x.org',
  'x-user-id\t',
  ' x-user-id',
  'x-user-id ',
];

const trap = `X-User-Id: ${lie}`;

/** Heads and trailers, as somebody would write them who wants to be taken for another. */
const lines: Readonly<Record<string, { readonly head?: string; readonly trailers?: string }>> = {
  ...Object.fromEntries(spellings.map((name) => [JSON.stringify(name), { head: `${name}: ${lie}\r\n` }])),
  twice: { head: `${trap}\r\nx-other: 1\r\n${trap}\r\n` },
  'beside an empty one': { head: `X-User-Id:\r\n${trap}\r\n` },
  'on a folded line': { head: `X-Other: a\r\n X-User-Id: ${lie}\r\n` },
  'behind a bare CR': { head: `X-Other: a\rX-User-Id: ${lie}\r\n` },
  'behind a bare LF': { head: `X-Other: a\nX-User-Id: ${lie}\r\n` },
  'behind a NUL': { head: `X-User-Id\0: ${lie}\r\n` },
  'nominated by Connection': { head: `${trap}\r\nConnection: X-User-Id\r\n` },
  'with another one nominated': { head: `X-User-Id: ${lie}\r\nX-Org: ${lie}\r\nConnection: x-org\r\n` },
  ...Object.fromEntries(
    ['X-User-Id', 'x_user_id', 'x.user.id', 'X-ORG'].map((name) => [
      `${name} in trailers`,
      { head: `Trailer: ${name}\r\n`, trailers: `${name}: ${lie}\r\n` },
    ]),
  ),
  'in trailers that are not announced': { trailers: `${trap}\r\n` },
};

for (const caller of callers) {
  const { what, path, signed } = caller;
  describe(`by HTTP/1.1 ${what}, no backend is told what the client says of itself`, () => {
    for (const [name, { head = '', trailers }] of Object.entries(lines)) {
      it(name, async () => {
        const from = backend.seen.length;
        const credential = Object.entries(credentialOf(caller))
          .map(([field, value]) => `${field}: ${value}\r\n`)
          .join('');
        const framing =
          trailers === undefined
            ? 'Content-Length: 0\r\n\r\n'
            : `Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`;
        const { answers } = await converse(
          turnpike.port,
          `POST ${path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${credential}${head}${framing}`,
        );
        const seen = seenSince(from);
        assert.doesNotMatch(seen, /not-ada/u);
        const [answer] = answers;
        assert.ok(answer, 'it is answered');
        if (answer.status !== 200) {
          assert.equal(seen, '', 'who is refused reaches no backend');
          return;
        }
        assert.deepEqual(seen.match(/^x.user.id: .*$/gimu) ?? [], signed ? ['x-user-id: ada'] : []);
        assert.deepEqual(seen.match(/^x.org:/gimu) ?? [], []);
      });
    }
  });

  describe(`by HTTP/2 ${what}, no backend is told what the client says of itself`, () => {
    const names = spellings.filter((name) => /^[!'.`~_a-z-]+$/u.test(name));
    for (const name of names) {
      it(name, async () => {
        const from = backend.seen.length;
        using client = await anH2Client(turnpike.port);
        const { status } = await client.ask({
          headers: { ':path': path, ...credentialOf(caller), [name]: lie },
          body: 'ok',
          trailers: { [name]: lie },
        });
        const seen = seenSince(from);
        assert.doesNotMatch(seen, /not-ada/u);
        if (status !== 200) return;
        assert.deepEqual(seen.match(/^x.user.id: .*$/gimu) ?? [], signed ? ['x-user-id: ada'] : []);
      });
    }
  });
}

it('some of these are let through without their lie, so that this tells something', async () => {
  for (const [path, headers] of [
    ['/needed', { authorization: bearer, 'x-user-id': lie }],
    ['/optional', { 'x-user-id': lie }],
  ] as const) {
    assert.equal((await turnpike.get(path, { headers })).status, 200);
  }
});
