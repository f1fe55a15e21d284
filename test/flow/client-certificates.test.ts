// A Gateway asks clients for certificates (spec.tls.frontend), port by port.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import tls from 'node:tls';
import { givenBackend } from '#test/given/backend.ts';
import { givenAuthority, type GivenClientCertificate } from '#test/given/client-certificate.ts';
import { eventually } from '#test/given/eventually.ts';
import {
  authorityManifest,
  edgeManifest,
  pathRouteManifest,
  secureListener,
  serviceManifest,
} from '#test/given/manifests.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';

const host = 'shop.example.com';

function frontend(strict: number, lenient: number): string {
  const validation = 'caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }]';
  return `
  tls:
    frontend:
      default: {}
      perPort:
        - { port: ${strict}, tls: { validation: { ${validation} } } }
        - { port: ${lenient}, tls: { validation: { ${validation}, mode: AllowInsecureFallback } } }
`;
}

/** The first line of the answer to GET /; `''` where the connection ends before it. */
async function answerTo(
  port: number,
  ca: string,
  certificate: Partial<GivenClientCertificate>,
): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername: host, ca, ...certificate });
  let answer = '';
  socket.on('data', (data: Buffer) => (answer += data.toString('latin1')));
  // A refusal is told by an alert, or by the end alone.
  socket.on('error', () => undefined);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  socket.setTimeout(5000, () => void socket.destroy());
  await new Promise((resolve) => socket.on('close', resolve));
  return answer.split('\r\n')[0] ?? '';
}

test('only who shows a certificate of the authority gets in, unless the port falls back', async () => {
  const authority = await aTlsAuthority();
  const clients = await givenAuthority('clients');
  const ours = await clients.issue('ours');
  const theirs = await (await givenAuthority('others')).issue('theirs');
  const [strict, lenient, free] = [await aFreePort(), await aFreePort(), await aFreePort()];
  await using shop = await givenBackend('shop');
  await using turnpike = await givenStandalone(async (port) => ({
    'edge.yaml':
      edgeManifest(port).trimEnd() +
      [strict, lenient, free]
        .map((one) => secureListener('shop', one, host).replace('shop', `s${one}`))
        .join('') +
      frontend(strict, lenient),
    'secret.yaml': await authority.secretManifest('shop', host),
    'ca.yaml': authorityManifest('ca', clients.pem),
    'services.yaml': serviceManifest('shop', shop.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  }));
  const { ca } = authority;
  const good = 'HTTP/1.1 200 OK';
  await eventually(async () => assert.equal(await answerTo(strict, ca, ours), good));
  assert.notEqual(await answerTo(strict, ca, {}), good);
  assert.notEqual(await answerTo(strict, ca, theirs), good);
  for (const certificate of [ours, theirs, {}]) {
    assert.equal(await answerTo(lenient, ca, certificate), good);
    assert.equal(await answerTo(free, ca, certificate), good);
  }
  assert.ok(
    turnpike
      .conditions('Gateway', 'edge')
      .some(({ type, status }) => type === 'InsecureFrontendValidationMode' && status === 'True'),
  );
  await turnpike.remove('ca.yaml');
  await eventually(async () => assert.notEqual(await answerTo(strict, ca, ours), good));
  assert.equal(await answerTo(free, ca, {}), good);
});
