// A browser that logs in at a real provider, and the way in that it is for: requests go to the filter itself, all that
// the filter asks goes over sockets.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Authenticating } from '#dataplane/filters/authenticate/authenticating.ts';
import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import { readKeySet } from '#controller/translate/policies/key-set.ts';
import type { AvailableKeySet } from '#snapshot/key-set.ts';
import { resourceId } from '#snapshot/ids.ts';
import {
  loginSecretId,
  type LoginSecret,
  type OpenIdConnectAuthentication,
} from '#snapshot/open-id-connect.ts';
import { Secret } from '#snapshot/secret.ts';
import { asked } from './called-service.ts';
import { password, type GivenOpenidProvider } from './openid-provider.ts';
import { givenExchange, givenRequest } from './request.ts';

/** What a login needs to know of a provider, real or not. */
export type KnownProvider = Pick<GivenOpenidProvider, 'issuer' | 'clientId' | 'clientSecret' | 'endSession'>;

/** The host that is asked for in the tests. */
export const shopHost = 'shop.example.com';

/** Of a policy `shop/auth`; the provider is asked by the cluster of `givenCall`. */
export function givenLogin(
  provider: KnownProvider,
  given: Partial<OpenIdConnectAuthentication> = {},
): OpenIdConnectAuthentication {
  const authority = new URL(provider.issuer).host;
  const service = (path: string) => ({ cluster: asked, authority, path, timeoutMs: 2000 });
  const { clientId: id, clientSecret } = provider;
  return {
    kind: 'OpenIDConnect',
    name: 'people',
    issuer: provider.issuer,
    client: { id, secret: clientSecret === null ? null : new Secret(clientSecret), method: 'Basic' },
    scopes: ['openid', 'email', 'groups'],
    keySet: resourceId('KeySet', 'ids'),
    provider: {
      authorizationEndpoint: `${provider.issuer}/auth`,
      endSessionEndpoint: provider.endSession,
      token: service('/token'),
      userinfo: service('/me'),
      tellsIssuer: true,
    },
    redirectPath: '/oauth2/callback',
    logoutPath: '/oauth2/logout',
    backChannelPath: '',
    afterLogout: '/',
    scheme: 'https',
    sessionMs: 8 * 3_600_000,
    clockSkewMs: 0,
    userinfo: false,
    groupsClaim: 'groups',
    forwardAccessToken: false,
    claimsToHeaders: [{ claim: 'email', header: 'x-email' }],
    ...given,
  };
}

/** The keys of the provider as they are now, as the set `ids`. */
export async function keysOf({ issuer }: GivenOpenidProvider): Promise<AvailableKeySet> {
  const read = readKeySet(await (await fetch(`${issuer}/jwks`)).text());
  assert(read.kind === 'Keys');
  return {
    kind: 'KeySet',
    state: 'Available',
    id: resourceId('KeySet', 'ids'),
    keys: read.keys,
    refreshable: true,
  };
}

/** A secret that nobody has had before; `previous`: the one that it follows. */
export function givenLoginSecret(previous?: LoginSecret): LoginSecret {
  const made = () => new Secret(randomBytes(32).toString('base64'));
  return {
    kind: 'LoginSecret',
    id: loginSecretId,
    secret: made(),
    previous: previous?.secret ?? made(),
    next: made(),
  };
}

/** What a browser saw of an answer. */
export interface Seen {
  readonly verdict: Verdict;
  readonly exchange: Exchange;
  /** `''`: it was not sent on. */
  readonly location: string;
  readonly cookies: readonly string[];
}

/** How a request of a browser differs from one to a page. */
export interface Asking {
  readonly method?: string;
  readonly host?: string;
  readonly fields?: readonly (readonly [string, string])[];
}

/** Brings back the cookies it was given, here and at the provider. */
export class LoginBrowser {
  readonly #filter: RequestFilter;
  readonly cookies = new Map<string, string>();
  readonly #atProvider = new Map<string, string>();

