// A fetcher of keys, and a server that has some.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createAddressRule } from '#snapshot/address-rule.ts';
import { KeyFetcher } from '#controller/keys/key-fetcher.ts';
import { readKeys } from '#controller/translate/policies/key-set.ts';
import { ManualClock } from '#test/given/clock.ts';
import { eventually } from '#test/given/eventually.ts';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import type { KeysEvent } from '#controller/keys/key-fetcher.ts';
import type { KeysFailure } from '#controller/keys/keys-error.ts';
import type { FetchedKeys } from '#controller/translate/input.ts';
import type { RemoteKeys } from '#controller/translate/translation.ts';

export const publicKey = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  kid: 'one',
};

/** What sources have in common unless a test is about it. */
export const usual = { authorities: null, staleMsMax: 86_400_000 };

/**
 * A fetcher, the server it fetches from at `keys.example` (127.0.0.1), and a clock to move. `tls`: what the server
 * shows; `names`: what else is resolved to it.
 */
export async function given(
  t: TestContext,
  allow: readonly string[] = ['127.0.0.0/8'],
  tls: { readonly key: string; readonly cert: string } | null = null,
) {
  let answer = (_request: IncomingMessage, response: ServerResponse): void => {
    response.end(JSON.stringify({ keys: [publicKey] }));
  };
  const seen: { path: string; host: string }[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push({ path: request.url ?? '', host: request.headers.host ?? '' });
    answer(request, response);
  };
  const server = tls === null ? createServer(listener) : createSecureServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const clock = new ManualClock();
  const known = new Map<string, FetchedKeys | null>();
  const events: KeysEvent[] = [];
  const resolved: string[] = [];
  const names = new Map([['keys.example', ['127.0.0.1']]]);
  const endpoints = [{ address: '127.0.0.1', port }];
  const fetcher = new KeyFetcher({
    clock,
    random: () => 0.5,
    rule: createAddressRule(allow),
    resolve(host) {
      resolved.push(host);
      return Promise.resolve(names.get(host) ?? []);
    },
    endpointsOf: () => endpoints,
    readKeys,
    onKeys: (id, keys) => known.set(id, keys),
    report: (event) => events.push(event),
  });
  t.after(() => fetcher.follow());
  const respond = (run: typeof answer) => (answer = run);
  const uri = (host = 'keys.example', scheme = 'http'): RemoteKeys => ({
    id: 'issuer',
    ...usual,
    source: { type: 'Uri', uri: `${scheme}://${host}:${port}/jwks` },
  });
  const fetched = async (times: number) => {
    clock.advance(0);
    await eventually(() => assert.equal(events.length, times));
  };
  return { fetcher, clock, known, events, seen, resolved, names, endpoints, respond, uri, fetched, port };
}

export function failureOf(event: KeysEvent | undefined): KeysFailure | 'Fetched' | undefined {
  return event?.kind === 'Failed' ? event.error.failure : event?.kind;
}
