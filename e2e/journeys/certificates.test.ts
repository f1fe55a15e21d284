// A certificate as cert-manager makes one: the Gateway is there first, its Secret comes later, and is rotated while
// clients are connected.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import type { TlsAuthority } from '#test/given/tls-authority.ts';
import { eventually } from '../cluster/eventually.ts';
import { ClientConnection, ClientError } from '../turnpike/client.ts';
import { gateway } from './gateway.ts';
import { Journey } from './journey.ts';
import { echo } from './workloads.ts';

const https = {
  name: 'https',
  protocol: 'HTTPS',
  port: 443,
  hostname: 'shop.example.com',
  tls: { certificateRefs: [{ name: 'shop-tls' }] },
};

const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  hostnames: [shop.example.com]
  rules:
    - backendRefs: [{ name: shop, port: 80 }]
`;

const request = { path: '/', host: 'shop.example.com' };

describe('a certificate that comes after the Gateway', () => {
  let journey: Journey;
  let address: string;
  let first: TlsAuthority;

  before(async () => {
    journey = await Journey.begin('certificates');
    first = await aTlsAuthority();
    await journey.apply(
      ...echo(journey.site.images.echo, 'shop'),
      ...gateway({ parameters: { replicas: 1 }, listeners: [https] }),
      route,
    );
    await journey.rolledOut('shop');
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  const secret = (authority: TlsAuthority) => authority.secretManifest('shop-tls', request.host);

  const connect = (ca: string) =>
    ClientConnection.open(address, { port: 443, tls: { servername: request.host, ca } });

  it('serves plain HTTP meanwhile, and says what it waits for', async () => {
    const edge = await journey.edge();
    address = edge.address;
    await journey.answers(edge, request, 200);
    const { status } = (await journey.get('gateway/edge')) as {
      status: { listeners: { name: string; conditions: { type: string; reason: string }[] }[] };
    };
    const https = status.listeners.find(({ name }) => name === 'https');
    const resolved = https?.conditions.find(({ type }) => type === 'ResolvedRefs');
    assert.equal(resolved?.reason, 'InvalidCertificateRef', JSON.stringify(https));
    await assert.rejects(connect(first.ca), ClientError);
  });

  it('serves TLS once the Secret is there', async () => {
    await journey.apply(await secret(first));
    const answer = await eventually('TLS is served', async () => {
      const connection = await connect(first.ca);
      return connection.ask(request).finally(() => connection.close());
    });
    assert.equal(answer.status, 200);
  });

  it('shows the new certificate after a rotation, and cuts nobody', async () => {
    const before = await connect(first.ca);
    assert.equal((await before.ask(request)).status, 200);
    const second = await aTlsAuthority();
    await journey.apply(await secret(second));
    await eventually('the new certificate is shown', async () => {
      const connection = await connect(second.ca);
      connection.close();
      return true;
    });
    await assert.rejects(connect(first.ca), ClientError, 'nobody gets the old one any more');
    assert.equal((await before.ask(request)).status, 200, 'a connection from before goes on');
    before.close();
  });
});
