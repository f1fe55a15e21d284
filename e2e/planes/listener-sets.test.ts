// ListenerSets of several namespaces at one Gateway, with the rights of the chart: who may, who comes first, what each
// is told, their certificates and routes, hundreds of listeners, the longest names; and that nothing of one stays.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { ask } from '../turnpike/client.ts';
import { DataPlane } from '../turnpike/data-plane.ts';
import { startEcho } from '../turnpike/echo.ts';
import { namespace, service } from '../turnpike/objects.ts';
import { edgeGateway, Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo } from '../turnpike/echo.ts';
import type { Condition } from '../turnpike/turnpike.ts';

const group = 'gateway.networking.k8s.io';
/** As long as a name may be. */
const longName = `${'long-'.repeat(50)}one`;

interface SetStatus {
  readonly conditions?: readonly Condition[];
  readonly listeners?: readonly {
    readonly name: string;
    readonly attachedRoutes: number;
    readonly conditions: readonly Condition[];
  }[];
}

function listenerSet(of: string, name: string, listeners: readonly object[], gateway = 'edge'): object {
  return {
    apiVersion: `${group}/v1`,
    kind: 'ListenerSet',
    metadata: { name, namespace: of },
    spec: { parentRef: { name: gateway, namespace: 'default' }, listeners },
  };
}

const http = (name: string, hostname: string): object => ({ name, protocol: 'HTTP', port: 80, hostname });

/** Everything that comes by the listeners of `set` goes to the Service `shop` of namespace `of`. */
function routeOf(of: string, name: string, set: string): object {
  return {
    apiVersion: `${group}/v1`,
    kind: 'HTTPRoute',
    metadata: { name, namespace: of },
    spec: {
      parentRefs: [{ kind: 'ListenerSet', name: set }],
      rules: [{ backendRefs: [{ name: 'shop', port: 80 }] }],
    },
  };
}

/** Lets `kind` of namespace shop have Secrets of namespace certificates. */
function certificateGrant(kind: string): object {
  return {
    apiVersion: `${group}/v1`,
    kind: 'ReferenceGrant',
    metadata: { name: kind.toLowerCase(), namespace: 'certificates' },
    spec: { from: [{ group, kind, namespace: 'shop' }], to: [{ group: '', kind: 'Secret' }] },
  };
}

