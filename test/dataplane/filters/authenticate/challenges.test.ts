import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Challenges } from '#dataplane/filters/authenticate/challenges.ts';
import { denialOf } from '#dataplane/filters/denial.ts';
import { tellingMetadata } from '#dataplane/filters/resource-metadata.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import { answerTo } from '#dataplane/proxy/answer.ts';
import type { ResourceMetadata } from '#snapshot/resource-metadata.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';

const none = { realm: '', resourceMetadata: null };

function asked(secure = true): Exchange {
  const request = givenRequest({ host: 'api.example.com', target: '/orders/1' });
  return givenExchange({ ...request, authority: 'api.example.com:8443' }, { client: { secure } });
}

describe('a challenge', () => {
  it('names the host that was asked for, before what else it tells', () => {
    const challenges = new Challenges(none, ['Bearer', 'Bearer error="invalid_token"']);
    assert.deepEqual(challenges.of(asked()), [
      'Bearer realm="api.example.com"',
      'Bearer realm="api.example.com", error="invalid_token"',
    ]);
  });

  it("names the policy's realm, but for one that has its own; the same twice is told once", () => {
    const told = ['Bearer', 'Basic realm="staff", charset="UTF-8"', 'Bearer'];
    assert.deepEqual(new Challenges({ ...none, realm: 'shop' }, told).of(asked()), [
      'Bearer realm="shop"',
      'Basic realm="staff", charset="UTF-8"',
    ]);
  });

  const metadata: ResourceMetadata = { resource: '', authorizationServers: [], scopes: [] };
  for (const [resource, secure, url] of [
    ['', true, 'https://api.example.com:8443/.well-known/oauth-protected-resource'],
    ['', false, 'http://api.example.com:8443/.well-known/oauth-protected-resource'],
    [
      'https://shop.example.com/a/b',
      true,
      'https://shop.example.com/.well-known/oauth-protected-resource/a/b',
    ],
    [
      'https://shop.example.com:444',
      true,
      'https://shop.example.com:444/.well-known/oauth-protected-resource',
    ],
  ] as const) {
    it(`to bring a token tells where one is to be had: ${url}`, () => {
      const policy = { realm: 'r', resourceMetadata: { ...metadata, resource } };
      assert.deepEqual(new Challenges(policy, ['Bearer', 'Basic']).of(asked(secure)), [
        `Bearer realm="r", resource_metadata="${url}"`,
        'Basic realm="r"',
      ]);
    });
  }

  it('leads to a document that names the resource as its URL is made', () => {
    const scopes = ['read'];
    const of = (resource: string) => {
      const { body } = tellingMetadata({ ...metadata, resource, scopes }).apply(asked());
      return JSON.parse(body.toString()) as unknown;
    };
    assert.deepEqual(of(''), { resource: 'https://api.example.com:8443', scopes_supported: scopes });
    assert.deepEqual(of('https://a.example/b'), {
      resource: 'https://a.example/b',
      scopes_supported: scopes,
    });
  });
});

describe('a refusal in the words of a policy', () => {
  const told = { status: 401, title: 'T "quoted"', requestId: "<a href='x'>&\"\\" };
  const body = '{status}|{title}|{requestId}|{unknown}|{status';

  for (const [contentType, text] of [
    ['application/json', String.raw`401|T \"quoted\"|<a href='x'>&\"\\|{unknown}|{status`],
    ['application/problem+json', String.raw`401|T \"quoted\"|<a href='x'>&\"\\|{unknown}|{status`],
    ['text/plain', '401|T "quoted"|<a href=\'x\'>&"\\|{unknown}|{status'],
    [
      'text/html; charset=utf-8',
      '401|T &#34;quoted&#34;|&#60;a href=&#39;x&#39;&#62;&#38;&#34;\\|{unknown}|{status',
    ],
    ['application/xml', '401|T &#34;quoted&#34;|&#60;a href=&#39;x&#39;&#62;&#38;&#34;\\|{unknown}|{status'],
  ] as const) {
    it(`of type ${contentType} has what it tells escaped`, () => {
      assert.equal(denialOf({ contentType, body }).text(told), text);
    });
  }

  it('tells who may not pass, and nothing else', () => {
    const exchange = asked();
    exchange.forwarded.fields.append('x-request-id', 'r-1');
    exchange.denial = denialOf({
      contentType: 'application/json',
      body: '{"e":{status},"id":"{requestId}"}',
    });
    const texts = (
      [
        { kind: 'Unauthenticated', error: 'missing', challenges: ['Bearer'], detail: '' },
        { kind: 'Forbidden', challenge: null, detail: '' },
        { kind: 'GuessingBlocked', retryAfterS: 3, detail: '' },
        { kind: 'NoEndpoint' },
      ] as const
    ).map((failure) => answerTo(failure, exchange));
    assert.deepEqual(
      texts.map((answer) => [answer.fields.get('content-type'), answer.body.toString()]),
      [
        ['application/json', '{"e":401,"id":"r-1"}'],
        ['application/json', '{"e":403,"id":"r-1"}'],
        ['application/json', '{"e":429,"id":"r-1"}'],
        ['application/problem+json', '{"status":503,"title":"The service has no endpoint ready."}\n'],
      ],
    );
    assert.equal(texts[0]?.fields.get('www-authenticate'), 'Bearer');
    assert.equal(texts[2]?.fields.get('retry-after'), '3');
  });
});
