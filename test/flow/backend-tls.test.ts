// TLS to backends by BackendTLSPolicies: who is believed by which name, what the Gateway shows, what is never sent in
// the clear, and authorities that are replaced while requests come.
import assert from 'node:assert/strict';
import http from 'node:http';
import { before, describe, it } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import {
  authorityManifest,
  edgeManifest,
  pathRouteManifest,
  serviceManifest,
} from '#test/given/manifests.ts';
import { givenStandalone, type Files, type GivenStandalone } from '#test/given/standalone.ts';
import {
  aBackendAuthority,
  aTlsBackend,
  type BackendAuthority,
  type TlsBackend,
} from '#test/given/tls-backend.ts';
import type { Certificate } from '#snapshot/certificate.ts';

const references = {
  ConfigMap: `caCertificateRefs: [{ group: '', kind: ConfigMap, name: authorities }]`,
  ClusterTrustBundle: `caCertificateRefs: [{ group: certificates.k8s.io, kind: ClusterTrustBundle, name: 'example.com:backends:all' }]`,
} as const;

/** A BackendTLSPolicy for Service `shop`. */
function policy(hostname: string, more = '', believed: string = references.ConfigMap): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ group: '', kind: Service, name: shop }]
  validation: { hostname: ${hostname}, ${believed} ${more} }
`;
}

const authorities = (pem: string): string => authorityManifest('authorities', pem);

const bundle = (pem: string): string => `
apiVersion: certificates.k8s.io/v1beta1
kind: ClusterTrustBundle
metadata: { name: 'example.com:backends:all' }
spec:
  trustBundle: |
${pem.replaceAll(/^(?=.)/gm, '    ')}
`;

/** Service `shop`, whose endpoint is `port`, under a route for all. */
function shopAt(port: number, files: Files): Promise<GivenStandalone> {
  return givenStandalone({
    'services.yaml': serviceManifest('shop', port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
    ...files,
  });
}

function accepted(turnpike: GivenStandalone): readonly string[] {
  return turnpike
    .conditions('BackendTLSPolicy', 'shop')
    .map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

/** For what a busy machine takes long for. */
const patienceMs = 30_000;

const good = ['Accepted=True Accepted', 'ResolvedRefs=True ResolvedRefs'];

describe('a Service with a BackendTLSPolicy', () => {
  let authority: BackendAuthority;
  let other: BackendAuthority;
  let certificate: Certificate;

  before(async () => {
    [authority, other] = await Promise.all([aBackendAuthority('ours'), aBackendAuthority('others')]);
    certificate = await authority.certificate('shop', [
      { type: 'dns', value: 'shop.example' },
      { type: 'url', value: 'spiffe://example/shop' },
    ]);
  });

  const uri = (name: string) => `, subjectAltNames: [{ type: URI, uri: '${name}' }]`;
  const answers: readonly (readonly [what: string, status: number, text: () => readonly [string, string]])[] =
    [
      ['the right name', 200, () => [policy('shop.example'), authority.pem]],
      ['another name', 503, () => [policy('other.example'), authority.pem]],
      ['another authority', 503, () => [policy('shop.example'), other.pem]],
      ['one of two authorities', 200, () => [policy('shop.example'), `${other.pem}\n${authority.pem}`]],
      [
        'a URI in place of the name',
        200,
        () => [policy('x.example', uri('spiffe://example/shop')), authority.pem],
      ],
      ['another URI', 503, () => [policy('shop.example', uri('spiffe://example/cart')), authority.pem]],
    ];
  for (const [what, status, text] of answers) {
    it(`is met by ${what} with ${status}`, async () => {
      await using backend = await aTlsBackend(certificate);
      const [policyText, pem] = text();
      await using turnpike = await shopAt(backend.port, {
        'policy.yaml': policyText,
        'authorities.yaml': authorities(pem),
      });
      await turnpike.until('/', status);
      assert.deepEqual(accepted(turnpike), good);
    });
  }

  it('is asked for by the name of the policy, and believed by a bundle of the cluster', async () => {
    await using backend = await aTlsBackend(certificate);
    await using turnpike = await shopAt(backend.port, {
      'policy.yaml': policy('shop.example', '', references.ClusterTrustBundle),
      'bundle.yaml': bundle(authority.pem),
    });
    await turnpike.until('/', 200);
    assert.equal(backend.seen[0]?.name, 'shop.example');
    await turnpike.save({ 'bundle.yaml': bundle(other.pem) });
    await turnpike.until('/', 503);
    await turnpike.remove('bundle.yaml');
    await turnpike.until('/', 500);
    assert.deepEqual(accepted(turnpike), [
      'Accepted=False NoValidCACertificate',
      'ResolvedRefs=False InvalidCACertificateRef',
    ]);
  });

  it('is sent nothing in the clear while the policy cannot be enforced, and is served once it can', async () => {
    await using plain = await givenBackend('shop');
    await using backend = await aTlsBackend(certificate);
    await using turnpike = await shopAt(plain.port, { 'policy.yaml': policy('shop.example') });
    await turnpike.until('/', 500);
    const route = turnpike.conditions('HTTPRoute', 'shop');
    assert.equal(route.find(({ type }) => type === 'ResolvedRefs')?.status, 'True');
    assert.match(
      route.find(({ type }) => type === 'turnpike.dev/Closed')?.message ?? '',
      /BackendTLSPolicy default\/shop/,
    );
    await turnpike.save({ 'authorities.yaml': authorities(authority.pem) });
    await turnpike.until('/', 503);
    assert.equal(plain.requests(), 0);
    await turnpike.save({ 'services.yaml': serviceManifest('shop', backend.port) });
    await turnpike.until('/', 200);
    assert.deepEqual(accepted(turnpike), good);
  });

  it("is shown the Gateway's certificate", async () => {
    const client = await authority.certificate('edge', [{ type: 'dns', value: 'edge.example' }]);
    await using backend = await aTlsBackend(certificate, { clients: authority.pem });
    const files = { 'policy.yaml': policy('shop.example'), 'authorities.yaml': authorities(authority.pem) };
    await using turnpike = await givenStandalone((port) => ({
      'services.yaml': serviceManifest('shop', backend.port),
      'route.yaml': pathRouteManifest('shop', '/', 'shop'),
      'edge.yaml': edgeManifest(port).replace(
        'spec:\n  gatewayClassName',
        'spec:\n  tls: { backend: { clientCertificateRef: { name: edge } } }\n  gatewayClassName',
      ),
      ...files,
    }));
    // Refused in the handshake, or by the end of a connection on which the request is under way (TLS 1.3).
    await eventually(async () => assert.ok([502, 503].includes((await turnpike.get('/')).status)));
    assert.equal(backend.seen.length, 0);
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    await turnpike.save({
      'secret.yaml': `
