import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthorityCertificate, createServerCertificate } from '#controller/authority/certificate.ts';
import { archiveData, archivedKeys } from '#controller/keys/key-archive.ts';
import { readKeys } from '#controller/translate/policies/key-set.ts';
import type { RemoteKeys } from '#controller/translate/translation.ts';
import type { TestContext } from 'node:test';
import { failureOf, given, publicKey, usual } from './given-fetcher.ts';

type Given = Awaited<ReturnType<typeof given>>;

const validity = { fromMs: Date.now() - 60_000, untilMs: Date.now() + 3_600_000 };
const authority = await createAuthorityCertificate('test authority', validity);
const other = await createAuthorityCertificate('another authority', validity);

async function givenTls(t: TestContext, ...names: readonly string[]): Promise<Given> {
  const { certificate, key } = await createServerCertificate(authority, names, validity);
  return given(t, ['127.0.0.0/8'], { cert: certificate, key: key.reveal() });
}

/** What the server says at its configuration; all else there is the keys. */
function configured({ respond }: Given, configuration: unknown): void {
  respond((request, response) => {
    const asked = request.url?.includes('.well-known/openid-configuration') === true;
    response.end(JSON.stringify(asked ? configuration : { keys: [publicKey] }));
  });
}

const discovered = (issuer: string): RemoteKeys => ({
  id: 'issuer',
  ...usual,
  source: { type: 'Discovery', issuer },
});

async function fetchedFrom(made: Given, remote: RemoteKeys): Promise<string | undefined> {
  made.fetcher.lead();
  made.fetcher.want([remote]);
  await made.fetched(1);
  return failureOf(made.events[0]);
}

for (const [what, path, asked] of [
  ['at its root', '', '/.well-known/openid-configuration'],
  ['with a path', '/realms/a', '/realms/a/.well-known/openid-configuration'],
  ['with a slash at the end', '/realms/a/', '/realms/a/.well-known/openid-configuration'],
] as const) {
  test(`an issuer ${what} says where its keys are`, async (t) => {
    const made = await given(t);
    const issuer = `http://keys.example:${made.port}${path}`;
    configured(made, { issuer, jwks_uri: `http://keys.example:${made.port}/keys` });
    assert.equal(await fetchedFrom(made, discovered(issuer)), 'Fetched');
    assert.deepEqual(
      made.seen.map((one) => one.path),
      [asked, '/keys'],
    );
    assert.equal(made.known.get('issuer')?.keys?.length, 1);
  });
}

test('what an issuer says is believed of nobody else, and must make sense', async (t) => {
  const table: readonly (readonly [configuration: unknown, failure: string])[] = [
    [{ issuer: 'https://evil.example', jwks_uri: 'http://keys.example/keys' }, 'Invalid'],
    [{ issuer: ['ISSUER'], jwks_uri: 'http://keys.example/keys' }, 'Invalid'],
    [{ jwks_uri: 'http://keys.example/keys' }, 'Invalid'],
    [{ issuer: 'ISSUER' }, 'Invalid'],
    [{ issuer: 'ISSUER', jwks_uri: 7 }, 'Invalid'],
    [null, 'Invalid'],
    [{ issuer: 'ISSUER', jwks_uri: 'file:///etc/passwd' }, 'Insecure'],
    [{ issuer: 'ISSUER', jwks_uri: '/keys' }, 'Insecure'],
    [{ issuer: 'ISSUER', jwks_uri: 'http://169.254.169.254/latest/meta-data' }, 'RefusedAddress'],
    [{ issuer: 'ISSUER', jwks_uri: 'https://inside.example/keys' }, 'RefusedAddress'],
    [{ issuer: 'ISSUER', jwks_uri: 'http://public.example/keys' }, 'Insecure'],
  ];
  for (const [configuration, failure] of table) {
    const made = await given(t);
    made.names.set('inside.example', ['10.0.0.1']).set('public.example', ['1.1.1.1']);
    const issuer = `http://keys.example:${made.port}`;
    configured(made, JSON.parse(JSON.stringify(configuration).replace('ISSUER', issuer)));
    assert.equal(await fetchedFrom(made, discovered(issuer)), failure, JSON.stringify(configuration));
    assert.equal(made.seen.length, 1, 'nothing but the configuration was asked for');
    made.fetcher.follow();
  }
});

