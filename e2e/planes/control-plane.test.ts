/** The ground the other end-to-end tests stand on: this control plane is the real one in what the gateway needs of it. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ClusterError } from '../cluster/cluster-error.ts';
import { type ControlPlane, startControlPlane } from '../cluster/control-plane.ts';
import { installGatewayApi } from '../cluster/gateway-api-crds.ts';
import { jsonLines } from '../cluster/json-lines.ts';
import { nodeAddress } from '../cluster/namespace.ts';

const gatewayApi = 'gateway.networking.k8s.io/v1';

const gatewayClass = {
  apiVersion: gatewayApi,
  kind: 'GatewayClass',
  metadata: { name: 'turnpike' },
  spec: { controllerName: 'turnpike.dev/gateway-controller' },
};

const gateway = {
  apiVersion: gatewayApi,
  kind: 'Gateway',
  metadata: { name: 'edge', namespace: 'default' },
  spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
};

const httpRoute = {
  apiVersion: gatewayApi,
  kind: 'HTTPRoute',
  metadata: { name: 'shop', namespace: 'default' },
  spec: { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name: 'shop', port: 8080 }] }] },
};

type WatchEvent = {
  readonly type: string;
  readonly object: {
    readonly metadata: { readonly name?: string; readonly annotations?: Readonly<Record<string, string>> };
  };
};

type TokenReview = {
  readonly status: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly user?: { readonly username?: string };
  };
};

describe('the control plane', () => {
  let controlPlane: ControlPlane;

  before(async () => {
    controlPlane = await startControlPlane();
    await installGatewayApi(controlPlane, 'experimental');
  });

  after(async () => {
    await controlPlane?.stop();
  });

  async function apply(...objects: readonly object[]): Promise<void> {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await controlPlane.kubectl(['apply', '--server-side', '--filename', '-'], { input });
  }

  async function create(apiPath: string, object: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    const response = await controlPlane.fetch(apiPath, {
      method: 'POST',
      headers,
      body: JSON.stringify(object),
    });
    const body = await response.text();
    assert.equal(response.status, 201, body);
    return JSON.parse(body);
  }

  async function review(token: string, audience: string): Promise<TokenReview['status']> {
    const object = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    };
    const answer = await create('/apis/authentication.k8s.io/v1/tokenreviews', object);
    return (answer as TokenReview).status;
  }

  it('stores a GatewayClass, a Gateway and an HTTPRoute, and fills their defaults in', async () => {
    await apply(gatewayClass, gateway, httpRoute);
    const printed = await controlPlane.kubectl(['get', 'gatewayclass,gateway,httproute', '--output', 'json']);
    const { items } = JSON.parse(printed) as { items: { kind: string; spec: unknown }[] };
    assert.deepEqual(items.map(({ kind }) => kind).sort(), ['Gateway', 'GatewayClass', 'HTTPRoute']);
    const stored = items.find(({ kind }) => kind === 'HTTPRoute')?.spec as typeof httpRoute.spec & {
      rules: { matches: unknown }[];
    };
    assert.deepEqual(stored.rules[0]?.matches, [{ path: { type: 'PathPrefix', value: '/' } }]);
  });

  it('refuses an HTTPRoute that breaks a CEL rule, and says which', async () => {
    const filter = { type: 'RequestRedirect', requestRedirect: { statusCode: 302 } };
    const rules = [{ ...httpRoute.spec.rules[0], filters: [filter] }];
    const broken = { ...httpRoute, metadata: { ...httpRoute.metadata, name: 'broken' }, spec: { rules } };
    await assert.rejects(apply(broken), /RequestRedirect filter must not be used together with backendRefs/);
  });

  it('sends the objects there are and then a bookmark, to a watch that asks for initial events', async () => {
    await apply(gatewayClass, gateway);
    const query = new URLSearchParams({
      watch: 'true',
      sendInitialEvents: 'true',
      allowWatchBookmarks: 'true',
      resourceVersionMatch: 'NotOlderThan',
      timeoutSeconds: '30',
    });
    const events = await eventsUntilBookmark(`/apis/${gatewayApi}/gateways?${query.toString()}`);
    assert.deepEqual(
      events.map(({ type, object }) => [type, object.metadata.name]),
      [
        ['ADDED', 'edge'],
        ['BOOKMARK', undefined],
      ],
    );
    assert.equal(events.at(-1)?.object.metadata.annotations?.['k8s.io/initial-events-end'], 'true');
  });

  async function eventsUntilBookmark(apiPath: string): Promise<readonly WatchEvent[]> {
    const response = await controlPlane.fetch(apiPath);
    assert.ok(response.ok && response.body);
    const events: WatchEvent[] = [];
    for await (const line of jsonLines(response.body)) {
      const event = line as WatchEvent;
      events.push(event);
      if (event.type === 'BOOKMARK') return events;
    }
    throw new Error(`The watch ended without a bookmark: ${JSON.stringify(events)}`);
  }

  it('gives a ServiceAccount a token for one audience, and reviews it as good for that one only', async () => {
    await apply({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'data-plane', namespace: 'default' },
    });
    const answer = await create('/api/v1/namespaces/default/serviceaccounts/data-plane/token', {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: ['turnpike.dev'], expirationSeconds: 600 },
    });
    const { token } = (answer as { status: { token: string } }).status;

    const accepted = await review(token, 'turnpike.dev');
    assert.equal(accepted.authenticated, true);
    assert.deepEqual(accepted.audiences, ['turnpike.dev']);
    assert.equal(accepted.user?.username, 'system:serviceaccount:default:data-plane');

    const refused = await review(token, 'elsewhere.example');
    assert.notEqual(refused.authenticated, true);
  });

  it('lets a ServiceAccount do only what RBAC grants it', async () => {
    const as = ['--as', 'system:serviceaccount:default:nobody'];
    await assert.rejects(controlPlane.kubectl(['get', 'secrets', ...as]), /forbidden/);
  });

  it('keeps what was stored when the API server crashes and comes back on the same address', async () => {
    await apply(gatewayClass);
    await controlPlane.killApiServer();
    await assert.rejects(controlPlane.fetch('/readyz'));
    await controlPlane.restartApiServer();
    const name = await controlPlane.kubectl(['get', 'gatewayclass', 'turnpike', '--output', 'name']);
    assert.equal(name.trim(), 'gatewayclass.gateway.networking.k8s.io/turnpike');
  });

  it('is known to its administrator by a kubeconfig that only the owner reads', async () => {
    assert.equal((await stat(controlPlane.kubeconfig)).mode & 0o777, 0o600);
    assert.match(controlPlane.url, new RegExp(`^https://${nodeAddress}:\\d+$`));
  });
});

describe('starting a control plane', () => {
  it('tells the end of the log when the API server does not start, and leaves nothing behind', async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'refused-'));
    const start = startControlPlane({ dir, apiServerArgs: ['--no-such-flag'] });
    await assert.rejects(start, (error) => {
      assert.ok(error instanceof ClusterError);
      assert.equal(error.failure, 'exited');
      assert.match(error.message, /unknown flag: --no-such-flag/);
      return true;
    });
    assert.deepEqual(await readdir(dir), []);
  });

  it('removes its folder when it is stopped', async () => {
    const controlPlane = await startControlPlane();
    await controlPlane.stop();
    assert.equal(existsSync(controlPlane.folder), false);
    await assert.rejects(controlPlane.fetch('/readyz'));
  });
});
