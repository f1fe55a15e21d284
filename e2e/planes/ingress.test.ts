// Ingresses and exposed Services by kubectl: the API server's own validation and defaulting, addresses in statuses,
// Events, and the leader's death. The cases of the Ingress API's suite: default backend, hosts, class, spreading, paths.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { classManifest, ingressManifest } from '#test/given/ingress.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { ask } from '../turnpike/client.ts';
import { startEcho } from '../turnpike/echo.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo, Echoed } from '../turnpike/echo.ts';

interface Status {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
}

describe('Ingresses', () => {
  const echoes: Echo[] = [];
  let turnpike: Turnpike;

  before(async () => {
    for (const at of [1, 2, 3]) echoes.push(await startEcho(`pod-${at}`, addressIn('backend', at)));
    turnpike = await Turnpike.serve(2);
    const [first, ...others] = echoes.map(({ address }) => ({ address }));
    assert.ok(first);
    await turnpike.apply(
      classManifest('turnpike'),
      ...service('shop', [first]),
      ...service('many', [first, ...others]),
    );
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await Promise.all(echoes.map((one) => one.stop()));
  });

  /** The status of a request at each data plane; they must agree. */
  async function statusOf(host: string, path: string): Promise<number> {
    const all = await Promise.all(turnpike.dataPlanes.map((one) => one.ask({ host, path })));
    const statuses = new Set(all.map(({ status }) => status));
    return statuses.size === 1 ? (all[0]?.status ?? 0) : 0;
  }

  function until(host: string, path: string, expected: number): Promise<unknown> {
    return eventually(`${host}${path} answers ${expected}`, async () => {
      return (await statusOf(host, path)) === expected || undefined;
    });
  }

  async function addressesOf(name: string): Promise<readonly (string | undefined)[]> {
    const { status } = (await turnpike.get(`ingress/${name}`)) as { readonly status: Status };
    return status.loadBalancer?.ingress?.map(({ ip }) => ip) ?? [];
  }

  function untilAddresses(name: string, expected: readonly string[]): Promise<unknown> {
    return eventually(`Ingress ${name} has the addresses ${expected.join()}`, async () => {
      return JSON.stringify(await addressesOf(name)) === JSON.stringify(expected) || undefined;
    });
  }

  function untilEvent(object: string, words: RegExp): Promise<string> {
    return eventually(`an Event about ${object} says ${String(words)}`, async () => {
      const told = await turnpike.kubectl('events', `--for=${object}`, '--no-headers');
      return words.test(told) ? told : undefined;
    });
  }

  it('lead requests by host and path, and have the addresses of the Gateway', async () => {
    await turnpike.apply(
      ingressManifest('rules', {
        '*.foo.test': [['/', 'Prefix', 'shop']],
        'bar.test': [
          ['/exact', 'Exact', 'shop'],
          ['/prefix/', 'Prefix', 'shop'],
        ],
      }),
    );
    await until('a.foo.test', '/', 200);
    for (const [host, path, expected] of [
      ['a.foo.test', '/x', 200],
      ['b.a.foo.test', '/x', 404],
      ['foo.test', '/x', 404],
      ['bar.test', '/exact', 200],
      ['bar.test', '/exact/', 404],
      ['bar.test', '/EXACT', 404],
      ['bar.test', '/prefix', 200],
      ['bar.test', '/prefix/x', 200],
      ['bar.test', '/prefixed', 404],
      ['else.test', '/x', 404],
    ] as const) {
      assert.equal(await statusOf(host, path), expected, `${host}${path}`);
    }
    await untilAddresses('rules', turnpike.addresses);
    assert.match(await turnpike.kubectl('get', 'ingress', 'rules'), /turnpike +\*\.foo\.test,bar\.test/);
  });

  it('spread requests over all pods of a default backend', async () => {
    await turnpike.apply(ingressManifest('rest', {}, { defaultBackend: 'many' }));
    await until('any.test', '/any', 200);
    const seen = new Set<string>();
    for (let sent = 0; sent < 40; sent += 1) {
      const answer = await turnpike.dataPlanes[0]?.ask({ host: 'any.test', path: '/', method: 'POST' });
      seen.add((JSON.parse(answer?.body ?? '{}') as Echoed).service);
    }
    assert.deepEqual([...seen].sort(), ['pod-1', 'pod-2', 'pod-3']);
    await turnpike.kubectl('delete', 'ingress', 'rest');
    await until('any.test', '/any', 404);
  });

  it('are left alone while their class is nobody’s, and lose their addresses when they leave ours', async () => {
    const paths = { 'class.test': [['/', 'Prefix', 'shop']] } as const;
    await turnpike.apply(ingressManifest('class', paths, { className: 'some-invalid-class' }));
    await turnpike.apply(ingressManifest('after', { 'after.test': [['/', 'Prefix', 'shop']] }));
    await until('after.test', '/', 200);
    assert.equal(await statusOf('class.test', '/'), 404);
    assert.deepEqual(await addressesOf('class'), []);
    await turnpike.apply(ingressManifest('class', paths));
    await until('class.test', '/', 200);
    await untilAddresses('class', turnpike.addresses);
    await turnpike.apply(ingressManifest('class', paths, { className: 'some-invalid-class' }));
    await until('class.test', '/', 404);
    await untilAddresses('class', []);
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
    await until('none.test', '/', 200);
  });

  it('show the certificates of their Secrets, and tell by an Event which is missing', async () => {
    const authority = await aTlsAuthority();
    const https = {
      name: 'https',
      protocol: 'HTTPS',
      port: 443,
      tls: { options: { 'turnpike.dev/certificates': 'Ingress' } },
      allowedRoutes: { namespaces: { from: 'All' } },
    };
    const patch = JSON.stringify([{ op: 'add', path: '/spec/listeners/-', value: https }]);
    await turnpike.kubectl('patch', 'gateway', 'edge', '--type=json', `--patch=${patch}`);
    const paths = [['/', 'Prefix', 'shop']] as const;
    await turnpike.apply(
      ingressManifest('secure', { 'secure.test': paths }, { tls: { 'secure.test': 'secure' } }),
      ingressManifest('gone', { 'gone.test': paths }, { tls: { 'gone.test': 'gone' } }),
    );
    await untilEvent('ingress/gone', /Warning +InvalidCertificateRef .*Secret default\/gone does not exist/);
    await turnpike.apply(await authority.secretManifest('secure', 'secure.test'));
    const [plane] = turnpike.addresses;
    assert.ok(plane);
    await eventually('secure.test is served by TLS', async () => {
      const tls = { servername: 'secure.test', ca: authority.ca };
      const got = await ask(plane, { host: 'secure.test', path: '/' }, { port: 443, tls }).catch(() => null);
      return got?.status === 200 || undefined;
    });
    await until('gone.test', '/', 200);
  });

  it('give way where a policy of the Gateway cannot be enforced', async () => {
    await until('a.foo.test', '/', 200);
    await turnpike.apply(`
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: guard, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  rules: { authenticate: [{ name: users, type: Basic, basic: { secretRef: { name: users, key: auth } } }] }
`);
    await until('a.foo.test', '/', 500);
    await untilEvent('ingress/rules', /Warning +Closed .*AuthPolicy default\/guard cannot be enforced/);
    await turnpike.kubectl('delete', 'authpolicy', 'guard');
    await until('a.foo.test', '/', 200);
  });

  it('and Services that are exposed give way to routes, and say so', async () => {
    await turnpike.apply(...service('cart', [{ address: addressIn('backend', 2) }]));
    await turnpike.kubectl('annotate', 'service', 'cart', 'turnpike.dev/expose=/expose');
    await until('any.test', '/expose/x', 200);
    await turnpike.apply(httpRoute('taken', '/expose', 'shop'));
    await untilEvent('service/cart', /Warning +RouteTaken .*HTTPRoute default\/taken's, which comes first/);
    await eventually('the route has it', async () => {
      const { body } = (await turnpike.dataPlanes[0]?.ask({ host: 'any.test', path: '/expose' })) ?? {};
      return (JSON.parse(body ?? '{}') as Echoed).service === 'pod-1' || undefined;
    });
    await turnpike.kubectl('annotate', '--overwrite', 'service', 'cart', 'turnpike.dev/expose=Bad_Host/x');
    await untilEvent('service/cart', /Warning +InvalidAnnotation .*turnpike\.dev\/expose/);
  });

  it('are told of by whoever leads', async () => {
    await turnpike.replaceLeader();
    await turnpike.apply(ingressManifest('later', { 'later.test': [['/', 'Prefix', 'shop']] }));
    await until('later.test', '/', 200);
    await untilAddresses('later', turnpike.addresses);
  });
});
