// Who may shake hands at a listener of TLS that ends here, and how: as for HTTPS, whatever is said inside.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import tls from 'node:tls';
import { givenAuthority } from '#test/given/client-certificate.ts';
import { eventually } from '#test/given/eventually.ts';
import { authorityManifest, edgeManifest, serviceManifest, streamRoute } from '#test/given/manifests.ts';
import { aStreamBackend } from '#test/given/relay.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';

const host = 'db.example.com';

/** A Gateway whose listener `db` ends TLS at `port`; `more` is what else its spec says. */
function databases(own: number, port: number, more = ''): string {
  return `${edgeManifest(own)}    - name: db
      protocol: TLS
      port: ${port}
      hostname: ${host}
      tls: { mode: Terminate, certificateRefs: [{ name: db }] }
${more}`;
}

function asking(port: number): string {
  return `  tls:
    frontend:
      default: {}
      perPort:
        - port: ${port}
          tls: { validation: { caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }] } }
`;
}

/** Says who it is, and ends when its client does. */
function aDatabase() {
  return aStreamBackend((socket) => socket.on('end', () => socket.end()).write('db'));
}

/** What is heard first of the backend; `''` when the connection ends before. */
async function heard(port: number, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: host, ...options });
  // A refusal is told by an alert, or by the end alone.
  socket.on('error', () => undefined);
  const ended = once(socket, 'close').then(() => '');
  const said = once(socket, 'data').then(([data]) => String(data));
  const first = Promise.race([said, ended]).catch(() => '');
  try {
    return await first;
  } finally {
    socket.destroy();
  }
}

test('a stream is let in by the versions and suites of TLS that its listener takes', async () => {
  const authority = await aTlsAuthority();
  const port = await aFreePort();
  await using backend = await aDatabase();
  const policy = (fields: string) => `
apiVersion: turnpike.dev/v1alpha1
kind: ClientPolicy
metadata: { name: db }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge, sectionName: db }]
  tls: ${fields}
`;
  await using turnpike = await givenStandalone(async (own) => ({
    'edge.yaml': databases(own, port),
    'secret.yaml': await authority.secretManifest('db', host),
    'service.yaml': serviceManifest('db', backend.port),
    'route.yaml': streamRoute('TLSRoute', 'db', { db: 1 }, [host]),
  }));
  const { ca } = authority;
  const old = { ca, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;
  await eventually(async () => assert.equal(await heard(port, old), 'db'));
  await turnpike.save({ 'policy.yaml': policy('{ minVersion: "1.3" }') });
  await eventually(async () => assert.equal(await heard(port, old), ''));
  assert.equal(await heard(port, { ca }), 'db');
  assert.ok(turnpike.conditions('ClientPolicy', 'db').every(({ status }) => status === 'True'));
  await turnpike.save({
    'policy.yaml': policy('{ cipherSuites: [ECDHE-ECDSA-AES256-GCM-SHA384], alpn: [h2] }'),
  });
  const other = { ...old, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' };
  await eventually(async () => assert.equal(await heard(port, other), 'db'));
  assert.equal(await heard(port, old), '');
  // What is said inside is nobody's business here: nothing is agreed on.
  const socket = tls.connect({ host: '127.0.0.1', port, servername: host, ca, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  assert.equal(socket.alpnProtocol, false);
  socket.destroy();
});

test('a stream is let in by a certificate where the Gateway asks for one, and cut when it asks for another', async () => {
  const authority = await aTlsAuthority();
  const [clients, others] = [await givenAuthority('clients'), await givenAuthority('others')];
  const [ours, theirs] = [await clients.issue('ours'), await others.issue('theirs')];
  const port = await aFreePort();
  await using backend = await aDatabase();
  await using turnpike = await givenStandalone(async (own) => ({
    'edge.yaml': databases(own, port, asking(port)),
    'ca.yaml': authorityManifest('ca', clients.pem),
    'secret.yaml': await authority.secretManifest('db', host),
    'service.yaml': serviceManifest('db', backend.port),
    'route.yaml': streamRoute('TLSRoute', 'db', { db: 1 }, [host]),
  }));
  const { ca } = authority;
  await eventually(async () => assert.equal(await heard(port, { ca, ...ours }), 'db'));
  assert.equal(await heard(port, { ca }), '');
  assert.equal(await heard(port, { ca, ...theirs }), '');
  const staying = tls.connect({ host: '127.0.0.1', port, servername: host, ca, ...ours });
  staying.on('error', () => undefined);
  await once(staying, 'data');
  await turnpike.save({ 'ca.yaml': authorityManifest('ca', others.pem) });
  await once(staying, 'close', { signal: AbortSignal.timeout(10_000) });
  await eventually(async () => assert.equal(await heard(port, { ca, ...theirs }), 'db'));
  assert.equal(await heard(port, { ca, ...ours }), '');
  await turnpike.remove('ca.yaml');
  await eventually(async () => assert.equal(await heard(port, { ca, ...theirs }), ''));
});
