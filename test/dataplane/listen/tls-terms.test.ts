import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { TlsCompiler } from '#dataplane/compile/tls.ts';
import { givenCertificate } from '#test/given/certificate.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aPort, aRule, aRuntime } from '#test/given/runtime.ts';
import { aTlsClient, ask } from '#test/given/tls-client.ts';
import { aTlsPort } from '#test/given/tls-port.ts';
import type tls from 'node:tls';
import type { GivenTlsListener } from '#test/given/tls-port.ts';

const certificates = [await givenCertificate('a', ['a.test', 'b.test'])];
const servername = 'a.test';

async function aPlane(
  listeners: Readonly<Record<string, GivenTlsListener>>,
  backend = 0,
  compiler = new TlsCompiler(),
) {
  return givenDataPlane([backend], {
    runtime: (cluster) => {
      const rule = aRule(cluster);
      const routes = Object.fromEntries(Object.keys(listeners).map((hostname) => [hostname, () => rule]));
      return aRuntime(aPort(443, routes, aTlsPort(listeners, compiler)));
    },
  });
}

async function shaken(port: number, options: tls.ConnectionOptions) {
  const socket = await aTlsClient(port, { servername, ...options });
  const { alpnProtocol } = socket;
  const told = { version: socket.getProtocol(), cipher: socket.getCipher().name, alpnProtocol };
  socket.destroy();
  return told;
}

describe('the version', () => {
  it('may be 1.2 or 1.3, and not 1.2 where that is said', async () => {
    using dataPlane = await aPlane({
      'a.test': { certificates },
      'b.test': { certificates, minVersion: '1.3' },
    });
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
      assert.equal((await shaken(dataPlane.port, { maxVersion })).version, maxVersion);
    await assert.rejects(shaken(dataPlane.port, { servername: 'b.test', maxVersion: 'TLSv1.2' }));
    assert.equal((await shaken(dataPlane.port, { servername: 'b.test' })).version, 'TLSv1.3');
  });
});

describe('cipher suites', () => {
  const chosen = 'ECDHE-ECDSA-AES256-GCM-SHA384';

  it('that are chosen are those of TLS 1.2; version 1.3 goes on with its own', async () => {
    using dataPlane = await aPlane({ '': { certificates, cipherSuites: [chosen] } });
    assert.equal((await shaken(dataPlane.port, { maxVersion: 'TLSv1.2' })).cipher, chosen);
    await assert.rejects(
      shaken(dataPlane.port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
    );
    assert.equal((await shaken(dataPlane.port, {})).version, 'TLSv1.3');
  });

  it('are ones of forward secrecy where none are chosen', async () => {
    using dataPlane = await aPlane({ '': { certificates } });
    for (const ciphers of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'])
      assert.equal((await shaken(dataPlane.port, { maxVersion: 'TLSv1.2', ciphers })).cipher, ciphers);
    for (const ciphers of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256'])
      await assert.rejects(shaken(dataPlane.port, { maxVersion: 'TLSv1.2', ciphers }));
  });
});

describe('the protocol', () => {
  it("is the listener's first that the client speaks", async () => {
    using dataPlane = await aPlane({
      'a.test': { certificates },
      'b.test': { certificates, alpn: ['http/1.1', 'h2'] },
    });
    const ALPNProtocols = ['http/1.1', 'spdy/3', 'h2'];
    assert.equal((await shaken(dataPlane.port, { ALPNProtocols })).alpnProtocol, 'h2');
    const other = await shaken(dataPlane.port, { ALPNProtocols, servername: 'b.test' });
    assert.equal(other.alpnProtocol, 'http/1.1');
  });

  it('that the listener does not speak is none', async () => {
    using dataPlane = await aPlane({
      'a.test': { certificates, alpn: ['http/1.1'] },
      'b.test': { certificates, alpn: ['h2'] },
    });
    await assert.rejects(shaken(dataPlane.port, { ALPNProtocols: ['h2'] }));
    await assert.rejects(shaken(dataPlane.port, { ALPNProtocols: ['http/1.1'], servername: 'b.test' }));
    const silent = await aTlsClient(dataPlane.port, { servername: 'b.test' });
    await assert.rejects(ask(silent, 'b.test'), 'HTTP/1.1, for want of any word');
  });
});

describe('a session', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`is resumed at any data plane of its Gateway, and at no other's (${version})`, async () => {
      await using backend = await aRawBackend();
      const compiler = new TlsCompiler();
      using first = await aPlane({ '': { certificates } }, backend.port, compiler);
      using second = await aPlane({ '': { certificates } }, backend.port, compiler);
      using stranger = await aPlane({ '': { certificates } }, backend.port);
      const socket = await aTlsClient(first.port, { servername, maxVersion: version });
      let session = socket.getSession();
      socket.on('session', (one) => (session = one));
      await ask(socket, 'a.test');
      socket.destroy();
      assert.ok(session);
      for (const [{ port }, isResumed] of [
        [first, true],
        [second, true],
        [stranger, false],
      ] as const) {
        const again = await aTlsClient(port, { servername, maxVersion: version, session });
        assert.equal(again.isSessionReused(), isResumed);
        assert.equal((await ask(again, 'a.test')).status, 200);
        again.destroy();
      }
    });
  }

  it('is not renegotiated', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane({ '': { certificates } }, backend.port);
    const socket = await aTlsClient(dataPlane.port, { servername, maxVersion: 'TLSv1.2' });
    assert.equal((await ask(socket, 'a.test')).status, 200);
    const closed = once(socket, 'close');
    socket.renegotiate({}, () => {});
    await closed;
  });
});
