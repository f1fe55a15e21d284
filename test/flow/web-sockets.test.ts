// WebSockets to backends, by what their Services say that they speak.
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { authorityManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { aRawClient } from '#test/given/raw-client.ts';
import { plainAnswer } from '#test/given/raw-backend.ts';
import { givenStandalone, type Files } from '#test/given/standalone.ts';
import { aBackendAuthority, aTlsBackend } from '#test/given/tls-backend.ts';

const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

/** Service `chat`; null: it does not say what it speaks. */
function chatManifest(port: number, appProtocol: string | null): string {
  const manifest = serviceManifest('chat', port);
  return appProtocol === null
    ? manifest
    : manifest.replace('port: 80 }', `port: 80, appProtocol: ${appProtocol} }`);
}

/** Asks for a WebSocket at Service `chat`, which sends back what comes, and says something. */
async function speak(files: Files): Promise<void> {
  await using turnpike = await givenStandalone({
    ...files,
    'route.yaml': pathRouteManifest('chat', '/chat', 'chat'),
  });
  await turnpike.until('/chat', 200);
  using client = await aRawClient(turnpike.port);
  client.send(
    'GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await client.until((received) => received.startsWith('HTTP/1.1 101') && received.includes('\r\n\r\n'));
  client.send('hello');
  await client.until((received) => received.endsWith('echo hello'));
}

for (const appProtocol of [null, 'kubernetes.io/ws']) {
  test(`a WebSocket goes both ways through a route to a Service that says ${appProtocol ?? 'nothing'}`, async () => {
    await using chat = await givenBackend('chat', {
      upgrade(_request, socket) {
        socket.write(switched);
        socket.on('data', (octets) => socket.write(`echo ${octets.toString()}`));
        socket.on('end', () => socket.end());
        socket.on('error', () => {});
      },
    });
    await speak({ 'chat.yaml': chatManifest(chat.port, appProtocol) });
  });
}

test('a WebSocket goes by TLS to a Service that says kubernetes.io/wss', async () => {
  const authority = await aBackendAuthority();
  const certificate = await authority.certificate('chat', [{ type: 'dns', value: 'chat.example' }]);
  await using chat = await aTlsBackend(certificate, {
    answer(octets) {
      if (!octets.startsWith('GET ')) return `echo ${octets}`;
      return /^upgrade: websocket\r$/imu.test(octets) ? switched : plainAnswer;
    },
  });
  await speak({
    'chat.yaml': chatManifest(chat.port, 'kubernetes.io/wss'),
    'authorities.yaml': authorityManifest('authorities', authority.pem),
    'policy.yaml': `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: chat }
spec:
  targetRefs: [{ group: '', kind: Service, name: chat }]
  validation:
    hostname: chat.example
    caCertificateRefs: [{ group: '', kind: ConfigMap, name: authorities }]
`,
  });
});
