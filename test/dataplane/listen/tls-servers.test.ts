import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { TlsServers } from '#dataplane/listen/tls-servers.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenCertificate } from '#test/given/certificate.ts';
import { aTlsClient } from '#test/given/tls-client.ts';
import { aTlsPort } from '#test/given/tls-port.ts';
import type { ServerCertificate, TlsTerms } from '#dataplane/runtime.ts';

const one = await givenCertificate('one', ['one.test']);
const choice = aTlsPort({ '': { certificates: [one] } }).choose(null);
assert.ok(choice.kind === 'Http');
const { terms } = choice;

/** A key that counts how often somebody makes something of it. */
class CountedKey extends Secret<string> {
  static readonly made: string[] = [];

  override reveal(): string {
    CountedKey.made.push('once more');
    return super.reveal();
  }
}

/** Terms with a certificate of each name, of which the uses are counted. */
function countedTerms(): TlsTerms {
  const certificates = new Map<string | null, ServerCertificate>();
  return {
    ...terms,
    certificateFor(name) {
      const known = certificates.get(name) ?? { chain: one.chain, key: new CountedKey(one.key.reveal()) };
      certificates.set(name, known);
      return known;
    },
  };
}

async function aServer() {
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { server, port: address.port, [Symbol.dispose]: () => void server.close() };
}

describe('what is made ready for handshakes', () => {
  it('is made once for a certificate, and again when nobody has asked for it in a minute', async () => {
    using given = await aServer();
    const servers = new TlsServers(new Set(['http/1.1']));
    const counted = countedTerms();
    const handshake = async (serverName: string, nowMs: number): Promise<number> => {
      const before = CountedKey.made.length;
      given.server.once('connection', (raw) => {
        raw.on('error', () => {});
        const shaken = (): void => {};
        assert.ok(servers.shake({ terms: counted, serverName, raw, shaken }, nowMs));
      });
      const socket = await aTlsClient(given.port, { servername: serverName });
      socket.destroy();
      return CountedKey.made.length - before;
    };
    assert.equal(await handshake('one.test', 0), 1);
    assert.equal(await handshake('two.test', 0), 1);
    assert.equal(await handshake('one.test', 50_000), 0);
    servers.sweep(70_000);
    assert.equal(await handshake('one.test', 70_000), 0);
    assert.equal(await handshake('two.test', 70_000), 1);
  });

  it('makes room for a new one where there are a thousand', async () => {
    using given = await aServer();
    const servers = new TlsServers(new Set(['http/1.1']));
    const counted = countedTerms();
    const accepted = once(given.server, 'connection');
    const client = net.connect({ port: given.port, host: '127.0.0.1' });
    const [raw] = (await accepted) as [net.Socket];
    const ask = (serverName: string, nowMs: number): number => {
      const before = CountedKey.made.length;
      // nobody shakes hands: the same socket again is refused, but what it asks for is made ready first
      servers.shake({ terms: counted, serverName, raw, shaken() {} }, nowMs);
      return CountedKey.made.length - before;
    };
    for (let at = 0; at < 1_000; at += 1) assert.equal(ask(`n${at}.test`, at), 1);
    assert.equal(ask('n0.test', 2_000), 0);
    assert.equal(ask('new.test', 2_001), 1);
    assert.equal(ask('n0.test', 2_002), 0, 'asked for of late');
    assert.equal(ask('n1.test', 2_003), 1, 'the one that nobody had asked for in the longest time');
    client.destroy();
    raw.destroy();
  });

  it('is nothing where it cannot be made, and that harms nobody', async () => {
    using given = await aServer();
    const servers = new TlsServers(new Set(['http/1.1']));
    const accepted = once(given.server, 'connection');
    const client = net.connect({ port: given.port, host: '127.0.0.1' });
    const [raw] = (await accepted) as [net.Socket];
    const bad = { ...terms, certificateFor: () => ({ chain: 'nonsense', key: new Secret('nonsense') }) };
    assert.equal(servers.shake({ terms: bad, serverName: null, raw, shaken() {} }, 0), false);
    client.destroy();
    raw.destroy();
  });
});
