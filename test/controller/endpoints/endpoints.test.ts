import assert from 'node:assert/strict';
import { loginSecretId } from '#snapshot/open-id-connect.ts';
import { Secret } from '#snapshot/secret.ts';
import { test } from 'node:test';
import { decodeObject } from '#crds/kind.ts';
import type { EndpointSlice } from '#crds/kubernetes.ts';
import { gatewayKey, resourceId } from '#snapshot/ids.ts';
import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { isReachable } from '#controller/endpoints/address.ts';
import { createEndpointsComposer, type ComposerOptions } from '#controller/endpoints/composer.ts';
import { changedKeys } from '#snapshot/shelved-map.ts';
import type { ResourceSet } from '#snapshot/snapshot.ts';
import { compileEndpoints } from '#controller/endpoints/endpoints.ts';
import { compileFleet } from '#controller/endpoints/fleet.ts';
import { object, reader } from '../translate/objects.ts';

const source = {
  id: resourceId('Endpoints', 'shop', 'cart', '80'),
  namespace: 'shop',
  service: 'cart',
  portName: 'http',
};

type Conditions = Readonly<Record<string, boolean>>;

function slice(endpoints: Readonly<Record<string, Conditions>>, changes: object = {}): EndpointSlice {
  const decoded = decodeObject('EndpointSlice', {
    metadata: { name: 'cart-1', namespace: 'shop' },
    addressType: 'IPv4',
    ports: [
      { name: 'http', port: 8080 },
      { name: 'admin', port: 9090 },
    ],
    endpoints: Object.entries(endpoints).map(([address, conditions]) => ({
      addresses: [address],
      conditions,
    })),
    ...changes,
  });
  assert.ok(decoded.ok);
  return decoded.object;
}

const listed = (slices: readonly EndpointSlice[]) =>
  compileEndpoints(source, slices).endpoints.map((one) => `${one.address}:${String(one.port)} ${one.state}`);

test('ready endpoints are told, and terminating ones that still serve; others are not', () => {
  const endpoints = {
    '10.0.0.1': {},
    '10.0.0.2': { ready: true },
    '10.0.0.3': { ready: false },
    '10.0.0.4': { ready: false, serving: true, terminating: true },
    '10.0.0.5': { ready: false, serving: false, terminating: true },
    '10.0.0.6': { ready: false, serving: true, terminating: false },
  };
  assert.deepEqual(listed([slice(endpoints)]), [
    '10.0.0.1:8080 Ready',
    '10.0.0.2:8080 Ready',
    '10.0.0.4:8080 Terminating',
  ]);
});

test('slices are joined, sorted and without doubles, and Ready wins over Terminating', () => {
  const terminating = { ready: false, serving: true, terminating: true };
  const one = slice({ '10.0.0.9': {}, '10.0.0.1': terminating });
  const other = slice({ '10.0.0.1': {}, '10.0.0.9': terminating });
  const six = slice({ 'fd00::1': {} }, { addressType: 'IPv6' });
  const wanted = ['10.0.0.1:8080 Ready', '10.0.0.9:8080 Ready', 'fd00::1:8080 Ready'];
  assert.deepEqual(listed([one, other, six]), wanted);
  assert.deepEqual(listed([six, other, one]), wanted);
});

test('the port is found by name, an unnamed one too, and other protocols are passed over', () => {
  const unnamed = slice({ '10.0.0.1': {} }, { ports: [{ port: 81 }, { port: 53, protocol: 'UDP' }] });
  assert.deepEqual(listed([unnamed]), []);
  assert.equal(compileEndpoints({ ...source, portName: '' }, [unnamed]).endpoints[0]?.port, 81);
});

test('slices of host names are passed over', () => {
  assert.deepEqual(listed([slice({ 'evil.example.com': {} }, { addressType: 'FQDN' })]), []);
});

test('addresses that lead to this machine, to metadata services or to everybody are refused', () => {
  const refused = [
    '127.0.0.1', '127.1.2.3', '::1', '0.0.0.0', '0.1.2.3', '::', '169.254.169.254', 'fe80::1', '224.0.0.1', 'ff02::1',
    '255.255.255.255', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', 'fe80::1%eth0', 'localhost', '',
    '127.1', '0x7f.0.0.1',
  ]; // prettier-ignore
  for (const address of refused) {
    assert.equal(isReachable(address, 'Cluster'), false, address);
  }
  for (const address of ['10.0.0.1', '192.168.1.1', '8.8.8.8', 'fd00::1', '2001:db8::1']) {
    assert.equal(isReachable(address, 'Cluster'), true, address);
  }
});

test('standalone allows loopback and nothing else of these', () => {
  for (const address of ['127.0.0.1', '::1']) {
    assert.equal(isReachable(address, 'Standalone'), true, address);
  }
  for (const address of ['169.254.169.254', '0.0.0.0', '::ffff:127.0.0.1', 'ff02::1']) {
    assert.equal(isReachable(address, 'Standalone'), false, address);
  }
  assert.equal(compileEndpoints(source, [slice({ '127.0.0.1': {} })]).endpoints.length, 0);
  assert.equal(compileEndpoints(source, [slice({ '127.0.0.1': {} })], 'Standalone').endpoints.length, 1);
});

test('the fleet is the ready endpoints of the own Service, each pod once, at least one', () => {
  const four = slice({ '10.0.0.1': {}, '10.0.0.2': {}, '10.0.0.3': { ready: false } });
  const six = slice({ 'fd00::1': {}, 'fd00::2': {} }, { addressType: 'IPv6' });
  assert.equal(compileFleet([four, six]).replicas, 2);
  assert.equal(compileFleet([slice({})]).replicas, 1);
  assert.equal(compileFleet([]).replicas, 1);
});