apiVersion: v1
kind: Secret
metadata: { name: edge }
type: kubernetes.io/tls
data: { tls.crt: ${encoded(client.chain)}, tls.key: ${encoded(client.key.reveal())} }
`,
    });
    await turnpike.until('/', 200);
    assert.equal(backend.seen.at(-1)?.shown, 'CN=edge');
  });

  it('goes from one authority to another without a request that fails', async () => {
    const renewed = await other.certificate('shop', [{ type: 'dns', value: 'shop.example' }]);
    await using before = await aTlsBackend(certificate);
    await using after = await aTlsBackend(renewed);
    await using turnpike = await shopAt(before.port, {
      'policy.yaml': policy('shop.example'),
      'authorities.yaml': authorities(authority.pem),
    });
    await turnpike.until('/', 200);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    const end = new AbortController();
    const statuses: number[] = [];
    const clients = Array.from({ length: 4 }, async () => {
      while (!end.signal.aborted) statuses.push((await turnpike.get('/', { agent })).status);
    });
    // Each step has arrived when there are connections by its terms.
    const steps: readonly (readonly [Files, TlsBackend])[] = [
      [{ 'authorities.yaml': authorities(`${authority.pem}\n${other.pem}`) }, before],
      [{ 'services.yaml': serviceManifest('shop', after.port) }, after],
      [{ 'authorities.yaml': authorities(other.pem) }, after],
    ];
    for (const [files, reached] of steps) {
      const connections = reached.seen.length;
      await turnpike.save(files);
      await eventually(() => assert.ok(reached.seen.length > connections), patienceMs);
      const wanted = statuses.length + 25;
      await eventually(() => assert.ok(statuses.length >= wanted), patienceMs);
    }
    end.abort();
    await Promise.all(clients);
    agent.destroy();
    assert.deepEqual([...new Set(statuses)], [200]);
  });
});
