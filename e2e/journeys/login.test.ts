// People log in at a provider outside the cluster, and whichever data plane they come to knows them: a real provider
// beside the node, and a Gateway of two pods.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { authPolicyManifest } from '#test/given/manifests.ts';
import { givenOpenidProvider, password } from '#test/given/openid-provider.ts';
import type { GivenOpenidProvider } from '#test/given/openid-provider.ts';
import { addresses } from '../cluster/addresses.ts';
import type { Echoed } from '../turnpike/echo.ts';
import { PlainBrowser } from '../turnpike/plain-browser.ts';
import type { PageSeen } from '../turnpike/plain-browser.ts';
import { gateway, hasty, shopRoute } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { echo } from './workloads.ts';

/** A Service whose only endpoint is the provider, outside the cluster. */
function providerService({ port }: GivenOpenidProvider): string {
  return `
apiVersion: v1
kind: Service
metadata: { name: provider }
spec: { ports: [{ name: http, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: provider, labels: { kubernetes.io/service-name: provider } }
addressType: IPv4
ports: [{ name: http, port: ${port} }]
endpoints: [{ addresses: [${addresses.node}] }]
`;
}

function policy({ issuer, clientId, clientSecret }: GivenOpenidProvider): string {
  return `
apiVersion: v1
kind: Secret
metadata: { name: provider-client }
stringData: { secret: ${clientSecret ?? ''} }
---${authPolicyManifest(
    'shop',
    `
    authenticate:
      - name: people
        type: OpenIDConnect
        openIDConnect:
          issuer: ${issuer}
          client: { id: ${clientId}, secretRef: { name: provider-client, key: secret } }
          provider: { type: Backend, backend: { backendRef: { name: provider, port: 80 } } }
          scopes: [openid, email, groups]
          claimsToHeaders: [{ claim: sub, header: x-user }]
    authorize:
      - { name: staff, groups: [staff] }`,
  )}`;
}

// Pods reach a provider that this process is only where the cluster is on this machine.
const notOurs = process.env['E2E_KUBECONFIG'] ? 'the provider is on this machine' : false;

describe('people who log in', { skip: notOurs }, () => {
  let journey: Journey;
  let edge: Edge;
  let provider: GivenOpenidProvider;

  before(async () => {
    journey = await Journey.begin('login');
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop'),
      ...gateway({ parameters: { ...hasty, replicas: 2 } }),
      shopRoute,
    );
    await journey.rolledOut('shop');
    edge = await journey.edge();
    // The provider must know the address that they come back to, which is known now.
    const origin = `http://${edge.address}`;
    provider = await givenOpenidProvider({
      address: addresses.node,
      redirectUris: [`${origin}/oauth2/callback`],
      postLogoutRedirectUris: [`${origin}/`],
    });
    await journey.apply(providerService(provider), policy(provider));
    await journey.until('authpolicy/shop', 'Programmed');
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(async () => {
    await provider[Symbol.asyncDispose]();
    await journey.end();
  });

  const page = (path: string): string => `http://${edge.address}${path}`;

  async function logIn(browser: PlainBrowser, user: string): Promise<PageSeen> {
    const form = await browser.go(page('/orders?id=7'));
    assert.match(form.url, new RegExp(`^${provider.issuer}/login/`), `${form.status} ${form.body}`);
    return browser.go(form.url, { user, password });
  }

  it('come back to their page, and stay logged in at every data plane', async () => {
    const browser = new PlainBrowser();
    const back = await logIn(browser, 'ada');
    assert.deepEqual([back.url, back.status], [page('/orders?id=7'), 200], back.body);
    assert.equal((JSON.parse(back.body) as Echoed).headers['x-user'], 'ada');
    const logins = provider.asked('GET /auth');
    // Each on a connection of its own, which go to both.
    for (let request = 0; request < 20; request += 1) {
      const seen = await browser.go(page('/basket'));
      assert.equal((JSON.parse(seen.body) as Echoed).headers['x-user'], 'ada');
    }
    assert.equal(provider.asked('GET /auth'), logins);
  });

  it('may do what their groups may', async () => {
    assert.equal((await logIn(new PlainBrowser(), 'bob')).status, 403);
  });

  it('are asked anew in another browser, and their scripts get 401', async () => {
    assert.match((await new PlainBrowser().go(page('/orders'))).url, /\/login\//);
    const script = await edge.ask({ path: '/orders', headers: { 'sec-fetch-mode': 'cors' } });
    assert.equal(script.status, 401);
  });

  it('find the route closed when the secret of the client is gone', async () => {
    await journey.kubectl('delete', 'secret/provider-client');
    await journey.until('authpolicy/shop', 'ResolvedRefs', 'ClientSecretNotFound');
    await journey.answers(edge, { path: '/orders' }, 500, { deadlineMs: 5_000 });
  });
});