  constructor(filter: RequestFilter) {
    this.#filter = filter;
  }

  /** Asks the filter for a page, over TLS. */
  async ask(
    target: string,
    { method = 'GET', host = shopHost, fields = pageFields }: Asking = {},
  ): Promise<Seen> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const all = cookie === '' ? fields : [...fields, ['cookie', cookie] as const];
    const exchange = givenExchange(givenRequest({ method, host, target, fields: all }), {
      client: { secure: true },
    });
    const verdict = await this.#filter.apply(exchange);
    const cookies = linesOf(exchange, 'set-cookie');
    for (const line of cookies) keep(this.cookies, line);
    const location = verdict?.kind === 'Answered' ? (verdict.fields.get('location') ?? '') : '';
    return { verdict, exchange, location, cookies };
  }

  /** Goes to the provider, logs in there as `user` if that asks, and gives where it sends the browser back to. */
  async logInAt(location: string, user = 'ada'): Promise<string> {
    let url = location;
    let form: URLSearchParams | null = null;
    for (let hops = 0; hops < 10; hops += 1) {
      const cookie = [...this.#atProvider].map(([name, value]) => `${name}=${value}`).join('; ');
      const answer: Response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie },
        ...(form === null ? {} : { method: 'POST', body: form }),
      });
      for (const line of answer.headers.getSetCookie()) keep(this.#atProvider, line);
      await answer.arrayBuffer();
      const next = answer.headers.get('location');
      if (next === null) {
        assert.equal(answer.status, 200, `the provider answered ${answer.status} at ${url}`);
        form = new URLSearchParams({ user, password });
        continue;
      }
      form = null;
      url = new URL(next, url).href;
      if (new URL(url).host === shopHost) return url;
    }
    throw new Error('the provider sends the browser round');
  }

  /** Asks for `target` and comes back with an answer of a provider that is none; `parameters`: what else stands in it. */
  async logInForged(
    provider: { issuer: string; nonce: string },
    parameters: Readonly<Record<string, string>> = {},
    target = '/',
  ): Promise<Seen> {
    const sent = new URL((await this.ask(target)).location);
    provider.nonce = sent.searchParams.get('nonce') ?? '';
    const usual = { code: 'one', state: sent.searchParams.get('state') ?? '', iss: provider.issuer };
    return this.ask(`/oauth2/callback?${new URLSearchParams({ ...usual, ...parameters }).toString()}`);
  }

  /** Asks for `target`, logs in, and comes back: what the filter said at last. */
  async logIn(target = '/', user = 'ada'): Promise<Seen> {
    const sent = await this.ask(target);
    assert.notEqual(sent.location, '', 'it was not sent to the provider');
    const back = await this.logInAt(sent.location, user);
    return this.ask(back.slice(`https://${shopHost}`.length));
  }
}

/** What a browser says when somebody goes to a page. */
const pageFields = [
  ['accept', 'text/html,application/xhtml+xml'],
  ['sec-fetch-mode', 'navigate'],
  ['sec-fetch-site', 'none'],
] as const;

function linesOf({ answerFields }: Exchange, name: string): readonly string[] {
  return Array.from({ length: answerFields.size }, (_, line) => line)
    .filter((line) => answerFields.nameAt(line) === name)
    .map((line) => answerFields.valueAt(line));
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split('; ');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals);
  const isOver = attributes.some(
    (one) => /^max-age=0$/iu.test(one) || /^expires=Thu, 01 Jan 1970/iu.test(one),
  );
  if (isOver) jar.delete(name);
  else jar.set(name, pair.slice(equals + 1));
}

/** A filter's maker whose logins are sealed. */
export function sealed(authenticating: Authenticating, secret = givenLoginSecret()): LoginSecret {
  authenticating.useLoginSecret(secret);
  return secret;
}
