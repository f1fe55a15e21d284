import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { givenCertificate } from '../../../given/certificate.ts';
import { givenDataPlane } from '../../../given/data-plane.ts';
import { eventually } from '../../../given/eventually.ts';
import { aRawClient } from '../../../given/raw-client.ts';
import { aRelay, aStreamBackend } from '../../../given/relay.ts';
import { aPort, aRuntime } from '../../../given/runtime.ts';
import { aBackendAuthority, aClusterTls } from '../../../given/tls-backend.ts';
import { aTlsPort } from '../../../given/tls-port.ts';
import type { TlsChoice, TlsPort } from '#dataplane/runtime.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { DataPlaneChoices, GivenDataPlane } from '../../../given/data-plane.ts';
import type { StreamBackend } from '../../../given/relay.ts';

const ours = await givenCertificate('ours', ['ended.example']);
const authority = await aBackendAuthority();
const theirs = await authority.certificate('theirs', [{ type: 'dns', value: 'passed.example' }]);

/** What ends here for one name, passes through for another, and is refused for all others. */
function aMixedPort(cluster: UpstreamCluster): TlsPort {
  const http = aTlsPort({ '': { certificates: [ours] } }).choose(null);
  assert.ok(http.kind === 'Http');
  const choices: Readonly<Record<string, TlsChoice>> = {
    'ended.example': { kind: 'Relay', terms: http.terms, relay: aRelay(cluster, 443) },
    'passed.example': { kind: 'Passthrough', relay: aRelay(cluster, 443) },
  };
  return { choose: (serverName) => choices[serverName ?? ''] ?? { kind: 'Refuse' } };
}

function aMixedPlane(
  backend: StreamBackend,
  cluster: DataPlaneChoices['cluster'] = {},
): Promise<GivenDataPlane> {
  return givenDataPlane([backend.port], {
    cluster,
    runtime: (upstream) => aRuntime(aPort(443, {}, aMixedPort(upstream))),
  });
}

function aTlsBackend(): Promise<StreamBackend> {
  const server = tls.createServer(
    { cert: theirs.chain, key: theirs.key.reveal(), ALPNProtocols: ['smtp'] },
    (socket) => {
      socket.on('error', () => {});
      socket.end(`to ${String(socket.servername)}`);
    },
  );
  return aStreamBackend((socket) => void server.emit('connection', socket));
}

interface SecureClient {
  readonly socket: tls.TLSSocket;
  /** All that comes, once the other side has ended. */
  readonly all: Promise<string>;
}

/** Shakes hands; throws what came of it where that was nothing. */
async function connect(port: number, options: tls.ConnectionOptions): Promise<SecureClient> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  const all = new Promise<string>((resolve) => {
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('end', () => resolve(received));
  });
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(5_000) });
  return { socket, all };
}

describe('TLS that passes through', () => {
  it('is shaken by the backend that its server name leads to', async () => {
    await using backend = await aTlsBackend();
    using dataPlane = await aMixedPlane(backend);
    const { socket, all } = await connect(dataPlane.port, {
      servername: 'passed.example',
      ALPNProtocols: ['smtp'],
    });
    assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:passed.example');
    assert.equal(socket.alpnProtocol, 'smtp');
    assert.equal(await all, 'to passed.example');
    socket.destroy();
    await eventually(() => dataPlane.records.length === 1);
    const [record] = dataPlane.records;
    assert.deepEqual(
      [record?.protocol, record?.client.serverName, record?.failure],
      ['TLS', 'passed.example', null],
    );
  });

  it('for a name that nobody serves, or no TLS at all, is closed without a word', async () => {
    await using backend = await aTlsBackend();
    using dataPlane = await aMixedPlane(backend);
    await assert.rejects(
      connect(dataPlane.port, { servername: 'nobody.example' }),
      (error: NodeJS.ErrnoException) => {
        assert.doesNotMatch(error.message, /alert/u);
        return error.code === 'ECONNRESET';
      },
    );
    using client = await aRawClient(dataPlane.port);
    client.send('EHLO nobody.example\r\n');
    await client.untilClosed();
    assert.equal(client.received(), '');
    assert.equal(backend.sockets.length, 0);
  });
});

it('TLS that ends here goes on in the clear', async () => {
  await using backend = await aStreamBackend((socket) => {
    socket.write('220 hello');
    socket.on('data', (data: Buffer) => socket.end(` you said ${data.toString('latin1')}`));
  });
  using dataPlane = await aMixedPlane(backend);
  const { socket, all } = await connect(dataPlane.port, { servername: 'ended.example' });
  assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:ended.example');
  socket.write('EHLO');
  assert.equal(await all, '220 hello you said EHLO');
  socket.destroy();
  await eventually(() => dataPlane.records.length === 1);
  assert.deepEqual([dataPlane.records[0]?.protocol, dataPlane.records[0]?.client.secure], ['TLS', true]);
  await eventually(() => dataPlane.listeners.connectionCount() === 0);
});

it('TLS that ends here is made anew to a backend that speaks a protocol of its own', async () => {
  await using backend = await aTlsBackend();
  using dataPlane = await aMixedPlane(backend, { tls: aClusterTls('passed.example', authority.pem) });
  const { socket, all } = await connect(dataPlane.port, { servername: 'ended.example' });
  assert.equal(socket.getPeerCertificate().subjectaltname, 'DNS:ended.example');
  assert.equal(await all, 'to passed.example');
  socket.destroy();
});

it('TLS that ends here is cut where the backend has another name', async () => {
  await using backend = await aTlsBackend();
  using dataPlane = await aMixedPlane(backend, { tls: aClusterTls('other.example', authority.pem) });
  const { socket } = await connect(dataPlane.port, { servername: 'ended.example' });
  await once(socket, 'close', { signal: AbortSignal.timeout(5_000) });
  await eventually(() => dataPlane.records.length === 1);
  assert.match(JSON.stringify(dataPlane.records[0]?.failure), /ConnectFailed.*names none of other\.example/u);
});
