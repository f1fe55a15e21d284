// What an Ingress may cost that names thousands of hosts for certificates, and whose: anybody may write one, and none is
// long for an API server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kind, KindMap } from '#crds/kind.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import { givenCertificate } from '#test/given/certificate.ts';
import { gatewayClass } from '#test/given/objects.ts';
import { input, object, reader } from './objects.ts';

const metadata = { name: 'edge', namespace: 'shop' };

function world({ chain, key }: Certificate): readonly KindMap[Kind][] {
  const inBase64 = (text: string) => Buffer.from(text).toString('base64');
  const manifests = [
    {
      kind: 'IngressClass',
      metadata: { name: 'turnpike' },
      spec: {
        controller: 'turnpike.dev/gateway-controller',
        parameters: {
          apiGroup: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          scope: 'Namespace',
          ...metadata,
        },
      },
    },
    {
      kind: 'Gateway',
      metadata,
      spec: {
        gatewayClassName: 'turnpike',
        listeners: [
          {
            name: 'https',
            protocol: 'HTTPS',
            port: 443,
            tls: { certificateRefs: [{ name: 'edge' }] },
            allowedRoutes: { namespaces: { from: 'All' } },
          },
        ],
      },
    },
    ...['shop', 'other'].map((namespace) => ({
      kind: 'Secret',
      metadata: { ...metadata, namespace },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': inBase64(chain), 'tls.key': inBase64(key.reveal()) },
    })),
    { kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } },
  ];
  return [gatewayClass(), ...manifests.map((one) => object(one))];
}

function ingress(
  tls: readonly unknown[],
  hosts: readonly string[] = [],
  of: Readonly<Record<string, string>> = {},
): KindMap['Ingress'] {
  const decoded = object({
    kind: 'Ingress',
    metadata: { ...metadata, ...of },
    spec: {
      ingressClassName: 'turnpike',
      defaultBackend: { service: { name: 'edge', port: { number: 80 } } },
      rules: hosts.map((host) => ({ host })),
      tls,
    },
  });
  assert.ok(decoded.kind === 'Ingress');
  return decoded;
}

function serverNames(objects: readonly KindMap[Kind][]): readonly (readonly string[])[] {
  const [snapshot] = createTranslator()
    .translate(input(reader(objects)))
    .snapshots.values();
  return [...(snapshot?.values() ?? [])].flatMap((one) =>
    one.kind === 'ServerNames' ? [one.hostnames] : [],
  );
}

test('the certificates of an Ingress are gone through a few times, however many hosts they are for', async () => {
  const good = world(await givenCertificate('edge', ['edge.example.com']));
  const hosts = Array.from({ length: 500 }, (_, at) => `h${String(at)}.example.com`);
  const { spec, ...others } = ingress(hosts.map((host) => ({ hosts: [host], secretName: 'edge' })));
  let reads = 0;
  const counted = {
    ...others,
    spec: {
      ...spec,
      get tls() {
        reads += 1;
        return spec.tls;
      },
    },
  };
  assert.deepEqual(
    serverNames([...good, counted])
      .flat()
      .toSorted(),
    hosts.toSorted(),
  );
  assert.ok(reads < 50, `${String(reads)} times`);
});

test('of entries without hosts the first alone has those that are left', async () => {
  const good = world(await givenCertificate('edge', ['edge.example.com']));
  const hosts = ['one.example.com', 'two.example.com', 'three.example.com'];
  const tls = [
    { hosts: ['two.example.com'], secretName: 'edge' },
    { secretName: 'edge' },
    { secretName: 'edge' },
  ];
  const names = serverNames([...good, ingress(tls, hosts)]).map((one) => one.join());
  assert.deepEqual(names.toSorted(), ['one.example.com,three.example.com', 'two.example.com']);
});

test('a host that another namespace has led for longer is shown no certificate of an Ingress', async () => {
  const good = world(await givenCertificate('edge', ['*.example.com']));
  const host = 'cart.example.com';
  const leading = { parentRefs: [{ name: 'edge' }], hostnames: [host], rules: [{}] };
  const route = (creationTimestamp: string) =>
    object({ kind: 'HTTPRoute', metadata: { ...metadata, creationTimestamp }, spec: leading });
  const taking = ingress([{ hosts: [host], secretName: 'edge' }], [host], {
    namespace: 'other',
    creationTimestamp: '2026-02-01T00:00:00Z',
  });
  const noticesOf = (objects: readonly KindMap[Kind][]) =>
    createTranslator()
      .translate(input(reader(objects)))
      .notices.filter(({ object: { namespace } }) => namespace === 'other')
      .map(({ reason }) => reason);
  const older = [...good, route('2026-01-01T00:00:00Z'), taking];
  assert.deepEqual([serverNames(older), noticesOf(older).includes('HostTaken')], [[], true]);
  const younger = [...good, route('2026-03-01T00:00:00Z'), taking];
  assert.deepEqual([serverNames(younger), noticesOf(younger).includes('HostTaken')], [[[host]], false]);
});
