// Byte streams and datagrams find their way by TLSRoutes, TCPRoutes and UDPRoutes: manifests in a folder, real sockets
// on both sides.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { eventually } from '#test/given/eventually.ts';
import { givenCertificate } from '#test/given/certificate.ts';
import { edgeManifest, serviceManifest, streamRoute } from '#test/given/manifests.ts';
import { aStreamBackend } from '#test/given/relay.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';

function aGreeter(name: string) {
  return aStreamBackend((socket) => socket.end(name));
}

/** All that a peer says until it ends. */
async function saidBy(socket: net.Socket): Promise<string> {
  let said = '';
  const ended = Promise.withResolvers<void>();
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  socket.on('error', ended.reject).on('end', ended.resolve);
  await ended.promise;
  socket.destroy();
  return said;
}

test('connections go to the backends of a TCPRoute by weight', async () => {
  await using one = await aGreeter('one');
  await using two = await aGreeter('two');
  await using none = await aGreeter('none');
  const port = await aFreePort();
  await using turnpike = await givenStandalone((own) => ({
    'edge.yaml': `${edgeManifest(own)}    - { name: octets, protocol: TCP, port: ${port} }\n`,
    'services.yaml': [
      serviceManifest('one', one.port),
      serviceManifest('two', two.port),
      serviceManifest('none', none.port),
    ].join('---'),
    'route.yaml': streamRoute('TCPRoute', 'octets', { one: 3, two: 1, none: 0 }),
  }));
  const greeting = () => saidBy(net.connect(port, '127.0.0.1'));
  await eventually(async () => assert.notEqual(await greeting(), ''));

  const counts = new Map<string, number>();
  for (let count = 0; count < 40; count += 1) {
    const said = await greeting();
    counts.set(said, (counts.get(said) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), { one: 30, two: 10 });
  assert.deepEqual(
    turnpike.conditions('TCPRoute', 'octets').map(({ type, status }) => `${type} ${status}`),
    ['Accepted True', 'ResolvedRefs True'],
  );
});

test('TLS is passed on by the name that is asked for, or ends here, at one port', async () => {
  const authority = await aTlsAuthority();
  const port = await aFreePort();
  const secure = async (name: string) => {
    const { chain, key } = await givenCertificate(name, [`${name}.example.com`]);
    const server = tls.createServer({ cert: chain, key: key.reveal() }, (socket) => socket.end(name));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  const servers = await Promise.all(['one', 'two'].map(secure));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await using plain = await aGreeter('plain');
  try {
    await using _ = await givenStandalone(async (own) => ({
      'edge.yaml': `${edgeManifest(own)}
    - { name: passed, protocol: TLS, port: ${port}, hostname: "*.example.com", tls: { mode: Passthrough } }
    - { name: ended, protocol: TLS, port: ${port}, hostname: ended.example.com, tls: { mode: Terminate, certificateRefs: [{ name: ended }] } }
`,
      'secret.yaml': await authority.secretManifest('ended', 'ended.example.com'),
      'services.yaml': [
        serviceManifest('one', ports[0] ?? 0),
        serviceManifest('two', ports[1] ?? 0),
        serviceManifest('plain', plain.port),
      ].join('---'),
      'routes.yaml': [
        streamRoute('TLSRoute', 'one', { one: 1 }, ['one.example.com']),
        streamRoute('TLSRoute', 'two', { two: 1 }, ['two.example.com']),
        streamRoute('TLSRoute', 'plain', { plain: 1 }, ['ended.example.com']),
      ].join('---'),
    }));
    const greeting = (servername: string) =>
      saidBy(tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false }));
    await eventually(async () => assert.equal(await greeting('one.example.com'), 'one'));
    assert.equal(await greeting('two.example.com'), 'two');
    assert.equal(await greeting('ended.example.com'), 'plain');
    // A name that no route has: the connection is closed without a word of TLS.
    assert.equal(await greeting('three.example.com').catch(() => ''), '');
  } finally {
    for (const server of servers) server.close();
  }
});

test('a datagram goes to a backend of a UDPRoute, and its answer comes back', async () => {
  const echo = dgram.createSocket('udp4');
  echo.on('message', (message, from) => echo.send(`echo ${message.toString()}`, from.port, from.address));
  echo.bind(0, '127.0.0.1');
  await once(echo, 'listening');
  const port = await aFreePort();
  const client = dgram.createSocket('udp4');
  try {
    const service = serviceManifest('echo', echo.address().port).replaceAll(
      '{ name: http, port:',
      '{ name: http, protocol: UDP, port:',
    );
    await using turnpike = await givenStandalone((own) => ({
      'edge.yaml': `${edgeManifest(own)}    - { name: datagrams, protocol: UDP, port: ${port} }\n`,
      'service.yaml': service,
      'route.yaml': streamRoute('UDPRoute', 'datagrams', { echo: 1 }),
    }));
    const answers: string[] = [];
    client.on('message', (message) => answers.push(message.toString()));
    await eventually(() => {
      client.send('hello', port, '127.0.0.1');
      assert.ok(answers.includes('echo hello'));
    });
    assert.ok(turnpike.conditions('UDPRoute', 'datagrams').every(({ status }) => status === 'True'));
  } finally {
    client.close();
    echo.close();
  }
});
