// HTTP/2 over TLS: who speaks what is agreed on in the handshake (RFC 7301), and a connection serves the hosts of
// the listener that its server name chose, no others (RFC 9113 section 9.1.1; GEP-3567).
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import tls from 'node:tls';
import { givenCertificate } from '#test/given/certificate.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aPort, aRule, aRuntime } from '#test/given/runtime.ts';
import { aTlsPort } from '#test/given/tls-port.ts';
import type { GivenDataPlane } from '#test/given/data-plane.ts';

const both = await givenCertificate('both', ['one.example', 'two.example']);
const other = await givenCertificate('other', ['old.example']);

async function aSecurePlane(backendPort: number): Promise<GivenDataPlane> {
  const port = aTlsPort({
    'one.example': { certificates: [both] },
    'two.example': { certificates: [both] },
    'old.example': { certificates: [other], alpn: ['http/1.1'] },
  });
  return givenDataPlane([backendPort], {
    runtime: (cluster) => {
      const routing = (): ReturnType<typeof aRule> => aRule(cluster);
      const listeners = { 'one.example': routing, 'two.example': routing, 'old.example': routing };
      return aRuntime(aPort(443, listeners, port));
    },
  });
}

async function agreed(port: number, servername: string, offered: string[]): Promise<string | false | null> {
  const socket = tls.connect({
    port,
    host: '127.0.0.1',
    servername,
    ALPNProtocols: offered,
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  socket.destroy();
  return socket.alpnProtocol;
}

it('h2 is agreed on where both sides speak it, and HTTP/1.1 otherwise', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await aSecurePlane(backend.port);
  const { port } = dataPlane;
  assert.equal(await agreed(port, 'one.example', ['h2', 'http/1.1']), 'h2');
  assert.equal(await agreed(port, 'one.example', ['http/1.1']), 'http/1.1');
  assert.equal(await agreed(port, 'old.example', ['h2', 'http/1.1']), 'http/1.1');
});

it('a request over TLS is told to the backend as one', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await aSecurePlane(backend.port);
  using client = await anH2Client(dataPlane.port, { scheme: 'https', servername: 'one.example' });
  const answer = await client.ask({ headers: { ':authority': 'one.example' } });
  assert.equal(answer.status, 200);
  assert.match(backend.seen[0]?.head ?? '', /^X-Forwarded-Proto: https$/m);
  const inTheClear = await client.ask({ headers: { ':authority': 'one.example', ':scheme': 'http' } });
  assert.equal(inTheClear.status, 400);
});

it('a host of another listener is misdirected, on the first request and later, and the connection lives on', async () => {
  await using backend = await aRawBackend();
  using dataPlane = await aSecurePlane(backend.port);
  using client = await anH2Client(dataPlane.port, { scheme: 'https', servername: 'one.example' });
  const hosts = ['two.example', 'one.example', 'two.example', 'old.example', 'one.example'];
  const statuses: number[] = [];
  for (const host of hosts) statuses.push((await client.ask({ headers: { ':authority': host } })).status);
  assert.deepEqual(statuses, [421, 200, 421, 421, 200]);
  assert.equal(backend.seen.length, 2);
  const upgrade = client.begin({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/',
    ':authority': 'two.example',
  });
  assert.equal((await answerOf(upgrade)).status, 421);
});
