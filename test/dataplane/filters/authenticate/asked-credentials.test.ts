// Which credentials reach the services that one level asks, when another level removes them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallService } from '#dataplane/filters/call-service.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { ServiceRequest } from '#dataplane/http/service-call.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import { externalDefaults, type ExternalAuthorization } from '#snapshot/external-authorization.ts';
import { asked, givenIntrospection } from '#test/given/called-service.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import { gate, verdictOf } from './gate.ts';

const doorman: ExternalAuthorization = {
  ...externalDefaults,
  service: { cluster: asked, authority: 'doorman.shop.svc:80', path: '/check', timeoutMs: 1000 },
  headersToService: ['cookie', 'x-api-key'],
  headersToBackend: ['authorization'],
  headersToClient: [],
  failOpen: false,
  cache: { headers: [], forMs: 1000 },
};

const byHttp = { ...givenAuthentication(), alternatives: [], external: doorman };
const byGrpc = {
  ...byHttp,
  external: { ...doorman, protocol: 'GRPC', headersToService: null } as const,
};

/** The ways in by a token in the header, in the query and in a cookie. */
function ways(forwarded: boolean) {
  return [
    { kind: 'Header', header: 'authorization', scheme: 'bearer' } as const,
    { kind: 'Query', parameter: 'token' } as const,
    { kind: 'Cookie', cookie: 'token' } as const,
    { kind: 'Header', header: 'x-api-key', scheme: '' } as const,
  ].map((source) => givenJwt({ name: source.kind, credential: { sources: [source], forwarded } }));
}

/** What services were asked of a request with a token in all places, after these levels; and what goes on of it. */
async function askedBy(...levels: readonly Authentication[]) {
  const key = await issuerKey('one');
  const token = await key.sign();
  const questions: ServiceRequest[] = [];
  const call: CallService = (_, question) => {
    questions.push(question);
    return Promise.resolve({ kind: 'Answered', status: 200, fields: new Fields(), trailers: null, content });
  };
  const one = gate({}, call);
  const exchange = bringing(token);
  for (const level of levels) await verdictOf(one.filter(level, givenKeySet('ids', key)), exchange);
  return { told: questions.map(textOf), exchange, token };
}

const content = Buffer.from('{"active": true, "sub": "ada"}');

function bringing(token: string): Exchange {
  return givenExchange(
    givenRequest({
      target: `/cart?token=${token}&x=1`,
      fields: [
        ['Authorization', `Bearer ${token}`],
        ['Cookie', `token=${token}; a=b`],
        ['X-Api-Key', token],
      ],
    }),
  );
}

function textOf({ fields, query, content: octets }: ServiceRequest): string {
  return [query ?? '', ...fields.flat, Buffer.concat(octets ?? []).toString('latin1')].join('\n');
}

const outer = givenAuthentication(...ways(false));

describe('a service that a level asks', () => {
  for (const [name, level] of Object.entries({ 'by HTTP': byHttp, 'by gRPC': byGrpc })) {
    it(`${name} hears no credential that a level before has removed`, async () => {
      const { told, token } = await askedBy(outer, level);
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /x=1/u);
      assert.match(told[0] ?? '', /a=b/u);
      assert.doesNotMatch(told[0] ?? '', new RegExp(token, 'u'));
    });

    it(`${name} hears Authorization and the query although its own level removes them for the backend`, async () => {
      const own = { ...level, alternatives: ways(false) };
      const { told, exchange, token } = await askedBy(own);
      assert.match(told[0] ?? '', new RegExp(`authorization[^]*Bearer ${token}`, 'iu'));
      assert.match(told[0] ?? '', new RegExp(`token=${token}&x=1`, 'u'));
      assert.doesNotMatch([exchange.forwarded.query, ...exchange.forwarded.fields.flat].join(), /eyJ/u);
    });

    it(`${name} hears Authorization although only its own answer tells the backend of it`, async () => {
      const { told, exchange, token } = await askedBy(level);
      assert.match(told[0] ?? '', new RegExp(`authorization[^]*Bearer ${token}`, 'iu'));
      assert.equal(exchange.forwarded.fields.get('authorization'), undefined);
    });
  }

  it('keeps no decision for a request with a credential for one without', async () => {
    const key = await issuerKey('one');
    const token = await key.sign();
    let count = 0;
    const one = gate({}, () => {
      count += 1;
      const fields = new Fields();
      return Promise.resolve({ kind: 'Answered', status: 200, fields, trailers: null, content });
    });
    const [first, second] = [one.filter(outer, givenKeySet('ids', key)), one.filter(byHttp)];
    const bare = bringing(token);
    await verdictOf(second, bare);
    const stripped = bringing(token);
    await verdictOf(first, stripped);
    await verdictOf(second, stripped);
    assert.equal(count, 2);
    await verdictOf(second, bringing(token));
    assert.equal(count, 2);
  });

  it('about tokens is not asked about one that a level before has removed', async () => {
    const opaque = givenAuthentication(givenIntrospection({ endpoint: doorman.service }));
    assert.equal((await askedBy(outer, opaque)).told.length, 0);
    assert.equal((await askedBy(givenAuthentication(...ways(true).slice(0, 1)), opaque)).told.length, 1);
  });
});