test('a redirect of the configuration is not followed', async (t) => {
  const made = await given(t);
  made.respond((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end());
  assert.equal(await fetchedFrom(made, discovered(`http://keys.example:${made.port}`)), 'Status');
  assert.equal(made.seen.length, 1);
});

test('a server is believed by the authorities that the source names, and by no others', async (t) => {
  const table = [
    [authority.certificate, ['keys.example'], 'Fetched'],
    [null, ['keys.example'], 'Network'],
    [other.certificate, ['keys.example'], 'Network'],
    [authority.certificate, ['other.example'], 'Network'],
    [other.certificate + authority.certificate, ['keys.example'], 'Fetched'],
  ] as const;
  for (const [authorities, names, outcome] of table) {
    const made = await givenTls(t, ...names);
    const remote = { ...made.uri('keys.example', 'https'), authorities };
    assert.equal(await fetchedFrom(made, remote), outcome);
    assert.equal(made.seen.length, outcome === 'Fetched' ? 1 : 0);
    made.fetcher.follow();
  }
});

test('an issuer and its keys are believed by the authorities that the source names', async (t) => {
  const made = await givenTls(t, 'keys.example');
  const issuer = `https://keys.example:${made.port}`;
  configured(made, { issuer, jwks_uri: `${issuer}/keys` });
  const remote = { ...discovered(issuer), authorities: authority.certificate };
  assert.equal(await fetchedFrom(made, remote), 'Fetched');
});

test('a Service that speaks TLS must have a certificate for its name', async (t) => {
  const source = { type: 'Backend', namespace: 'shop', service: 'issuer', port: 443, path: '/keys' } as const;
  for (const [serverName, outcome] of [
    ['issuer.shop.svc', 'Fetched'],
    ['issuer.other.svc', 'Network'],
  ] as const) {
    const made = await givenTls(t, 'issuer.shop.svc');
    const remote = {
      id: 'issuer',
      ...usual,
      authorities: authority.certificate,
      source: { ...source, serverName },
    };
    assert.equal(await fetchedFrom(made, remote), outcome);
    made.fetcher.follow();
  }
});

test('other authorities are tried soon, and the keys stay meanwhile', async (t) => {
  const made = await givenTls(t, 'keys.example');
  const remote = { ...made.uri('keys.example', 'https'), authorities: authority.certificate };
  assert.equal(await fetchedFrom(made, remote), 'Fetched');
  made.fetcher.want([{ ...remote, authorities: other.certificate }]);
  assert.equal(made.known.get('issuer')?.keys?.length, 1);
  made.clock.advance(1_000);
  await made.fetched(2);
  assert.equal(failureOf(made.events[1]), 'Network');
  assert.equal(made.known.get('issuer')?.keys?.length, 1);
});

test('an issuer that logs people in says where, and what is no place is left out', async (t) => {
  const made = await given(t);
  const issuer = `http://keys.example:${made.port}`;
  configured(made, {
    issuer,
    jwks_uri: `${issuer}/keys`,
    authorization_endpoint: `${issuer}/auth?tenant=a`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: 'file:///etc/passwd',
    end_session_endpoint: 7,
    authorization_response_iss_parameter_supported: true,
  });
  assert.equal(await fetchedFrom(made, discovered(issuer)), 'Fetched');
  const provider = {
    authorizationEndpoint: `${issuer}/auth?tenant=a`,
    tokenEndpoint: `${issuer}/token`,
    userinfoEndpoint: '',
    endSessionEndpoint: '',
    tellsIssuer: true,
  };
  assert.deepEqual(made.known.get('issuer')?.provider, provider);
  const kept = archivedKeys(archiveData(made.fetcher.good), readKeys);
  assert.deepEqual(kept.get('issuer')?.provider, provider, 'also over a restart');
});

for (const [what, endpoints] of Object.entries({
  'nowhere to log in': { token_endpoint: 'https://id.example/token' },
  'no tokens': { authorization_endpoint: 'https://id.example/auth' },
  'a user in an address': {
    authorization_endpoint: 'https://me@id.example/auth',
    token_endpoint: 'https://id.example/token',
  },
})) {
  test(`an issuer with ${what} has keys all the same`, async (t) => {
    const made = await given(t);
    const issuer = `http://keys.example:${made.port}`;
    configured(made, { issuer, jwks_uri: `${issuer}/keys`, ...endpoints });
    assert.equal(await fetchedFrom(made, discovered(issuer)), 'Fetched');
    assert.equal(made.known.get('issuer')?.provider, undefined);
    assert.equal(made.known.get('issuer')?.keys?.length, 1);
  });
}

test('a Service is asked in the place of an issuer, and thinks that it is asked at its address', async (t) => {
  const made = await given(t, []);
  const issuer = 'https://id.example.com/realms/a';
  configured(made, { issuer, jwks_uri: 'https://id.example.com/realms/a/keys?all' });
  const through = { namespace: 'shop', service: 'ids', port: 80, serverName: null };
  const remote: RemoteKeys = { id: 'issuer', ...usual, source: { type: 'Discovery', issuer, through } };
  assert.equal(await fetchedFrom(made, remote), 'Fetched');
  assert.deepEqual(made.seen, [
    { path: '/realms/a/.well-known/openid-configuration', host: 'id.example.com' },
    { path: '/realms/a/keys?all', host: 'id.example.com' },
  ]);
  assert.deepEqual(made.resolved, [], 'its name is not looked up');
});