test('the fleet tells where each of its pods runs, ready or not, each once', () => {
  const pod = (name: string, address: string, place: object) => ({
    addresses: [address],
    targetRef: { kind: 'Pod', name },
    ...place,
  });
  const four = [
    pod('edge-b', '10.0.0.2', { nodeName: 'node-2', zone: 'b', conditions: { ready: false } }),
    pod('edge-a', '10.0.0.1', { nodeName: 'node-1', zone: '' }),
    { addresses: ['10.0.0.3'], zone: 'c' },
  ];
  const six = [pod('edge-b', 'fd00::2', { nodeName: 'node-2', zone: 'b' })];
  const slices = [slice({}, { endpoints: four }), slice({}, { endpoints: six, addressType: 'IPv6' })];
  assert.deepEqual(compileFleet(slices).members, [
    { instance: 'edge-a', zone: null, node: 'node-1' },
    { instance: 'edge-b', zone: 'b', node: 'node-2' },
  ]);
  assert.deepEqual(compileFleet([]).members, []);
});

test('endpoints are told with the zones and nodes that should use them', () => {
  const hinted = (address: string, hints?: object) => ({ addresses: [address], ...(hints && { hints }) });
  const endpoints = [
    hinted('10.0.0.1', { forZones: [{ name: 'b' }, { name: 'a' }] }),
    hinted('10.0.0.2', { forNodes: [{ name: 'node-1' }], forZones: [] }),
    hinted('10.0.0.3'),
  ];
  const told = compileEndpoints(source, [slice({}, { endpoints })]).endpoints;
  assert.deepEqual(
    told.map(({ forZones, forNodes }) => [forZones, forNodes]),
    [
      [['a', 'b'], []],
      [[], ['node-1']],
      [[], []],
    ],
  );
});

test('one EndpointSlice change renews one Endpoints resource', () => {
  const gateway = object({
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: { gatewayClassName: 'turnpike', listeners: [{ name: 'http', protocol: 'HTTP', port: 80 }] },
  });
  const services = new Map<string, readonly EndpointSlice[]>([
    ['cart', [slice({ '10.0.0.1': {} })]],
    ['pay', [slice({ '10.0.1.1': {} })]],
    ['edge-turnpike', [slice({ '10.0.2.1': {}, '10.0.2.2': {} })]],
  ]);
  let tickets = 'of a day';
  let sessions = 'of an authority';
  let logins = 'of a week';
  const composing: ComposerOptions = {
    objects: reader([gateway]),
    slicesOf: (_, service) => [...(services.get(service) ?? [])],
    scope: 'Cluster',
    ticketSecret: () => new Secret(tickets),
    sessionSecret: () => new Secret(sessions),
    loginSecret: () => ({
      kind: 'LoginSecret',
      id: loginSecretId,
      secret: new Secret(logins),
      previous: new Secret(''),
      next: new Secret(''),
    }),
  };
  const composer = createEndpointsComposer(composing, gatewayKey('shop', 'edge'));
  const pay = { ...source, id: resourceId('Endpoints', 'shop', 'pay', '80'), service: 'pay' };
  const sources = new Map([source, pay].map((one) => [one.id, one]));
  let last: ResourceSet = new Map();
  const changed = (...touched: readonly string[]) => {
    const now = composer.compose(sources, new Set(touched));
    const ids = changedKeys(last, now);
    last = now;
    return new Set<string>(ids);
  };
  assert.deepEqual(
    changed(),
    new Set([
      source.id, pay.id, 'Fleet/fleet', 'TicketSecret/tickets', 'SessionSecret/sessions', 'LoginSecret/logins',
    ]),
  ); // prettier-ignore
  const fleet = last.get(resourceId('Fleet', 'fleet'));
  assert.equal(fleet?.kind === 'Fleet' && fleet.replicas, 2);
  services.set('pay', [slice({ '10.0.1.1': {}, '10.0.1.2': {} })]);
  assert.deepEqual(changed('shop/pay', 'shop/other'), new Set([pay.id]));
  services.set('edge-turnpike', []);
  assert.deepEqual(changed('shop/edge-turnpike'), new Set(['Fleet/fleet']));
  tickets = 'of another day';
  assert.deepEqual(changed(), new Set(['TicketSecret/tickets']));
  sessions = 'of another authority';
  assert.deepEqual(changed(), new Set(['SessionSecret/sessions']));
  logins = 'of another week';
  assert.deepEqual(changed(), new Set(['LoginSecret/logins']));
  last = composer.compose(new Map([[source.id, source]]), new Set(['shop/pay']));
  assert.equal(last.has(pay.id), false);
});

test('what is made for a Gateway is named by Gateway and class, shortened with a hash where no label fits', () => {
  assert.equal(infrastructureName('edge', 'turnpike'), 'edge-turnpike');
  const long = infrastructureName('g'.repeat(253), 'turnpike');
  assert.match(long, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  assert.notEqual(long, infrastructureName('g'.repeat(252), 'turnpike'));
  for (const name of ['my.gateway', '9lives', '0', `a${'-'.repeat(60)}b`]) {
    assert.match(infrastructureName(name, 'turnpike'), /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, name);
  }
  assert.notEqual(infrastructureName('my.gateway', 'x'), infrastructureName('my-gateway', 'x'));
});
