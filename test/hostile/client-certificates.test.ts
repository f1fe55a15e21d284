// Who is let in by a certificate, and who is not: by listener, over the server name's spellings, other listeners, and
// resumed sessions (CVE-2025-23419, CVE-2026-48928, CVE-2026-48934).
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { givenCertificate } from '#test/given/certificate.ts';
import { givenAuthority } from '#test/given/client-certificate.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';
import { aPort, aRule, aRuntime } from '#test/given/runtime.ts';
import { aTlsClient, ask } from '#test/given/tls-client.ts';
import { aTlsPort } from '#test/given/tls-port.ts';
import type { AlternativeName } from '#test/given/client-certificate.ts';
import type { GivenTlsListener } from '#test/given/tls-port.ts';
import type tls from 'node:tls';

const certificates = [
  await givenCertificate('all', ['open.test', 'secure.test', 'other.test', '*.wide.test']),
];
const [ours, theirs] = [await givenAuthority('ours'), await givenAuthority('theirs')];
const [ada, eve] = [await ours.issue('ada'), await theirs.issue('eve')];
const old = await ours.issue('old', { hasEnded: true });
const alone = await (await givenAuthority('alone')).issue('alone');

const open = { certificates };
const secure = { certificates, clientCertificates: { mode: 'Required', authorities: ours.pem } } as const;
const other = { certificates, clientCertificates: { mode: 'Required', authorities: theirs.pem } } as const;
const asked = { certificates, clientCertificates: { mode: 'Optional', authorities: ours.pem } } as const;

async function aPlane(backend: number, listeners: Readonly<Record<string, GivenTlsListener>>) {
  return givenDataPlane([backend], {
    runtime: (cluster) => {
      const rule = aRule(cluster);
      const routes = Object.fromEntries(Object.keys(listeners).map((hostname) => [hostname, () => rule]));
      return aRuntime(aPort(443, routes, aTlsPort(listeners)));
    },
  });
}

/** What comes of a request to `host`: its status, or that there is no connection to be had. */
async function tried(
  port: number,
  host: string,
  options: tls.ConnectionOptions,
): Promise<number | 'refused'> {
  try {
    const socket = await aTlsClient(port, { servername: host, ...options });
    const { status } = await ask(socket, host.toLowerCase());
    socket.destroy();
    return status;
  } catch {
    return 'refused';
  }
}

/** A session of `options`, with the tickets of TLS 1.3 that come behind the handshake. */
async function aSession(port: number, options: tls.ConnectionOptions): Promise<Buffer> {
  const socket = await aTlsClient(port, options);
  let session = socket.getSession();
  socket.on('session', (one) => (session = one));
  await ask(socket, options.servername ?? '');
  socket.destroy();
  assert.ok(session);
  return session;
}

describe('a listener that wants certificates', () => {
  const cases: Readonly<Record<string, readonly [options: tls.ConnectionOptions, host: string]>> = {
    'without one': [{}, 'secure.test'],
    'without one, by a name in upper case': [{}, 'SECURE.TEST'],
    'without one, by a name that ends in a dot': [{}, 'secure.test.'],
    "with one of somebody else's": [eve, 'secure.test'],
    'with one that has ended': [old, 'secure.test'],
    'with one of nobody else': [alone, 'secure.test'],
  };
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [what, [options, host]] of Object.entries(cases)) {
      it(`lets nobody in ${what} (${version})`, async () => {
        await using backend = await aRawBackend();
        using dataPlane = await aPlane(backend.port, { 'secure.test': secure });
        const outcome = await tried(dataPlane.port, host, { ...options, maxVersion: version });
        assert.equal(outcome, 'refused');
        assert.equal(backend.seen.length, 0);
        await eventually(() => dataPlane.listeners.connectionCount() === 0);
      });
    }

    it(`lets in who has one, and tells its digest (${version})`, async () => {
      await using backend = await aRawBackend();
      using dataPlane = await aPlane(backend.port, { 'secure.test': secure });
      assert.equal(await tried(dataPlane.port, 'secure.test', { ...ada, maxVersion: version }), 200);
      const digest = new X509Certificate(ada.cert).fingerprint256.replaceAll(':', '').toLowerCase();
      assert.equal(dataPlane.records[0]?.client.certificate?.fingerprint, digest);
    });

    it(`holds to it in a session that is resumed (${version})`, async () => {
      await using backend = await aRawBackend();
      using dataPlane = await aPlane(backend.port, { 'secure.test': secure });
      const options = { ...ada, servername: 'secure.test', maxVersion: version };
      const session = await aSession(dataPlane.port, options);
      const socket = await aTlsClient(dataPlane.port, { ...options, session });
      assert.ok(socket.isSessionReused());
      assert.equal((await ask(socket, 'secure.test')).status, 200);
      socket.destroy();
      assert.equal(dataPlane.records.length, 2);
      assert.ok(dataPlane.records.every(({ client }) => client.certificate !== null));
    });

    for (const [what, listeners, from, options] of [
      ['of one without', { 'open.test': open, 'secure.test': secure }, 'open.test', {}],
      ['of one with other authorities', { 'other.test': other, 'secure.test': secure }, 'other.test', eve],
      ['of one that only asks', { 'other.test': asked, 'secure.test': secure }, 'other.test', {}],
    ] as const) {
      it(`resumes no session ${what} (${version})`, async () => {
        await using backend = await aRawBackend();
        using dataPlane = await aPlane(backend.port, listeners);
        const session = await aSession(dataPlane.port, { ...options, servername: from, maxVersion: version });
        for (const offered of [{}, eve]) {
          const trial = { ...offered, session, maxVersion: version };
          assert.equal(await tried(dataPlane.port, 'secure.test', trial), 'refused');
        }
        const socket = await aTlsClient(dataPlane.port, {
          ...ada,
          session,
          servername: 'secure.test',
          maxVersion: version,
        });
        assert.equal(socket.isSessionReused(), false);
        socket.destroy();
        assert.equal(backend.seen.length, 1);
      });
    }
  }

  it('is not reached by a Host alone, at first nor later', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, { 'open.test': open, 'secure.test': secure });
    const socket = await aTlsClient(dataPlane.port, { servername: 'open.test' });
    const statuses = [];
    for (const host of ['secure.test', 'open.test', 'secure.test', 'SECURE.test:443'])
      statuses.push((await ask(socket, host)).status);
    assert.deepEqual(statuses, [421, 200, 421, 421]);
    assert.equal(backend.seen.length, 1);
    socket.destroy();
  });

  it('is not reached without a name where others want none', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, { '': open, 'secure.test': secure });
    await assert.rejects(aTlsClient(dataPlane.port, { servername: '' }));
    assert.equal(await tried(dataPlane.port, 'elsewhere.test', {}), 200);
  });

  it('is reached without a name where all want the same', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, { 'open.test': secure, 'secure.test': secure });
    const socket = await aTlsClient(dataPlane.port, { ...ada, servername: '' });
    assert.equal((await ask(socket, 'secure.test')).status, 200);
    socket.destroy();
    await assert.rejects(
      aTlsClient(dataPlane.port, { servername: '', maxVersion: 'TLSv1.2' }),
      'without a certificate',
    );
  });
});

