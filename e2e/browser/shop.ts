// A shop behind a login: one Turnpike from a folder, a real provider, and a page beside it that everybody may see.
import assert from 'node:assert/strict';
import { givenBackend } from '#test/given/backend.ts';
import type { GivenBackend, Seen } from '#test/given/backend.ts';
import {
  authPolicyManifest,
  edgeManifest,
  pathRouteManifest,
  secureListener,
  serviceManifest,
} from '#test/given/manifests.ts';
import { givenOpenidProvider } from '#test/given/openid-provider.ts';
import type { GivenOpenidProvider, ProviderChoices } from '#test/given/openid-provider.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import type { GivenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import { eventually } from '#test/given/eventually.ts';
import { request } from '#test/given/http-client.ts';
import type { BrowserContext, Page } from 'playwright-core';
import type { GivenChromium } from './chromium.ts';
import { logInAs } from './provider-page.ts';

/** A name that browsers look for on loopback, and hold for another site than the provider's. */
export const shopHost = 'shop.localhost';

const backChannelPath = '/oauth2/back-channel';

export interface ShopChoices extends Partial<Omit<ProviderChoices, 'redirectUris'>> {
  /** Browsers come without TLS. */
  readonly plain?: true;
  /** The provider tells the gateway who has logged out. */
  readonly backChannel?: true;
  /** More of `openIDConnect`, in YAML's flow style: `sessionLifetime: 1h, userinfo: true`. */
  readonly login?: string;
}

export interface GivenShop extends AsyncDisposable {
  /** Such as `https://shop.localhost:15001`: `/orders` needs a login, `/public` nothing. */
  readonly origin: string;
  readonly provider: GivenOpenidProvider;
  readonly standalone: GivenStandalone;
  readonly backend: GivenBackend;
}

/** Settles when the shop leads browsers to its provider. */
export async function givenShop(choices: ShopChoices = {}): Promise<GivenShop> {
  const { plain, backChannel, login = '', ...client } = choices;
  const authority = await aTlsAuthority();
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(await givenBackend('shop'));
  const secure = await aFreePort();
  const originAt = (port: number) => (plain ? `http://${shopHost}:${port}` : `https://${shopHost}:${secure}`);
  const provided = Promise.withResolvers<GivenOpenidProvider>();
  const standalone = stack.use(
    await givenStandalone(async (port) => {
      const origin = originAt(port);
      const provider = await givenOpenidProvider({
        redirectUris: [`${origin}/oauth2/callback`],
        postLogoutRedirectUris: [`${origin}/public`],
        // Without TLS, as the provider knows nothing of the test's authority.
        ...(backChannel && { backChannelLogoutUri: `http://127.0.0.1:${port}${backChannelPath}` }),
        ...client,
      });
      provided.resolve(stack.use(provider));
      return {
        'edge.yaml': edgeManifest(port).trimEnd() + secureListener('secure', secure, shopHost),
        'secret.yaml': await authority.secretManifest('secure', shopHost),
        'service.yaml': serviceManifest('shop', backend.port),
        'provider.yaml': serviceManifest('provider', provider.port),
        'shop.yaml': pathRouteManifest('shop', '/', 'shop'),
        'public.yaml': pathRouteManifest('public', '/public', 'shop'),
        'policy.yaml': policy(
          provider,
          backChannel ? `backChannelLogoutPath: ${backChannelPath}, ${login}` : login,
        ),
      };
    }),
  );
  const provider = await provided.promise;
  const origin = originAt(standalone.port);
  const asked = {
    port: plain ? standalone.port : secure,
    host: shopHost,
    path: '/orders',
    headers: { accept: 'text/html' },
    ...(plain ? {} : { ca: authority.ca }),
  };
  await eventually(
    async () =>
      assert.equal(
        (await request(asked)).status,
        302,
        JSON.stringify(standalone.conditions('AuthPolicy', 'shop')),
      ),
    10_000,
  );
  const all = stack.move();
  return { origin, provider, standalone, backend, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function policy({ issuer, clientId, clientSecret, ca }: GivenOpenidProvider, more: string): string {
  const provider =
    ca === null
      ? 'type: Backend, backend: { backendRef: { name: provider, port: 80 } }'
      : 'type: Discovery, caRef: { kind: ConfigMap, name: provider, key: ca.crt }';
  return `
apiVersion: v1
kind: ConfigMap
metadata: { name: provider }
data: { ca.crt: ${JSON.stringify(ca ?? '')} }
---
apiVersion: v1
kind: Secret
metadata: { name: provider-client }
stringData: { secret: ${clientSecret ?? 'none'} }
---${authPolicyManifest(
    'shop',
    `
    authenticate:
      - name: people
        type: OpenIDConnect
        openIDConnect: {
          issuer: "${issuer}",
          client: { id: ${clientId}${clientSecret === null ? '' : ', secretRef: { name: provider-client, key: secret }'} },
          provider: { ${provider} },
          scopes: [openid, email, groups],
          afterLogoutPath: /public,
          claimsToHeaders: [{ claim: sub, header: x-user }, { claim: email, header: x-email }],
          ${more}
        }`,
  )}`;
}

/** A new person who has logged in at the shop and is on the page `path` of it. */
export async function somebodyAt(
  chromium: GivenChromium,
  { origin }: GivenShop,
  path: string,
  user = 'ada',
): Promise<[Page, BrowserContext]> {
  const person = await chromium.person();
  const page = await person.newPage();
  await page.goto(origin + path);
  await logInAs(page, user);
  await page.waitForURL(origin + path);
  return [page, person];
}

/** What the backend saw of the request that `page` shows the answer of. */
export async function seenOn(page: Page): Promise<Seen> {
  return JSON.parse((await page.textContent('body')) ?? '') as Seen;
}

/** The status that a script of `page` is answered when it fetches `path`; `redirected` where it was led elsewhere. */
export function fetchedBy(page: Page, path: string): Promise<number | 'redirected'> {
  const script = `fetch(${JSON.stringify(path)}, { redirect: 'manual' })
    .then((answer) => answer.type === 'opaqueredirect' ? 'redirected' : answer.status)`;
  return page.evaluate<number | 'redirected'>(script);
}
