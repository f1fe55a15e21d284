// Clients let in by the certificate that they have shown, over real handshakes, by HTTP/1.1 and HTTP/2.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { test } from 'node:test';
import { X509Certificate } from 'node:crypto';
import { givenBackend, type Seen } from '#test/given/backend.ts';
import { givenAuthority, type GivenClientCertificate } from '#test/given/client-certificate.ts';
import { eventually } from '#test/given/eventually.ts';
import {
  authorityManifest,
  authPolicyManifest,
  configMapManifest,
  edgeManifest,
  pathRouteManifest,
  secureListener,
  serviceManifest,
} from '#test/given/manifests.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import { aTlsClient, ask } from '#test/given/tls-client.ts';

const host = 'shop.example.com';

const policy = authPolicyManifest(
  'partners',
  `
    authenticate:
      - name: partners
        type: ClientCertificate
        clientCertificate:
          allow: [{ type: TrustDomain, trustDomain: partners.example }]
          revocation: { type: ConfigMap, configMapRef: { name: revoked, key: crl.pem } }
          certificateToHeader: { header: x-forwarded-client-cert, format: XFCC }
    authorize:
      - { name: connection, when: "tls.version == '1.3' && tls.sni == '${host}'" }
      - { name: certificate, when: "tls.client.subject == 'CN=cart' && tls.client.issuer == 'CN=clients'" }
      - { name: rule, when: "route.namespace == 'default' && route.name == 'shop' && route.rule == '0'" }`,
  { kind: 'HTTPRoute', name: 'shop' },
);

type Offered = Partial<GivenClientCertificate>;

/** The status of GET / by HTTP/1.1 on a connection of its own; the protocol is chosen by ALPN. */
async function byHttp1(port: number, certificate: Offered): Promise<number> {
  const socket = await aTlsClient(port, { servername: host, ALPNProtocols: ['http/1.1'], ...certificate });
  try {
    return (await ask(socket, host)).status;
  } finally {
    socket.destroy();
  }
}

/** Two GETs on one connection by HTTP/2: their status, and what the backend saw of the second. */
async function byHttp2(port: number, certificate: Offered) {
  const session = http2.connect(`https://127.0.0.1:${port}`, {
    servername: host,
    rejectUnauthorized: false,
    ...certificate,
  });
  const one = async () => {
    const stream = session.request({ ':authority': host, 'x-forwarded-client-cert': 'Hash=forged' });
    let body = '';
    stream.setEncoding('utf8').on('data', (text: string) => (body += text));
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    stream.on('response', (head) => stream.on('end', () => resolve(Number(head[':status']))));
    stream.on('error', reject);
    session.on('error', reject);
    return { status: await promise, body };
  };
  try {
    const [first, second] = [await one(), await one()];
    assert.equal(first.status, second.status);
    return second;
  } finally {
    session.destroy();
  }
}

test('a certificate of the trust domain opens, until it is taken back', async () => {
  const authority = await aTlsAuthority();
  const clients = await givenAuthority('clients');
  const of = (domain: string) => ({
    names: [{ type: 'url', value: `spiffe://${domain}/cart` }] as const,
  });
  const ours = await clients.issue('cart', of('partners.example'));
  const stranger = await clients.issue('stranger', of('other.example'));
  const forged = await (await givenAuthority('clients')).issue('cart', of('partners.example'));
  const port = await aFreePort();
  await using shop = await givenBackend('shop');
  const validation =
    'caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }], mode: AllowInsecureFallback';
  await using turnpike = await givenStandalone(async (plain) => ({
    'edge.yaml': `${edgeManifest(plain).trimEnd()}${secureListener('shop', port, host)}
  tls: { frontend: { default: { validation: { ${validation} } } } }
`,
    'secret.yaml': await authority.secretManifest('shop', host),
    'ca.yaml': authorityManifest('ca', clients.pem),
    'revoked.yaml': configMapManifest('revoked', 'crl.pem', await clients.revoke([])),
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
    'policy.yaml': policy,
  }));
  await eventually(async () => assert.equal(await byHttp1(port, ours), 200));
  for (const certificate of [stranger, forged, {}]) {
    assert.equal(await byHttp1(port, certificate), 401);
    assert.equal((await byHttp2(port, certificate)).status, 401);
  }
  const { status, body } = await byHttp2(port, ours);
  assert.equal(status, 200);
  const seen = JSON.parse(body) as Seen;
  const digest = new X509Certificate(ours.cert).fingerprint256.replaceAll(':', '').toLowerCase();
  assert.equal(
    seen.headers['x-forwarded-client-cert'],
    `Hash=${digest};Subject="CN=cart";URI=spiffe://partners.example/cart`,
  );
  // the plain listener asks nobody for a certificate, and says so
  await turnpike.until('/', 401);
  assert.ok(
    turnpike
      .conditions('AuthPolicy', 'partners')
      .some(({ reason, message }) => reason === 'ClientCertificatesNotAsked' && message.includes('http')),
  );
  const socket = await aTlsClient(port, { servername: host, ...ours });
  assert.equal((await ask(socket, host)).status, 200);
  const serial = new X509Certificate(ours.cert).serialNumber;
  await turnpike.save({
    'revoked.yaml': configMapManifest('revoked', 'crl.pem', await clients.revoke([serial])),
  });
  await eventually(async () => assert.equal((await ask(socket, host)).status, 401));
  socket.destroy();
  const others = await (await givenAuthority('clients')).revoke([]);
  await turnpike.save({ 'revoked.yaml': configMapManifest('revoked', 'crl.pem', others) });
  await eventually(async () => assert.equal(await byHttp1(port, ours), 500));
  assert.ok(
    turnpike
      .conditions('AuthPolicy', 'partners')
      .some(({ reason, message }) => reason === 'InvalidRevocationList' && message.includes('signature')),
  );
  await turnpike.save({ 'revoked.yaml': configMapManifest('revoked', 'crl.pem', await clients.revoke([])) });
  await eventually(async () => assert.equal(await byHttp1(port, ours), 200));
  await turnpike.save({ 'revoked.yaml': configMapManifest('revoked', 'crl.pem', 'nothing of the kind') });
  await eventually(async () => assert.equal(await byHttp1(port, ours), 500));
  assert.ok(
    turnpike.conditions('AuthPolicy', 'partners').some(({ reason }) => reason === 'InvalidRevocationList'),
  );
});