describe('ListenerSets', () => {
  let turnpike: Turnpike;
  let echo: Echo;
  let further: DataPlane | undefined;

  before(async () => {
    echo = await startEcho('shop', addressIn('backend', 1));
    turnpike = await Turnpike.serve(1);
    const [, gateway] = edgeGateway(1) as [object, { spec: object }];
    const selector = { matchLabels: { gateway: 'edge' } };
    await turnpike.apply(
      {
        ...gateway,
        spec: { ...gateway.spec, allowedListeners: { namespaces: { from: 'Selector', selector } } },
      },
      { ...namespace('shop'), metadata: { name: 'shop', labels: { gateway: 'edge' } } },
      namespace('office'),
      namespace('certificates'),
    );
    const places = [{ address: echo.address }];
    await turnpike.apply(...service('shop', places, 'shop'), ...service('shop', places, 'office'));
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await further?.stop();
    await turnpike?.stop();
    await echo.stop();
  });

  async function statusOf(name: string, of: string): Promise<SetStatus> {
    const { status } = (await turnpike.get(`listenerset/${name}`, of)) as { readonly status?: SetStatus };
    return status ?? {};
  }

  /** `Accepted=True/Accepted` and the like, without messages. */
  const told = (conditions: readonly Condition[] = []): readonly string[] =>
    conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`).sort();

  /** Resolves with the status once the set as a whole, and each listener if named, has been told so. */
  function until(
    name: string,
    of: string,
    expected: string,
    listeners: Readonly<Record<string, string>> = {},
  ): Promise<SetStatus> {
    return eventually(`ListenerSet ${of}/${name} has ${expected} ${JSON.stringify(listeners)}`, async () => {
      const status = await statusOf(name, of);
      const all = Object.entries(listeners).every(([listener, words]) => {
        return told(status.listeners?.find((one) => one.name === listener)?.conditions).includes(words);
      });
      return all && told(status.conditions).includes(expected) ? status : undefined;
    });
  }

  function untilSets(count: number): Promise<unknown> {
    return eventually(`the Gateway has ${count} ListenerSets`, async () => {
      const { status } = (await turnpike.get('gateway/edge')) as {
        status: { attachedListenerSets?: number };
      };
      return status.attachedListenerSets === count || undefined;
    });
  }

  function untilAnswered(host: string, expected: number, address = turnpike.addresses[0]): Promise<unknown> {
    return eventually(`${host} answers ${expected}`, async () => {
      const { status } = await ask(address ?? '', { host, path: '/' });
      return status === expected || undefined;
    });
  }

  it('of a namespace that the Gateway allows serve its routes, and tell so', async () => {
    await turnpike.apply(
      listenerSet('shop', 'shop', [http('web', 'shop.example.com'), http('more', 'more.example.com')]),
      routeOf('shop', 'shop', 'shop'),
    );
    const { listeners = [], conditions } = await until('shop', 'shop', 'Programmed=True/Programmed');
    assert.deepEqual(told(conditions), ['Accepted=True/Accepted', 'Programmed=True/Programmed']);
    await untilAnswered('shop.example.com', 200);
    await untilAnswered('more.example.com', 200);
    await untilAnswered('else.example.com', 404);
    assert.deepEqual(
      listeners.map(({ name, conditions: own }) => [name, told(own)]),
      ['web', 'more'].map((name) => [
        name,
        [
          'Accepted=True/Accepted',
          'Conflicted=False/NoConflicts',
          'Programmed=True/Programmed',
          'ResolvedRefs=True/ResolvedRefs',
        ],
      ]),
    );
    await eventually('the route is counted', async () => {
      const status = await statusOf('shop', 'shop');
      return status.listeners?.every(({ attachedRoutes }) => attachedRoutes === 1) || undefined;
    });
    await untilSets(1);
    const route = await turnpike.until('httproute/shop', 'Accepted', 'True', 'shop');
    assert.equal(route.observedGeneration, 1);
  });

  it('of another namespace are told that they may not, and serve as soon as its labels say they may', async () => {
    await turnpike.apply(
      listenerSet('office', 'office', [http('web', 'office.example.com')]),
      routeOf('office', 'office', 'office'),
    );
    const { conditions, listeners = [] } = await until('office', 'office', 'Accepted=False/NotAllowed');
    assert.deepEqual(told(conditions), ['Accepted=False/NotAllowed', 'Programmed=False/NotAllowed']);
    assert.deepEqual(listeners, []);
    await untilAnswered('office.example.com', 404);
    await untilSets(1);
    await turnpike.kubectl('label', 'namespace', 'office', 'gateway=edge');
    await until('office', 'office', 'Programmed=True/Programmed');
    await untilAnswered('office.example.com', 200);
    await untilSets(2);
  });

  it('that come later lose a host to who has it, and get it when that one is gone', async () => {
    await turnpike.apply(
      listenerSet('office', 'younger', [http('web', 'more.example.com'), http('own', 'own.example.com')]),
      routeOf('office', 'younger', 'younger'),
    );
    const lost = { web: 'Conflicted=True/HostnameConflict', own: 'Programmed=True/Programmed' };
    const status = await until('younger', 'office', 'Accepted=True/ListenersNotValid', lost);
    const web = status.listeners?.find(({ name }) => name === 'web')?.conditions ?? [];
    assert.deepEqual(told(web).slice(0, 3), [
      'Accepted=False/HostnameConflict',
      'Conflicted=True/HostnameConflict',
      'Programmed=False/HostnameConflict',
    ]);
    assert.doesNotMatch(JSON.stringify(status), /ListenerSet shop/, 'sets of others are not told by name');
    await turnpike.apply(listenerSet('shop', 'shop', [http('web', 'shop.example.com')]));
    await until('younger', 'office', 'Accepted=True/Accepted', { web: 'Programmed=True/Programmed' });
    await untilAnswered('more.example.com', 200);
    await turnpike.apply(listenerSet('office', 'younger', [{ name: 'web', protocol: 'TCP', port: 80 }]));
    await until('younger', 'office', 'Accepted=False/ListenersNotValid', {
      web: 'Conflicted=True/ProtocolConflict',
    });
    await untilAnswered('more.example.com', 404);
  });

  it('show certificates of other namespaces where a grant for ListenerSets says so', async () => {
    const authority = await aTlsAuthority();
    const secret = await authority.secretManifest('secure', 'secure.example.com');
    const tls = { certificateRefs: [{ name: 'secure', namespace: 'certificates' }] };
    const https = { name: 'https', protocol: 'HTTPS', port: 8443, hostname: 'secure.example.com', tls };
    await turnpike.apply(
      secret.replace('name: secure', 'name: secure, namespace: certificates'),
      certificateGrant('Gateway'),
      listenerSet('shop', 'secure', [https]),
      routeOf('shop', 'secure', 'secure'),
    );
    const refused = { https: 'ResolvedRefs=False/RefNotPermitted' };
    await until('secure', 'shop', 'Accepted=False/ListenersNotValid', refused);
    await turnpike.apply(certificateGrant('ListenerSet'));
    await until('secure', 'shop', 'Programmed=True/Programmed', { https: 'ResolvedRefs=True/ResolvedRefs' });
    const get = async () => {
      const shown = { servername: 'secure.example.com', ca: authority.ca };
      const place = { port: 8443, tls: shown };
      return (await ask(turnpike.addresses[0] ?? '', { host: 'secure.example.com', path: '/' }, place))
        .status;
    };
    await eventually('the certificate is shown', async () => (await get()) === 200 || undefined);
    await turnpike.kubectl('delete', 'referencegrant/listenerset', '--namespace=certificates');
    await until('secure', 'shop', 'Accepted=False/ListenersNotValid', refused);
    await eventually('nobody shakes hands', () => get().then(() => undefined, () => true)); // prettier-ignore
  });

  it('give a Gateway more listeners than one object may have', async () => {
    const many = (set: string) =>
      Array.from({ length: 64 }, (_, at) => http(`l${at}`, `${set}-${at}.example.com`));
    await turnpike.apply(
      ...['a', 'b'].flatMap((set) => [listenerSet('shop', set, many(set)), routeOf('shop', set, set)]),
    );
    for (const set of ['a', 'b']) {
      await until(set, 'shop', 'Programmed=True/Programmed', { l63: 'Programmed=True/Programmed' });
      await untilAnswered(`${set}-0.example.com`, 200);
      await untilAnswered(`${set}-63.example.com`, 200);
    }
  });

  it('and their Gateways may have names of 253 characters', async () => {
    const [, gateway] = edgeGateway(1) as [object, { spec: object }];
    const addresses = [{ type: 'IPAddress', value: addressIn('dataPlane', 2) }];
    const allowedListeners = { namespaces: { from: 'All' } };
    const name = infrastructureName(longName, 'turnpike');
    await turnpike.apply(
      {
        ...gateway,
        metadata: { name: longName, namespace: 'default' },
        spec: { ...gateway.spec, addresses, allowedListeners },
      },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'default', name } },
      ...service(name, [{ address: addressIn('dataPlane', 2) }]),
      listenerSet('shop', longName, [http('web', 'long.example.com')], longName),
      routeOf('shop', longName, longName),
    );
    further = await DataPlane.prepare({
      cluster: turnpike.cluster,
      number: 2,
      gateway: { namespace: 'default', name: longName },
      controllers: turnpike.controllers.map(({ url }) => url),
    });
    await further.start();
    await turnpike.until(`gateway/${longName}`, 'Programmed', 'True');
    await until(longName, 'shop', 'Programmed=True/Programmed');
    await untilAnswered('long.example.com', 200, further.address);
  });

  it('that are deleted leave nothing: no listener, no route, no count, no word', async () => {
    await turnpike.kubectl('delete', 'listenersets', '--all', '--all-namespaces');
    await untilSets(0);
    for (const host of ['shop.example.com', 'office.example.com', 'a-0.example.com'])
      await untilAnswered(host, 404);
    await eventually('the data plane has no listener but its Gateway’s', async () => {
      const page = await fetch(`http://${turnpike.addresses[0]}:9901/config`);
      const { resources } = (await page.json()) as { resources: Record<string, unknown> };
      const left = Object.keys(resources).filter((id) => /^(Listener|Route|Certificate|Cluster)\//.test(id));
      return left.join() === 'Listener/default/edge/http' || undefined;
    });
    await eventually('nothing is said of parents that are not there', async () => {
      const printed = await turnpike.kubectl('get', 'httproutes', '--all-namespaces', '--output=json');
      const { items } = JSON.parse(printed) as { items: { status?: { parents?: readonly unknown[] } }[] };
      return (
        (items.length >= 6 && items.every(({ status }) => (status?.parents ?? []).length === 0)) || undefined
      );
    });
    await assert.rejects(ask(turnpike.addresses[0] ?? '', { path: '/' }, { port: 8443 }), /no connection/);
  });
});
