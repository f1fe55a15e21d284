import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { givenCertificate } from '../../given/certificate.ts';
import { gatewayPort, givenDataPlane } from '../../given/data-plane.ts';
import { aRawBackend } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import { aPort, aRule, aRuntime, httpPortOf } from '../../given/runtime.ts';
import { aTlsClient } from '../../given/tls-client.ts';
import { eventually } from '../../given/eventually.ts';
import { aTlsPort } from '../../given/tls-port.ts';
import type { TlsPort } from '#dataplane/runtime.ts';

const one = await givenCertificate('one', ['one.example']);
const two = await givenCertificate('two', ['two.example']);

const certificates: TlsPort = aTlsPort({
  '': { certificates: [one] },
  'two.example': { certificates: [two] },
});

async function aSecurePlane(backendPort: number, port: TlsPort = certificates, limits = {}) {
  return givenDataPlane([backendPort], {
    limits,
    runtime: (cluster) => {
      const rule = aRule(cluster);
      return aRuntime(
        aPort(
          443,
          { 'one.example': () => rule, 'two.example': () => rule, 'bare.example': () => null },
          port,
        ),
      );
    },
  });
}

async function connect(port: number, options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

async function ask(socket: tls.TLSSocket, host: string): Promise<{ status: number; head: string }> {
  let received = '';
  const answered = Promise.withResolvers<void>();
  const take = (chunk: Buffer): void => {
    received += chunk.toString('latin1');
    if (readAnswers(received).answers.length === 1) answered.resolve();
  };
  socket.on('data', take);
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await answered.promise;
  socket.off('data', take);
  const [answer] = readAnswers(received).answers;
  return { status: answer?.status ?? 0, head: answer?.head ?? '' };
}

it('the server name chooses the certificate, in any case; without one there is a default', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await aSecurePlane(backend.port);
  for (const [servername, expected] of [
    ['one.example', 'one'],
    ['TWO.example', 'two'],
    ['x.example', 'one'],
    ['', 'one'],
  ] as const) {
    const socket = await connect(dataPlane.port, { servername });
    assert.match(
      socket.getPeerCertificate().subjectaltname ?? '',
      new RegExp(`DNS:${expected}\\.example`, 'u'),
    );
    socket.destroy();
  }
});

it('a swap of the runtime takes effect at the next handshake', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await aSecurePlane(backend.port);
  const first = await connect(dataPlane.port, { servername: 'one.example' });
  const port = httpPortOf(dataPlane.cell.current, 443);
  assert.ok(port !== null);
  dataPlane.cell.current = aRuntime({ ...port, tls: aTlsPort({ '': { certificates: [two] } }) });
  const second = await connect(dataPlane.port, { servername: 'one.example' });
  assert.match(second.getPeerCertificate().subjectaltname ?? '', /two/u);
  assert.equal((await ask(first, 'one.example')).status, 200);
  first.destroy();
  second.destroy();
});

it('the backend is told https', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await aSecurePlane(backend.port);
  const socket = await connect(dataPlane.port, { servername: 'one.example' });
  assert.equal((await ask(socket, 'one.example')).status, 200);
  assert.match(
    backend.seen[0]?.head ?? '',
    /^X-Forwarded-Proto: https\r\nX-Forwarded-Host: one\.example\r\nX-Forwarded-Port: 443$/mu,
  );
  assert.deepEqual(
    [dataPlane.records[0]?.client.secure, dataPlane.records[0]?.client.serverName],
    [true, 'one.example'],
  );
  socket.destroy();
});

