// A BackendTLSPolicy by kubectl, whose authorities are in a ClusterTrustBundle of a real API server.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import {
  aBackendAuthority,
  aTlsBackend,
  type BackendAuthority,
  type TlsBackend,
} from '#test/given/tls-backend.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';

const name = 'example.com:backends:all';

/** In the older version, which the API server of these tests has. */
function bundle(trustBundle: string): object {
  return {
    apiVersion: 'certificates.k8s.io/v1beta1',
    kind: 'ClusterTrustBundle',
    metadata: { name },
    spec: { signerName: 'example.com/backends', trustBundle },
  };
}

const policy = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'BackendTLSPolicy',
  metadata: { name: 'shop', namespace: 'default' },
  spec: {
    targetRefs: [{ group: '', kind: 'Service', name: 'shop' }],
    validation: {
      hostname: 'shop.example',
      caCertificateRefs: [{ group: 'certificates.k8s.io', kind: 'ClusterTrustBundle', name }],
    },
  },
};

describe('TLS to a Service by a bundle of the cluster', () => {
  let turnpike: Turnpike;
  let backend: TlsBackend;
  let authority: BackendAuthority;
  let other: BackendAuthority;

  before(async () => {
    [authority, other] = await Promise.all([aBackendAuthority('ours'), aBackendAuthority('others')]);
    const certificate = await authority.certificate('shop', [{ type: 'dns', value: 'shop.example' }]);
    const host = addressIn('backend', 1);
    backend = await aTlsBackend(certificate, { at: { host, port: 8080 } });
    turnpike = await Turnpike.serve(1);
    await turnpike.apply(...service('shop', [{ address: host }]), httpRoute('shop', '/', 'shop'), policy);
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await backend?.[Symbol.asyncDispose]();
  });

  async function untilStatus(expected: number): Promise<void> {
    await eventually(`/ answers ${expected}`, async () => {
      const [one] = turnpike.dataPlanes;
      return (await one?.ask({ path: '/' }))?.status === expected || undefined;
    });
  }

  it('is refused while there is none, and follows what becomes of it', async () => {
    await turnpike.until('backendtlspolicy/shop', 'Accepted', 'NoValidCACertificate');
    await turnpike.until('backendtlspolicy/shop', 'ResolvedRefs', 'InvalidCACertificateRef');
    await untilStatus(500);

    await turnpike.apply(bundle(authority.pem));
    await turnpike.until('backendtlspolicy/shop', 'Accepted', 'True');
    await untilStatus(200);
    assert.equal(backend.seen[0]?.name, 'shop.example');

    await turnpike.apply(bundle(other.pem));
    await untilStatus(503);

    await turnpike.kubectl('delete', 'clustertrustbundle', name);
    await turnpike.until('backendtlspolicy/shop', 'Accepted', 'NoValidCACertificate');
    await untilStatus(500);
  });
});
