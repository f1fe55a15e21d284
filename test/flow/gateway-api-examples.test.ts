// The files of examples/gateway-api as they stand, but for ports, served to real clients from real backends.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { givenBackend } from '#test/given/backend.ts';
import { projectFolder } from '#test/given/command.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client } from '#test/given/h2-client.ts';
import { anHttp2Backend } from '#test/given/http2-backend.ts';
import { authorityManifest } from '#test/given/manifests.ts';
import { aStreamBackend } from '#test/given/relay.ts';
import { aFreePort, givenStandalone, type GivenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority, type TlsAuthority } from '#test/given/tls-authority.ts';
import { aBackendAuthority, aTlsBackend, type BackendAuthority } from '#test/given/tls-backend.ts';

const folder = path.join(projectFolder, 'examples/gateway-api');

/** Which port of loopback is behind a port of a Service. */
interface Behind {
  readonly service: string;
  readonly port: number;
  /** Of the Service's port. */
  readonly name: string;
  readonly protocol?: 'UDP';
  readonly namespace?: string;
}

function slice({ service, port, name, protocol, namespace = 'default' }: Behind): string {
  return `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: ${service}, namespace: ${namespace}, labels: { kubernetes.io/service-name: ${service} } }
addressType: IPv4
ports: [{ name: ${name}, port: ${port}, protocol: ${protocol ?? 'TCP'} }]
endpoints: [{ addresses: [127.0.0.1] }]
`;
}

/** The files, `edge.yaml` among them, on these ports instead of those that they name. */
async function examples(ports: Readonly<Record<string, number>>): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
  const files = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(folder, name), 'utf8');
      const moved = text.replaceAll(/port: (\d+)\b/g, (all, port: string) => {
        return ports[port] === undefined ? all : `port: ${ports[port]}`;
      });
      return [name === 'gateway.yaml' ? 'edge.yaml' : name, moved] as const;
    }),
  );
  return Object.fromEntries(files);
}

/** All that is said by who is connected to, until it ends. */
async function said(socket: net.Socket): Promise<string> {
  socket.setEncoding('utf8');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('examples/gateway-api', () => {
  const stack = new AsyncDisposableStack();
  const datagrams = dgram.createSocket('udp4');
  const ports: Record<string, number> = {};
  let turnpike: GivenStandalone;
  let backends: BackendAuthority;
  let authority: TlsAuthority;

  const aGreeter = async (name: string) => stack.use(await aStreamBackend((socket) => socket.end(name))).port;
  const aSecure = async (name: string, host: string) => {
    const certificate = await backends.certificate(name, [{ type: 'dns', value: host }]);
    return stack.use(await aTlsBackend(certificate)).port;
  };

  async function everythingBehind(): Promise<readonly Behind[]> {
    const calls = await anHttp2Backend((stream, headers) => {
      const told = { 'content-type': 'application/grpc', 'x-seen': headers['x-gateway'] ?? '' };
      stream.respond({ ':status': 200, ...told }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end();
    });
    const team = await givenBackend('team');
    datagrams.on('message', (message, from) => datagrams.send(message, from.port, from.address));
    datagrams.bind(0, '127.0.0.1');
    await once(datagrams, 'listening');
    return [
      { service: 'cart', name: 'grpc', port: stack.use(calls).port },
      { service: 'orders', name: 'postgres', port: await aSecure('orders', 'orders.db.example.com') },
      { service: 'queue', name: 'amqp', port: await aGreeter('queue') },
      { service: 'cache', name: 'redis', port: await aGreeter('cache') },
      { service: 'cache-next', name: 'redis', port: await aGreeter('next') },
      { service: 'names', name: 'dns', port: datagrams.address().port, protocol: 'UDP' },
      { service: 'team', name: 'http', port: stack.use(team).port, namespace: 'team' },
      { service: 'vault', name: 'https', port: await aSecure('vault', 'vault.example.com') },
    ];
  }

  before(async () => {
    [backends, authority] = await Promise.all([aBackendAuthority(), aTlsAuthority()]);
    const behind = await everythingBehind();
    for (const port of ['8443', '9000', '9053']) ports[port] = await aFreePort();
    turnpike = await givenStandalone(async (own) => ({
      ...(await examples({ ...ports, 8080: own })),
      'endpoints.yaml': behind.map(slice).join('---'),
      'secret.yaml': await authority.secretManifest('queue-certificate', 'queue.example.com'),
      'authorities.yaml': authorityManifest('vault-ca', backends.pem),
    }));
    stack.use(turnpike);
  });
  after(async () => {
    datagrams.close();
    await stack.disposeAsync();
  });

  it('is accepted as a whole', () => {
    const told = JSON.stringify(turnpike.statuses());
    const wrong = [...told.matchAll(/\{"type":"(\w+)","status":"False"/g)].map((match) => match[1]);
    assert.deepEqual(
      wrong.filter((type) => type !== 'Conflicted'),
      [],
    );
    for (const kind of ['GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute', 'ListenerSet', 'BackendTLSPolicy'])
      assert.ok(told.includes(`"kind":"${kind}"`), kind);
  });

  it('leads calls of gRPC', async () => {
    using client = await anH2Client(turnpike.port);
    const call = async (target: string) => {
      const asked = {
        ':method': 'POST',
        ':path': target,
        'content-type': 'application/grpc',
        te: 'trailers',
      };
      const { headers, trailers } = await client.ask({
        headers: { ...asked, ':authority': 'grpc.example.com' },
      });
      return [headers['x-seen'], trailers?.['grpc-status'] ?? headers['grpc-status']];
    };
    await eventually(async () => assert.deepEqual(await call('/shop.v1.Cart/Add'), ['edge', '0']));
    assert.deepEqual(await call('/grpc.health.v1.Health/Check'), ['edge', '0']);
    assert.deepEqual(await call('/grpc.health.v1.Health/Watch'), [undefined, '12']);
  });

  it('passes TLS on to who holds the certificate', async () => {
    const servername = 'orders.db.example.com';
    const socket = tls.connect({ port: ports['8443'], host: '127.0.0.1', servername, ca: backends.pem });
    await once(socket, 'secureConnect');
    assert.match(socket.getPeerCertificate().subjectaltname ?? '', /orders\.db\.example\.com/);
    socket.destroy();
  });

  it('ends TLS, at the same port', async () => {
    const servername = 'queue.example.com';
    const socket = tls.connect({ port: ports['8443'], host: '127.0.0.1', servername, ca: authority.ca });
    assert.equal(await said(socket), 'queue');
  });

  it('shares connections out by weight', async () => {
    const greetings = [];
    for (let count = 0; count < 20; count += 1) {
      greetings.push(await said(net.connect(ports['9000'] ?? 0, '127.0.0.1')));
    }
    assert.equal(greetings.filter((one) => one === 'cache').length, 18);
    assert.equal(greetings.filter((one) => one === 'next').length, 2);
  });

  it('brings datagrams there and back', async () => {
    const client = dgram.createSocket('udp4');
    try {
      const answered = once(client, 'message');
      client.send('who?', ports['9053'] ?? 0, '127.0.0.1');
      assert.equal(String((await answered)[0]), 'who?');
    } finally {
      client.close();
    }
  });

  it("serves a team's own host", async () => {
    assert.equal((await turnpike.seen('/', { host: 'team.example.com' })).service, 'team');
    assert.equal((await turnpike.get('/', { host: 'else.example.com' })).status, 404);
  });

  it('calls a Service by TLS', async () => {
    await turnpike.until('/', 200, { host: 'vault.example.com' });
  });
});
