// The scenarios of kubernetes-sigs/ingress-controller-conformance, feature by feature, by kubectl and real sockets. Of an
// answer it also asks for a field Server: a gateway adds none to what the backend says (RFC 9110 section 10.2.4), so
// here the backend's must arrive.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { classManifest, ingressManifest } from '#test/given/ingress.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { Ingresses } from '../turnpike/ingresses.ts';
import { endpointSlice, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { IngressPathText } from '#test/given/ingress.ts';
import type { Echo, Echoed } from '../turnpike/echo.ts';

/** Each is a Service with one pod of its name. */
const services = [
  'wildcard-foo-com',
  'foo-bar-com',
  'foo-exact',
  'foo-prefix',
  'foo-slash-exact',
  'aaa-prefix',
  'aaa-slash-bbb-prefix',
  'aaa-slash-bbb-slash-prefix',
] as const;

const hosts: Readonly<Record<string, readonly IngressPathText[]>> = {
  '*.foo.com': [['/', 'Prefix', 'wildcard-foo-com']],
  'foo.bar.com': [['/', 'Prefix', 'foo-bar-com:http']],
};

const paths: Readonly<Record<string, readonly IngressPathText[]>> = {
  'exact-path-rules': [['/foo', 'Exact', 'foo-exact']],
  'prefix-path-rules': [
    ['/foo', 'Prefix', 'foo-prefix'],
    ['/aaa/bbb', 'Prefix', 'aaa-slash-bbb-prefix'],
    ['/aaa', 'Prefix', 'aaa-prefix'],
  ],
  'mixed-path-rules': [
    ['/foo', 'Prefix', 'foo-prefix'],
    ['/foo', 'Exact', 'foo-exact'],
  ],
  'trailing-slash-path-rules': [
    ['/aaa/bbb/', 'Prefix', 'aaa-slash-bbb-slash-prefix'],
    ['/foo/', 'Exact', 'foo-slash-exact'],
  ],
};

/** The host and path of a request, and the Service or status that must answer. */
const answers: readonly (readonly [string, string, (typeof services)[number] | 404])[] = [
  ['foo.bar.com', '/', 'foo-bar-com'],
  ['subdomain.bar.com', '/', 404],
  ['bar.foo.com', '/', 'wildcard-foo-com'],
  ['baz.bar.foo.com', '/', 404],
  ['foo.com', '/', 404],
  ['exact-path-rules', '/foo', 'foo-exact'],
  ['exact-path-rules', '/foo/', 404],
  ['exact-path-rules', '/FOO', 404],
  ['exact-path-rules', '/bar', 404],
  ['prefix-path-rules', '/foo', 'foo-prefix'],
  ['prefix-path-rules', '/foo/', 'foo-prefix'],
  ['prefix-path-rules', '/FOO', 404],
  ['prefix-path-rules', '/aaa/bbb', 'aaa-slash-bbb-prefix'],
  ['prefix-path-rules', '/aaa/bbb/ccc', 'aaa-slash-bbb-prefix'],
  ['prefix-path-rules', '/aaa/ccc', 'aaa-prefix'],
  ['prefix-path-rules', '/aaaccc', 404],
  ['mixed-path-rules', '/foo', 'foo-exact'],
  ['trailing-slash-path-rules', '/aaa/bbb', 'aaa-slash-bbb-slash-prefix'],
  ['trailing-slash-path-rules', '/aaa/bbb/', 'aaa-slash-bbb-slash-prefix'],
  ['trailing-slash-path-rules', '/foo', 404],
  ['trailing-slash-path-rules', '/foo/', 'foo-slash-exact'],
];

/** What an Ingress without rules is asked: method, host (of the address itself: none), path. */
const asked = [
  ['GET', 'my-host', '/'],
  ['GET', 'my-host', '/sub-path'],
  ['POST', 'some-host', '/'],
  ['PUT', null, '/resource'],
  ['DELETE', 'some-host', '/resource'],
  ['PATCH', 'my-host', '/resource'],
] as const;

describe('the conformance scenarios of Ingresses', () => {
  const authority = aTlsAuthority();
  const echoes: Echo[] = [];
  let turnpike: Turnpike;
  let ingresses: Ingresses;

  before(async () => {
    turnpike = await Turnpike.serve(2);
    ingresses = new Ingresses(turnpike);
    await turnpike.apply(classManifest('turnpike'));
    for (const name of services) await turnpike.apply(...service(name, [await aPod(name)]));
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await Promise.all(echoes.map((one) => one.stop()));
  });

  async function aPod(name: string): Promise<{ readonly address: string }> {
    const echo = await startEcho(name, addressIn('backend', echoes.length + 1));
    echoes.push(echo);
    return echo;
  }

  it('host rules, path rules: each request goes to the Service of the nearest rule, or is 404', async () => {
    await ingresses.listenForTls();
    await turnpike.apply(
      await (await authority).secretManifest('conformance-tls', 'foo.bar.com'),
      ingressManifest('host-rules', hosts, { tls: { 'foo.bar.com': 'conformance-tls' } }),
      ingressManifest('path-rules', paths),
    );
    await ingresses.untilAddresses('host-rules', turnpike.addresses);
    await ingresses.untilAddresses('path-rules', turnpike.addresses);
    await ingresses.until('mixed-path-rules', '/foo', 'foo-exact');
    for (const [host, path, expected] of answers)
      assert.equal(await ingresses.answerTo({ host, path }), expected, `${host}${path}`);
  });

  it('host rules: the backend is told the host of the request, and TLS is for it', async () => {
    const { ca } = await authority;
    const secure = await eventually('foo.bar.com by TLS', () => ingresses.securely('foo.bar.com', ca));
    const [plane] = turnpike.dataPlanes;
    assert.ok(plane);
    const plain = await plane.ask({ host: 'bar.foo.com', path: '/' });
    for (const [{ status, body }, host, name] of [
      [secure, 'foo.bar.com', 'foo-bar-com'],
      [plain, 'bar.foo.com', 'wildcard-foo-com'],
    ] as const) {
      assert.equal(status, 200);
      const told = JSON.parse(body) as Echoed;
      assert.deepEqual([told.service, told.headers['host']], [name, host]);
    }
  });

  it('ingress class: one that is nobody’s brings neither addresses nor requests', async () => {
    const rules = { 'ingress-class': [['/', 'Prefix', 'foo-prefix']] } as const;
    await turnpike.apply(
      ingressManifest('test-ingress-class', rules, { className: 'some-invalid-class-name' }),
      ingressManifest('after', { after: rules['ingress-class'] }),
    );
    // Whoever takes the later one has seen the other.
    await ingresses.untilAddresses('after', turnpike.addresses);
    await ingresses.until('after', '/', 'foo-prefix');
    assert.equal(await ingresses.answerTo({ host: 'ingress-class', path: '/' }), 404);
    assert.deepEqual(await ingresses.addressesOf('test-ingress-class'), []);
  });

  it('default backend: an Ingress without rules sends all requests there, as they came', async () => {
    await turnpike.apply(...service('echo-service', [await aPod('echo-service')]));
    await turnpike.apply(ingressManifest('default-backend', {}, { defaultBackend: 'echo-service' }));
    await ingresses.untilAddresses('default-backend', turnpike.addresses);
    await ingresses.until('my-host', '/', 'echo-service');
    for (const plane of turnpike.dataPlanes) {
      for (const [method, host, path] of asked) {
        const headers = { 'user-agent': 'Go-http-client/1.1' };
        const answer = await plane.ask({ method, host: host ?? plane.address, path, headers });
        assert.equal(answer.status, 200, `${method} ${path}`);
        for (const field of ['content-length', 'content-type', 'date', 'server'])
          assert.ok(answer.headers.get(field), `${method} ${path}: ${field}`);
        const { headers: seen, ...told } = JSON.parse(answer.body) as Echoed;
        assert.deepEqual(told, { service: 'echo-service', method, path, protocol: 'HTTP/1.1' });
        assert.equal(seen['user-agent'], headers['user-agent']);
      }
    }
  });

  it('load balancing: all pods of a Service that grows to ten get requests', async () => {
    const pods = await Promise.all(
      Array.from({ length: 10 }, (_, pod) => startEcho(`pod-${pod}`, addressIn('backend', 100 + pod))),
    );
    echoes.push(...pods);
    const names = pods.map(({ name }) => name).sort();
    await turnpike.apply(endpointSlice('echo-service', pods));
    for (const plane of turnpike.dataPlanes) {
      await eventually('the ten pods are known', async () => {
        const { body } = await plane.ask({ host: 'load-balancing', path: '/' });
        return (JSON.parse(body) as Echoed).service.startsWith('pod-') || undefined;
      });
      const seen = new Set<string>();
      for (let sent = 0; sent < 100; sent += 1) {
        const { status, body } = await plane.ask({ host: 'load-balancing', path: '/' });
        assert.equal(status, 200);
        seen.add((JSON.parse(body) as Echoed).service);
      }
      assert.deepEqual([...seen].sort(), names);
    }
    await turnpike.kubectl('delete', 'ingress', 'default-backend');
    await ingresses.until('load-balancing', '/', 404);
  });
});
