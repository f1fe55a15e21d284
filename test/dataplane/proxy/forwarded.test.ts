import { inTheClear } from '#dataplane/http/exchange.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientLines, forwardedHead, forwardedTrailers } from '#dataplane/proxy/forwarded.ts';
import type { ForwardedHeaders } from '#snapshot/client-settings.ts';
import { givenRequest } from '#test/given/request.ts';

const peer = {
  address: '10.0.0.9',
  port: 40_000,
  peer: '10.0.0.9',
  ...inTheClear,
};
const client = { ...peer, address: '2001:db8::1', port: 0 };

const received: readonly [string, string][] = [
  ['X-Forwarded-For', '2001:db8::1'],
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Prefix', '/shop'],
  ['Forwarded', 'for=192.0.2.7'],
  ['X_Forwarded_For', '6.6.6.6'],
  ['X-Real-IP', '6.6.6.6'],
  ['Accept', '*/*'],
];

/** What a backend reads, but for the request's id. */
function told(rules: ForwardedHeaders, fields: readonly [string, string][] = received): string[] {
  const request = {
    ...givenRequest({ host: 'shop.example', fields }),
    length: -1,
    persistent: true,
    expectsContinue: false,
    connectionOptions: '',
    grpc: null,
    upgrade: '',
  };
  const head = forwardedHead(request, client, new ClientLines(peer, 80), rules);
  return head.fields.flat
    .filter((line, at) => at % 2 === 1 && !line.startsWith('X-Request-Id'))
    .map((line) => line.trimEnd());
}

const accept = 'Accept: */*';

describe('what a backend reads of the client', () => {
  it('is ours alone', () => {
    assert.deepEqual(told({ xForwarded: 'Replace', forwarded: 'Remove' }), [
      accept,
      'X-Forwarded-For: 2001:db8::1',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: shop.example',
      'X-Forwarded-Port: 80',
    ]);
  });

  it('is ours alone in Forwarded too, if that is wanted', () => {
    assert.deepEqual(told({ xForwarded: 'Remove', forwarded: 'Replace' }), [
      accept,
      'Forwarded: for="[2001:db8::1]";host="shop.example";proto=http',
    ]);
  });

  it('goes on from what the proxies before us said, and ends with the last of them', () => {
    assert.deepEqual(told({ xForwarded: 'Append', forwarded: 'Append' }), [
      accept,
      'X-Forwarded-For: 2001:db8::1, 10.0.0.9',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: shop.example',
      'X-Forwarded-Port: 80',
      'x-forwarded-prefix: /shop',
      'Forwarded: for=192.0.2.7, for=10.0.0.9;host="shop.example";proto=http',
    ]);
  });

  it('begins here when nobody said anything', () => {
    assert.deepEqual(told({ xForwarded: 'Append', forwarded: 'Append' }, []), [
      'X-Forwarded-For: 10.0.0.9',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: shop.example',
      'X-Forwarded-Port: 80',
      'Forwarded: for=10.0.0.9;host="shop.example";proto=http',
    ]);
  });

  it('is what came, and nothing else', () => {
    assert.deepEqual(told({ xForwarded: 'Keep', forwarded: 'Keep' }), [
      accept,
      'X-Forwarded-For: 2001:db8::1',
      'X-Forwarded-Proto: https',
      'x-forwarded-prefix: /shop',
      'Forwarded: for=192.0.2.7',
    ]);
  });

  it('is nothing', () => {
    assert.deepEqual(told({ xForwarded: 'Remove', forwarded: 'Remove' }), [accept]);
  });
});

describe('trailers', () => {
  const trailers = givenRequest({
    fields: [
      ['x_user', 'admin'],
      ['x-mark', '1'],
      ['host', 'a'],
    ],
  }).fields;
  it('of a request bring nothing that its head has', () => {
    const head = givenRequest({ fields: [['x_user', 'me']] }).fields;
    assert.deepEqual(forwardedTrailers(trailers, head).flat, ['x-mark', 'x-mark: 1\r\n']);
  });
  it('of an answer are what the backend sent', () => {
    assert.deepEqual(forwardedTrailers(trailers, null).size, 2);
  });
});
