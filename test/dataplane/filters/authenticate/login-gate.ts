// A policy whose one way in is a login at a provider, and browsers that go there.
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import type { LoginSecret, OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import type { SharedMemory } from '#dataplane/filters/shared-memory.ts';
import { givenCall } from '#test/given/called-service.ts';
import { givenLogin, keysOf, LoginBrowser, sealed, shopHost, type KnownProvider } from '#test/given/login.ts';
import {
  givenOpenidProvider,
  type GivenOpenidProvider,
  type ProviderChoices,
} from '#test/given/openid-provider.ts';
import { givenAuthentication } from '#test/given/token.ts';
import { gate, type Gate } from './gate.ts';

export const callback = `https://${shopHost}/oauth2/callback`;

export interface GivenShop<Provider = GivenOpenidProvider> extends AsyncDisposable {
  readonly provider: Provider;
  readonly made: Gate;
  readonly keys: KeySet;
  readonly secret: LoginSecret;
  readonly filter: RequestFilter;
  browser(): LoginBrowser;
}

/** With a real provider. Its clock is the system's, so that of the gate begins there. */
export async function givenShop(
  rule: Partial<OpenIdConnectAuthentication> = {},
  choices: Partial<ProviderChoices> = {},
): Promise<GivenShop> {
  const provider = await givenOpenidProvider({
    redirectUris: [callback],
    postLogoutRedirectUris: [`https://${shopHost}/`],
    ...choices,
  });
  return shopOf(provider, await keysOf(provider), rule);
}

/** Another data plane of the same Gateway, which has `memory` with the others. */
export function besides(
  { provider, keys, secret, made: { clock } }: GivenShop<KnownProvider & { readonly port: number }>,
  rule: Partial<OpenIdConnectAuthentication>,
  memory: SharedMemory,
): Pick<GivenShop, 'made' | 'filter' | 'browser'> & Disposable {
  const asking = givenCall(provider.port);
  const made = gate({}, asking.call, memory);
  made.clock = clock;
  sealed(made.authenticating, secret);
  const filter = made.filter(givenAuthentication(givenLogin(provider, rule)), keys);
  return {
    made,
    filter,
    browser: () => new LoginBrowser(filter),
    [Symbol.dispose]: () => asking[Symbol.dispose](),
  };
}

/** With any provider; `rule`: what is not as usual of the way in. */
export function shopOf<Provider extends KnownProvider & AsyncDisposable & { readonly port: number }>(
  provider: Provider,
  keys: KeySet,
  rule: Partial<OpenIdConnectAuthentication>,
): GivenShop<Provider> {
  const asking = givenCall(provider.port);
  const made = gate({}, asking.call);
  made.clock = Date.now();
  const secret = sealed(made.authenticating);
  const filter = made.filter(givenAuthentication(givenLogin(provider, rule)), keys);
  return {
    provider,
    made,
    keys,
    secret,
    filter,
    browser: () => new LoginBrowser(filter),
    async [Symbol.asyncDispose]() {
      asking[Symbol.dispose]();
      await provider[Symbol.asyncDispose]();
    },
  };
}