describe('a listener that wants certificates from now on', () => {
  const cases = [
    ['cuts who has none', open, {}, 'cut'],
    ['cuts who was only asked', asked, eve, 'cut'],
    ['takes one request more of who is known to others', other, eve, 'closed'],
    ['keeps who was known before', secure, ada, 'kept'],
  ] as const;
  for (const [what, before, options, expected] of cases) {
    it(what, async () => {
      await using backend = await aRawBackend();
      using dataPlane = await aPlane(backend.port, { 'secure.test': before });
      const socket = await aTlsClient(dataPlane.port, { ...options, servername: 'secure.test' });
      assert.equal((await ask(socket, 'secure.test')).status, 200);
      const rule = aRule(dataPlane.cluster);
      dataPlane.cell.current = aRuntime(
        aPort(443, { 'secure.test': () => rule }, aTlsPort({ 'secure.test': secure })),
      );
      await dataPlane.listeners.follow();
      const outcome = await ask(socket, 'secure.test').then(
        ({ status, head }) => (/^Connection: close$/mu.test(head) ? 'closed' : `kept ${status}`),
        () => 'cut',
      );
      assert.equal(outcome, expected === 'kept' ? 'kept 200' : expected);
      socket.destroy();
      assert.equal(backend.seen.length, expected === 'cut' ? 1 : 2);
    });
  }
});

describe('a listener that only asks', () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`lets in whose authority only has the name of one that it knows (${version})`, async () => {
      await using backend = await aRawBackend();
      using dataPlane = await aPlane(backend.port, { 'asked.test': asked });
      const namesake = await (await givenAuthority('ours')).issue('eve');
      for (let round = 0; round < 5; round += 1) {
        assert.equal(await tried(dataPlane.port, 'asked.test', { ...namesake, maxVersion: version }), 200);
      }
      assert.ok(dataPlane.records.every(({ client }) => client.certificate === null));
    });
  }

  it('lets everybody in, and believes only those whom it knows', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await aPlane(backend.port, { 'asked.test': asked });
    for (const options of [{}, ada, eve, alone])
      assert.equal(await tried(dataPlane.port, 'asked.test', options), 200);
    assert.deepEqual(
      dataPlane.records.map(({ client }) => client.certificate !== null),
      [false, true, false, false],
    );
  });
});

describe('a certificate with names that are none', () => {
  const cases: Readonly<Record<string, readonly AlternativeName[]>> = {
    'a NUL': [{ type: 'dns', value: 'ada\0.test' }],
    'a wildcard': [{ type: 'dns', value: '*.test' }],
    'an address': [{ type: 'ip', value: '10.0.0.1' }],
    'a URI': [{ type: 'url', value: 'spiffe://test/ns/default/sa/ada' }],
    'a thousand': Array.from({ length: 1_000 }, (_, at) => ({ type: 'dns', value: `n${at}.test` })),
  };
  for (const [what, names] of Object.entries(cases)) {
    it(`(${what}) is let in as any other`, async () => {
      await using backend = await aRawBackend();
      using dataPlane = await aPlane(backend.port, { 'secure.test': secure });
      const certificate = await ours.issue('odd', { names });
      assert.equal(await tried(dataPlane.port, 'secure.test', certificate), 200);
    });
  }
});

it('a client that does not come to the end of a handshake leaves nothing behind', async () => {
  using dataPlane = await aPlane(0, { 'secure.test': secure });
  for (let round = 0; round < 20; round += 1) {
    const socket = await aTlsClient(dataPlane.port, { servername: 'secure.test', maxVersion: 'TLSv1.3' });
    socket.destroy();
    await once(socket, 'close');
  }
  await eventually(() => dataPlane.listeners.connectionCount() === 0);
});
