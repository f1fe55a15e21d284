// Policies by kubectl: who may call, what closes a route and what opens it, and that what is wrong with one object
// changes nothing of the others.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import { asking, externalAuthCases } from '#test/crds/external-auth-filter-cases.ts';
import { listenerFilterCases, listening } from '#test/crds/listener-filter-cases.ts';
import { type IssuerKey, issuerKey } from '#test/given/token.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { httpRoute, namespace, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { Server } from 'node:http';
import type { TestContext } from 'node:test';
import type { Echo, Echoed } from '../turnpike/echo.ts';

const issuer = 'https://id.example.com';

/** An AuthPolicy for the HTTPRoute `name`; `jwks` is where its keys are. */
const authPolicy = (name: string, jwks: string): string => `
apiVersion: turnpike.dev/v1alpha1
kind: AuthPolicy
metadata: { name: ${name}, namespace: default }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name} }]
  rules:
    authenticate:
      - name: staff
        type: JWT
        jwt:
          issuer: ${issuer}
          audiences: [shop]
          jwks: ${jwks}
          claimsToHeaders: [{ claim: sub, header: x-user }]
`;

describe('policies', () => {
  let turnpike: Turnpike;
  let echo: Echo;
  let keys: Server;
  let key: IssuerKey;

  before(async () => {
    echo = await startEcho('shop-1', addressIn('backend', 1));
    key = await issuerKey('first');
    keys = createServer((_, answer) => answer.end(jwkSet()));
    keys.listen(8080, addressIn('backend', 2));
    await once(keys, 'listening');
    turnpike = await Turnpike.serve(3);
    await turnpike.apply(
      ...service('shop', [{ address: echo.address }]),
      ...service('issuer', [{ address: addressIn('backend', 2) }]),
      httpRoute('open', '/open', 'shop'),
    );
    await turnpike.until('httproute/open', 'ResolvedRefs', 'True');
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await echo.stop();
    keys.close();
  });

  function jwkSet(): string {
    const { kid, kty, alg, crv, x, y } = key.jwk;
    return JSON.stringify({ keys: [{ kid, kty, alg, crv, x, y, use: 'sig' }] });
  }

  /** A token of `ada` for `shop`, good for five minutes. */
  function token(claims: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return key.sign({ iss: issuer, exp: now + 300, ...claims });
  }

  /** The status of a request through each data plane; they must agree. */
  async function status(path: string, headers: Record<string, string> = {}): Promise<number> {
    const all = await Promise.all(turnpike.dataPlanes.map((one) => one.ask({ path, headers })));
    const statuses = new Set(all.map((answer) => answer.status));
    assert.equal(statuses.size, 1, [...statuses].join());
    return all[0]?.status ?? 0;
  }

  async function untilStatus(path: string, expected: number, headers: Record<string, string>): Promise<void> {
    let seen = 0;
    const isSo = async () => {
      seen = await status(path, headers);
      return seen === expected || undefined;
    };
    await eventually(`${path} answers ${expected}`, isSo, { intervalMs: 20, deadlineMs: 10_000 }).catch(
      (cause: unknown) => {
        throw new Error(`${path} answers ${seen}, not ${expected}`, { cause });
      },
    );
  }

  async function bearer(claims: Record<string, unknown> = {}): Promise<Record<string, string>> {
    return { authorization: `Bearer ${await token(claims)}` };
  }

  it('let in who has a token that the keys in a ConfigMap prove, and tell the backend who it is', async () => {
    await turnpike.apply(
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'keys', namespace: 'default' },
        data: { 'jwks.json': jwkSet() },
      },
      authPolicy('orders', '{ type: ConfigMap, configMapRef: { name: keys, key: jwks.json } }'),
      httpRoute('orders', '/orders', 'shop'),
    );
    await turnpike.until('authpolicy/orders', 'Programmed', 'True');
    assert.match(await turnpike.kubectl('get', 'ap', 'orders'), /\norders +True +1\/1 /);
    assert.equal(await status('/orders'), 401);
    assert.equal(await status('/orders', await bearer({ aud: 'elsewhere' })), 401);
    const headers = { ...(await bearer()), 'x-user': 'root' };
    assert.equal(await status('/orders', headers), 200);
    const answer = await turnpike.dataPlanes[0]?.ask({ path: '/orders', headers });
    assert.equal((JSON.parse(answer?.body ?? '') as Echoed).headers['x-user'], 'ada');
    assert.equal(await status('/open'), 200);
  });

  it('take keys that a Service of the cluster serves', async () => {
    const backend = '{ backendRef: { name: issuer, port: 80 }, path: /jwks.json }';
    await turnpike.apply(
      authPolicy('remote', `{ type: Remote, remote: { type: Backend, backend: ${backend} } }`),
      httpRoute('remote', '/remote', 'shop'),
    );
    await turnpike.until('authpolicy/remote', 'Programmed', 'True');
    await untilStatus('/remote', 200, await bearer());
    assert.equal(await status('/remote'), 401);
  });

  it('close their route when they cannot hold, say so to owner and operator, and change nothing else', async () => {
    await turnpike.apply(httpRoute('guarded', '/guarded', 'shop'));
    await turnpike.until('httproute/guarded', 'ResolvedRefs', 'True');
    assert.equal(await status('/guarded'), 200);
    const others = await served();

    await turnpike.apply(
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'broken', namespace: 'default' },
        data: { 'jwks.json': 'no keys at all' },
      },
      authPolicy('guarded', '{ type: ConfigMap, configMapRef: { name: broken, key: jwks.json } }'),
    );
    const condition = await turnpike.until('authpolicy/guarded', 'ResolvedRefs', 'False');
    assert.match(condition.message, /rules\.authenticate\[0\]\.jwt\.jwks.*default\/broken.*closed/);
    assert.equal(await status('/guarded', await bearer()), 500);
    const closed = (await turnpike.conditions('httproute/guarded')).find(({ type }) =>
      type.endsWith('Closed'),
    );
    assert.equal(closed?.status, 'True');
    const events = await eventually('an Event tells of the closed route', async () => {
      const printed = await turnpike.kubectl(
        'get',
        'events',
        '--field-selector=involvedObject.kind=HTTPRoute,involvedObject.name=guarded',
      );
      return printed.includes('Closed') ? printed : undefined;
    });
    assert.match(events, /Warning +Closed +httproute\/guarded/);
    // What the client is told is not what is wrong.
    const answer = await turnpike.dataPlanes[0]?.ask({ path: '/guarded' });
    assert.doesNotMatch(answer?.body ?? '', /jwks|keys|broken|policy/i);

    assert.deepEqual(without(await served(), 'guarded'), without(others, 'guarded'));
    assert.equal(await status('/open'), 200);
    assert.equal(await status('/orders', await bearer()), 200);
  });

  /** What the first data plane runs on, by resource, without endpoints. */
  async function served(): Promise<ReadonlyMap<string, string>> {
    const page = await fetch(`http://${turnpike.dataPlanes[0]?.address ?? ''}:9901/config`);
    const { resources } = (await page.json()) as { resources: Record<string, unknown> };
    return new Map(Object.entries(resources).map(([id, one]) => [id, JSON.stringify(one)]));
  }

  function without(resources: ReadonlyMap<string, string>, name: string): Record<string, string> {
    assert.ok(resources.size > 3);
    return Object.fromEntries([...resources].filter(([id]) => !id.includes(name)));
  }

  it('open their route as soon as the Secret that they name is born', async () => {
    await turnpike.apply(
      authPolicy('later', '{ type: Secret, secretRef: { name: later, key: jwks.json } }'),
      httpRoute('later', '/later', 'shop'),
    );
    const condition = await turnpike.until('authpolicy/later', 'ResolvedRefs', 'False');
    assert.match(condition.message, /Secret.*later.*does not exist/);
    assert.equal(await status('/later', await bearer()), 500);
    await turnpike.kubectl('create', 'secret', 'generic', 'later', `--from-literal=jwks.json=${jwkSet()}`);
    await turnpike.until('authpolicy/later', 'Programmed', 'True');
    assert.equal(await status('/later', await bearer()), 200);
    assert.equal(await status('/later'), 401);
  });

  it('need a ReferenceGrant where a route reaches into another namespace', async () => {
    await turnpike.apply(namespace('team'));
    await turnpike.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: team, namespace: team }
spec:
  parentRefs: [{ name: edge, namespace: default }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /team } }]
      backendRefs: [{ name: shop, namespace: default, port: 80 }]