describe('a Host of another listener than the server name chose', () => {
  it('is misdirected, at first and later', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aSecurePlane(backend.port);
    const socket = await connect(dataPlane.port, { servername: 'one.example' });
    assert.equal((await ask(socket, 'two.example')).status, 421);
    assert.equal((await ask(socket, 'one.example')).status, 200);
    assert.equal((await ask(socket, 'two.example')).status, 421);
    assert.equal((await ask(socket, 'nobody.example')).status, 404);
    assert.equal(backend.seen.length, 1);
    socket.destroy();
  });

  it('is misdirected when the server name chose none', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aSecurePlane(backend.port);
    const socket = await connect(dataPlane.port, { servername: 'x.example' });
    assert.equal((await ask(socket, 'two.example')).status, 421);
    socket.destroy();
  });

  it('is served when there was no server name', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aSecurePlane(backend.port);
    const socket = await connect(dataPlane.port, { servername: '' });
    assert.equal((await ask(socket, 'two.example')).status, 200);
    socket.destroy();
  });

  it('is misdirected after a TLS 1.2 resumption too, of which Node hides the server name', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aSecurePlane(backend.port);
    const options: tls.ConnectionOptions = { servername: 'one.example', maxVersion: 'TLSv1.2' };
    const first = await connect(dataPlane.port, options);
    await ask(first, 'one.example');
    const session = first.getSession();
    first.destroy();
    const second = await connect(dataPlane.port, session === undefined ? options : { ...options, session });
    assert.ok(second.isSessionReused());
    assert.equal((await ask(second, 'two.example')).status, 421);
    second.destroy();
  });
});

describe('a handshake that comes to nothing', () => {
  it('for a version before 1.2 is refused', async () => {
    using dataPlane = await aSecurePlane(0);
    await assert.rejects(
      connect(dataPlane.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL@SECLEVEL=0' }),
    );
  });

  it('for a protocol that is not spoken is refused', async () => {
    using dataPlane = await aSecurePlane(0);
    await assert.rejects(connect(dataPlane.port, { ALPNProtocols: ['spdy/3'] }));
  });

  it('for want of a certificate, or since choosing one threw, harms nobody else', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aSecurePlane(backend.port, {
      choose(serverName) {
        if (serverName === 'throws.example') throw new Error('no');
        return serverName === 'one.example' ? certificates.choose(serverName) : { kind: 'Refuse' };
      },
    });
    await assert.rejects(connect(dataPlane.port, { servername: 'throws.example' }));
    await assert.rejects(connect(dataPlane.port, { servername: 'none.example' }));
    await assert.rejects(connect(dataPlane.port, { servername: '' }));
    const socket = await connect(dataPlane.port, { servername: 'one.example' });
    assert.equal((await ask(socket, 'one.example')).status, 200);
    socket.destroy();
  });

  it('for silence is given up', async () => {
    using dataPlane = await aSecurePlane(0, certificates, { firstByteTimeoutMs: 50, sweepMs: 5 });
    using client = await aRawClient(dataPlane.port);
    await client.untilClosed();
  });

  it('since it is no handshake is given up', async () => {
    using dataPlane = await aSecurePlane(0);
    using client = await aRawClient(dataPlane.port);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.untilClosed();
    assert.doesNotMatch(client.received(), /HTTP/u);
  });
});

it('a connection from before its port changed between HTTP and HTTPS serves nothing of the other', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await givenDataPlane([backend.port]);
  const rule = aRule(dataPlane.cluster);
  using client = await aRawClient(dataPlane.port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.until((received) => received.endsWith('ok'));
  dataPlane.cell.current = aRuntime(aPort(gatewayPort, { '': () => rule }, certificates));
  await dataPlane.listeners.follow();
  client.send('GET /secret HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.untilClosed();
  assert.match(client.received(), /HTTP\/1\.1 421 /u);
  assert.equal(backend.seen.length, 1);
});

it('the end of one side of a tunnel over TLS leaves the other open', async () => {
  await using backend = await aRawBackend((_request, socket) => {
    // only when the client has ended its side
    socket.on('end', () => socket.end('bye'));
    return 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  });
  using dataPlane = await aSecurePlane(backend.port);
  const socket = await aTlsClient(dataPlane.port, { servername: 'one.example' });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
  socket.write('GET / HTTP/1.1\r\nHost: one.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await eventually(() => received.endsWith('\r\n\r\n'));
  const ended = once(socket, 'end');
  socket.end();
  await ended;
  assert.match(received, /^HTTP\/1\.1 101 .*\r\n\r\nbye$/su);
  await eventually(() => dataPlane.listeners.connectionCount() === 0);
});
