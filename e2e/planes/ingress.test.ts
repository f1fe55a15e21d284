// Ingresses and exposed Services by kubectl: the API server's own validation and defaulting, addresses in statuses,
// Events, and the leader's death. The scenarios of the Ingress API's suite are in ingress-scenarios.test.ts.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { classManifest, ingressManifest } from '#test/given/ingress.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { Ingresses } from '../turnpike/ingresses.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo } from '../turnpike/echo.ts';

describe('Ingresses', () => {
  const echoes: Echo[] = [];
  let turnpike: Turnpike;
  let ingresses: Ingresses;

  before(async () => {
    const shop = await startEcho('shop', addressIn('backend', 1));
    const cart = await startEcho('cart', addressIn('backend', 2));
    echoes.push(shop, cart);
    turnpike = await Turnpike.serve(2);
    ingresses = new Ingresses(turnpike);
    await turnpike.apply(classManifest('turnpike'), ...service('shop', [shop]), ...service('cart', [cart]));
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await Promise.all(echoes.map((one) => one.stop()));
  });

  function untilEvent(object: string, words: RegExp): Promise<string> {
    return eventually(`an Event about ${object} says ${String(words)}`, async () => {
      const told = await turnpike.kubectl('events', `--for=${object}`, '--no-headers');
      return words.test(told) ? told : undefined;
    });
  }

  it('are listed with their class and hosts', async () => {
    await turnpike.apply(
      ingressManifest('rules', {
        '*.foo.test': [['/', 'Prefix', 'shop']],
        'bar.test': [['/', 'Prefix', 'shop']],
      }),
    );
    await ingresses.until('a.foo.test', '/', 'shop');
    assert.match(await turnpike.kubectl('get', 'ingress', 'rules'), /turnpike +\*\.foo\.test,bar\.test/);
  });

  it('are left alone while their class is nobody’s, and lose their addresses when they leave ours', async () => {
    const paths = { 'class.test': [['/', 'Prefix', 'shop']] } as const;
    await turnpike.apply(ingressManifest('class', paths, { className: 'some-invalid-class' }));
    await turnpike.apply(ingressManifest('after', { 'after.test': [['/', 'Prefix', 'shop']] }));
    await ingresses.until('after.test', '/', 'shop');
    assert.equal(await ingresses.answerTo({ host: 'class.test', path: '/' }), 404);
    assert.deepEqual(await ingresses.addressesOf('class'), []);
    await turnpike.apply(ingressManifest('class', paths));
    await ingresses.until('class.test', '/', 'shop');
    await ingresses.untilAddresses('class', turnpike.addresses);
    await turnpike.apply(ingressManifest('class', paths, { className: 'some-invalid-class' }));
    await ingresses.until('class.test', '/', 404);
    await ingresses.untilAddresses('class', []);
  });

  it('get the default class by the API server', async () => {
    const marked = 'ingressclass.kubernetes.io/is-default-class=true';
    await turnpike.kubectl('annotate', 'ingressclass', 'turnpike', marked);
    const manifest = ingressManifest('none', { 'none.test': [['/', 'Prefix', 'shop']] });
    await eventually('the API server knows the default class', async () => {
      await turnpike.apply(manifest.replace('"ingressClassName":"turnpike",', ''));
      const { spec } = (await turnpike.get('ingress/none')) as {
        readonly spec: { ingressClassName?: string };
      };
      if (spec.ingressClassName === 'turnpike') return true;
      await turnpike.kubectl('delete', 'ingress', 'none');
      return undefined;
    });
    await ingresses.until('none.test', '/', 'shop');
  });

  it('show the certificates of their Secrets, and tell by an Event which is missing', async () => {
    const authority = await aTlsAuthority();
    await ingresses.listenForTls();
    const paths = [['/', 'Prefix', 'shop']] as const;
    await turnpike.apply(
      ingressManifest('secure', { 'secure.test': paths }, { tls: { 'secure.test': 'secure' } }),
      ingressManifest('gone', { 'gone.test': paths }, { tls: { 'gone.test': 'gone' } }),
    );
    await untilEvent('ingress/gone', /Warning +InvalidCertificateRef .*Secret default\/gone does not exist/);
    await turnpike.apply(await authority.secretManifest('secure', 'secure.test'));
    await eventually('secure.test is served by TLS', async () => {
      const got = await ingresses.securely('secure.test', authority.ca).catch(() => null);
      return got?.status === 200 || undefined;
    });
    await ingresses.until('gone.test', '/', 'shop');
  });

  it('give way where a policy of the Gateway cannot be enforced', async () => {
    await ingresses.until('a.foo.test', '/', 'shop');
    await turnpike.apply(`
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: guard, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  rules: { authenticate: [{ name: users, type: Basic, basic: { secretRef: { name: users, key: auth } } }] }
`);
    await ingresses.until('a.foo.test', '/', 500);
    await untilEvent('ingress/rules', /Warning +Closed .*AuthPolicy default\/guard cannot be enforced/);
    await turnpike.kubectl('delete', 'authpolicy', 'guard');
    await ingresses.until('a.foo.test', '/', 'shop');
  });

  it('and Services that are exposed give way to routes, and say so', async () => {
    await turnpike.kubectl('annotate', 'service', 'cart', 'turnpike.dev/expose=/expose');
    await ingresses.until('any.test', '/expose/x', 'cart');
    await turnpike.apply(httpRoute('taken', '/expose', 'shop'));
    await untilEvent('service/cart', /Warning +RouteTaken .*HTTPRoute default\/taken's, which comes first/);
    await ingresses.until('any.test', '/expose', 'shop');
    await turnpike.kubectl('annotate', '--overwrite', 'service', 'cart', 'turnpike.dev/expose=Bad_Host/x');
    await untilEvent('service/cart', /Warning +InvalidAnnotation .*turnpike\.dev\/expose/);
  });

  it('are told of by whoever leads', async () => {
    await turnpike.replaceLeader();
    await turnpike.apply(ingressManifest('later', { 'later.test': [['/', 'Prefix', 'shop']] }));
    await ingresses.until('later.test', '/', 'shop');
    await ingresses.untilAddresses('later', turnpike.addresses);
  });
});
