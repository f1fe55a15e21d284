// References across namespaces hold as long as the other namespace allows them: a route to somebody's Service, a
// listener to somebody's certificate.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import type { TlsAuthority } from '#test/given/tls-authority.ts';
import { eventually } from '../cluster/eventually.ts';
import { ClientConnection, ClientError } from '../turnpike/client.ts';
import { gateway } from './gateway.ts';
import { Journey } from './journey.ts';
import type { Edge } from './journey.ts';
import { echo } from './workloads.ts';

const theirs = 'references-theirs';

const https = {
  name: 'https',
  protocol: 'HTTPS',
  port: 443,
  hostname: 'shop.example.com',
  tls: { certificateRefs: [{ name: 'shop-tls', namespace: theirs }] },
};

const routes = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /theirs } }]
      backendRefs: [{ name: shop, namespace: ${theirs}, port: 80 }]
    - matches: [{ path: { type: PathPrefix, value: /ours } }]
      backendRefs: [{ name: shop, port: 80 }]
`;

const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: to-us, namespace: ${theirs} }
spec:
  from:
    - { group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: references }
    - { group: gateway.networking.k8s.io, kind: Gateway, namespace: references }
  to:
    - { group: "", kind: Service, name: shop }
    - { group: "", kind: Secret, name: shop-tls }
`;

describe('references to another namespace', () => {
  let journey: Journey;
  let edge: Edge;
  let authority: TlsAuthority;

  before(async () => {
    journey = await Journey.begin('references');
    await journey.addNamespace(theirs);
    authority = await aTlsAuthority();
    const secret = await authority.secretManifest('shop-tls', 'shop.example.com');
    const { echo: image } = journey.site.images;
    await journey.apply(
      ...echo(image, 'shop'),
      ...echo(image, 'shop', { namespace: theirs }),
      secret.replace('name: shop-tls', `name: shop-tls, namespace: ${theirs}`),
      ...gateway({ parameters: { replicas: 1 }, listeners: [https] }),
      routes,
    );
    await journey.rolledOut('shop');
    await journey.rolledOut('shop', theirs);
    edge = await journey.edge();
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(() => journey.end());

  const connect = async () => {
    const tls = { servername: 'shop.example.com', ca: authority.ca };
    const connection = await ClientConnection.open(edge.address, { port: 443, tls });
    connection.close();
  };

  async function closed(): Promise<void> {
    const condition = await journey.until('httproute/shop', 'ResolvedRefs', 'RefNotPermitted');
    assert.match(condition.message, /ReferenceGrant/);
    await journey.answers(edge, { path: '/theirs' }, 500, { deadlineMs: 2_000 });
    assert.equal((await edge.ask({ path: '/ours' })).status, 200, 'the rule beside it goes on');
    await eventually('no TLS with their certificate', async () => {
      await assert.rejects(connect(), ClientError);
      return true;
    });
  }

  it('are refused without a grant, and say so', closed);

  it('work with one', async () => {
    await journey.apply(grant);
    await journey.until('httproute/shop', 'ResolvedRefs');
    const answer = await journey.answers(edge, { path: '/theirs' }, 200, { deadlineMs: 2_000 });
    assert.match(answer.headers.get('x-served-by') ?? '', /^shop-/);
    await eventually('TLS with their certificate', async () => {
      await connect();
      return true;
    });
  });

  it('end with the grant', async () => {
    await journey.kubectl('delete', 'referencegrant/to-us', `--namespace=${theirs}`);
    await closed();
  });
});