`);
    const condition = await turnpike.until('httproute/team', 'ResolvedRefs', 'RefNotPermitted', 'team');
    assert.match(condition.message, /add a ReferenceGrant for HTTPRoute to namespace default/);
    assert.equal(await status('/team'), 500);

    await turnpike.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: team, namespace: default }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: team }]
  to: [{ group: '', kind: Service }]
`);
    await turnpike.until('httproute/team', 'ResolvedRefs', 'True', 'team');
    assert.equal(await status('/team'), 200);

    await turnpike.kubectl('delete', 'referencegrant/team');
    await turnpike.until('httproute/team', 'ResolvedRefs', 'RefNotPermitted', 'team');
    assert.equal(await status('/team'), 500);
  });

  /** Asserts that the API server, which has the experimental channel's CRDs, takes the object, or that it does not. */
  async function judged(plural: string, object: object, isTaken: boolean, what: string): Promise<void> {
    const place = `/apis/gateway.networking.k8s.io/v1/namespaces/default/${plural}`;
    const response = await turnpike.cluster.fetch(`${place}?dryRun=All&fieldValidation=Strict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
    assert.equal(response.ok, isTaken, `${what}: ${await response.text()}`);
  }

  it('are left to a service by a filter of a route, as the experimental channel has it', async () => {
    for (const [what, [externalAuth, problems]] of Object.entries(externalAuthCases)) {
      await judged('httproutes', asking(externalAuth), problems.length === 0, `a filter that asks ${what}`);
    }
    const doorman = createServer(({ url = '', headers }, answer) => {
      answer.writeHead(url === '/check/asked' && headers['x-guest'] === 'ada' ? 200 : 403, {
        'x-user': 'ada',
      });
      answer.end('no guest of mine');
    });
    doorman.listen(8080, addressIn('backend', 3));
    await once(doorman, 'listening');
    try {
      await turnpike.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: asked, namespace: default }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /asked } }]
      filters:
        - type: ExternalAuth
          externalAuth:
            protocol: HTTP
            backendRef: { name: doorman, port: 80 }
            http: { path: /check, allowedHeaders: [x-guest], allowedResponseHeaders: [x-user] }
            forwardBody: { maxSize: 1024 }
      backendRefs: [{ name: shop, port: 80 }]
`);
      await turnpike.until('httproute/asked', 'ResolvedRefs', 'BackendNotFound');
      assert.equal(await status('/asked', { 'x-guest': 'ada' }), 500);
      await turnpike.apply(...service('doorman', [{ address: addressIn('backend', 3) }]));
      await turnpike.until('httproute/asked', 'ResolvedRefs', 'True');
      await untilStatus('/asked', 200, { 'x-guest': 'ada' });
      const ada = { 'x-guest': 'ada', 'x-user': 'root' };
      const answer = await turnpike.dataPlanes[0]?.ask({ path: '/asked', headers: ada });
      assert.equal((JSON.parse(answer?.body ?? '') as Echoed).headers['x-user'], 'ada');
      assert.equal(await status('/asked', { 'x-guest': 'eve' }), 403);
      assert.equal(await status('/open'), 200);
    } finally {
      doorman.close();
    }
  });

  it('are left to a service by filters of listeners, whose fields the API server judges as we do', async () => {
    for (const [what, [fields, problems]] of Object.entries(listenerFilterCases)) {
      for (const [at, object] of listening(fields).entries()) {
        const plural = at === 0 ? 'gateways' : 'listenersets';
        // The CRD of ListenerSets forgot that rule of the Gateway's.
        const isTaken = problems.length === 0 || (plural === 'listenersets' && what === 'filters of streams');
        await judged(plural, object, isTaken, `${what} at ${plural}`);
      }
    }
  });

  it('are left to a service by a listener, which lets nothing pass while there is none', async () => {
    const path = '/spec/listeners/0/filters';
    const change = (op: 'add' | 'remove', name = '') => {
      const externalAuth = { protocol: 'HTTP', backendRef: { name, port: 80 }, http: {} };
      const value = { requests: [{ type: 'ExternalAuth', externalAuth }] };
      const patch = JSON.stringify([{ op, path, ...(op === 'add' ? { value } : {}) }]);
      return turnpike.kubectl('patch', 'gateway/edge', '--type=json', '-p', patch);
    };
    const reason = 'jsonpath={.status.listeners[0].conditions[?(@.type=="ResolvedRefs")].reason}';
    const told = async () => turnpike.kubectl('get', 'gateway/edge', '-o', reason);
    await change('add', 'nobody');
    await untilStatus('/open', 500, {});
    await eventually(
      'the listener says why',
      async () => (await told()) === 'InvalidListenerFilterRef' || undefined,
    );
    await change('add', 'shop');
    await untilStatus('/open', 200, {});
    await change('remove');
    await eventually(
      'the listener has nothing to say',
      async () => (await told()) === 'ResolvedRefs' || undefined,
    );
    assert.equal(await status('/open'), 200);
  });

  it('close their route when the keys are taken away, and open it when they are deleted themselves', async () => {
    await turnpike.kubectl('delete', 'configmap/keys');
    await untilStatus('/orders', 500, await bearer());
    await turnpike.kubectl('delete', 'authpolicy/orders');
    await untilStatus('/orders', 200, {});
  });
});
