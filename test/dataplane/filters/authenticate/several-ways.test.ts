// What goes on to the backend where a request brings credentials of several kinds: only the one that let it in.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Exchange } from '#dataplane/http/exchange.ts';
import { fieldLine } from '#dataplane/http/fields.ts';
import { ConnectionCertificate } from '#dataplane/listen/client-certificate.ts';
import type {
  ApiKeyAuthentication,
  AuthenticationWay,
  CredentialPlaces,
  CredentialSource,
} from '#snapshot/authentication.ts';
import type { ClientCertificateAuthentication } from '#snapshot/client-certificate.ts';
import { resourceId } from '#snapshot/ids.ts';
import { givenAuthority } from '#test/given/client-certificate.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import { carrying, gate, verdictOf } from './gate.ts';

const bearer: CredentialSource = { kind: 'Header', header: 'authorization', scheme: 'bearer' };
const header: CredentialSource = { kind: 'Header', header: 'x-token', scheme: '' };
const parameter: CredentialSource = { kind: 'Query', parameter: 'token' };

const byCertificate: ClientCertificateAuthentication = {
  kind: 'ClientCertificate',
  name: 'partners',
  subjectFrom: ['CommonName'],
  allow: [],
  revocation: null,
  certificateHeader: null,
};

function byKey(credential: CredentialPlaces): ApiKeyAuthentication {
  const keys = [resourceId('CredentialSet', 'Secret', 'shop', 'keys')];
  return { kind: 'APIKey', name: 'keys', credential, keys, identityToHeaders: [] };
}

const authority = await givenAuthority('ours');
const issued = await authority.issue('cart');
const certificate = new ConnectionCertificate(new X509Certificate(issued.cert));
const key = await issuerKey('one');
const token = await key.sign();
const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`;

function shown(target: string, ...fields: readonly (readonly [string, string])[]): Exchange {
  return givenExchange(givenRequest({ target, fields }), { client: { secure: true, certificate } });
}

function filterOf(...ways: readonly AuthenticationWay[]) {
  return gate().filter(givenAuthentication(...ways), givenKeySet('ids', key));
}

describe('beside a certificate that lets in', () => {
  for (const ways of [
    [givenJwt(), byCertificate],
    [byCertificate, givenJwt()],
  ] as const) {
    it(`a forged token goes no further (${ways.map(({ kind }) => kind).join(', ')})`, async () => {
      const exchange = shown('/', ['Authorization', `Bearer ${unsigned}`]);
      // the tests' clock is ahead of real certificates
      const made = gate();
      made.clock = Date.now();
      const filter = made.filter(givenAuthentication(...ways), givenKeySet('ids', key));
      assert.equal(await verdictOf(filter, exchange), 'pass');
      assert.equal(exchange.identity?.method, 'ClientCertificate');
      assert.equal(exchange.forwarded.fields.has('authorization'), false);
    });
  }
});

describe('a token that lets in', () => {
  it('goes on alone: no key that nobody looked at, and no trailer of its name', async () => {
    const keys = byKey({ sources: [{ ...header, header: 'x-api-key' }, parameter], forwarded: true });
    const filter = filterOf(givenJwt(), keys);
    const exchange = givenExchange(
      givenRequest({
        target: '/?token=forged&b=1',
        fields: [
          ['Authorization', `Bearer ${token}`],
          ['X-Api-Key', 'forged'],
        ],
      }),
    );
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.equal(exchange.forwarded.fields.get('authorization'), `Bearer ${token}`);
    assert.equal(exchange.forwarded.fields.has('x-api-key'), false);
    assert.equal(exchange.forwarded.query, 'b=1');
    assert.deepEqual(filter.ownFields, ['authorization', 'x-api-key']);
  });

  it('goes on where another way reads the same field and would remove it', async () => {
    const keys = byKey({ sources: [bearer], forwarded: false });
    for (const ways of [
      [keys, givenJwt()],
      [givenJwt(), keys],
    ] as const) {
      const exchange = carrying(['Authorization', `Bearer ${token}`]);
      assert.equal(await verdictOf(filterOf(...ways), exchange), 'pass');
      assert.equal(exchange.forwarded.fields.get('authorization'), `Bearer ${token}`);
    }
  });

  it('takes with it what stands in its other places, and where a backend reads the same name', async () => {
    const filter = filterOf(givenJwt({ credential: { sources: [header, bearer], forwarded: true } }));
    const exchange = givenExchange(
      givenRequest({
        fields: [
          ['X-Token', token],
          ['Authorization', `Bearer ${unsigned}`],
        ],
      }),
    );
    exchange.forwarded.fields.appendLine('x_token', fieldLine('X_Token', unsigned));
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.deepEqual(exchange.forwarded.fields.flat, ['x-token', fieldLine('X-Token', token)]);
  });

  it('is the one that was read', async () => {
    const filter = filterOf(givenJwt({ credential: { sources: [bearer, header], forwarded: true } }));
    const exchange = givenExchange(
      givenRequest({
        fields: [
          ['Authorization', 'Basic YTpi'],
          ['X-Token', token],
        ],
      }),
    );
    assert.equal(await verdictOf(filter, exchange), 'pass');
    assert.deepEqual(exchange.forwarded.fields.flat, ['x-token', fieldLine('X-Token', token)]);
  });
});
