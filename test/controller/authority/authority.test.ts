import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import tls from 'node:tls';
import { inspect } from 'node:util';
import {
  type Authority,
  authorityAt,
  authorityData,
  authorityFromData,
  authorityIntroductionMs,
  authorityLifetimeMs,
  issueServing,
  publicBundle,
  servingIsStale,
  servingLifetimeMs,
} from '#controller/authority/authority.ts';
import { AuthorityError } from '#controller/authority/authority-error.ts';

const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;

/** The authorities after each of the given days, each made from the one before. */
async function authorityAfter(kept: Authority | null, ...days: readonly number[]): Promise<Authority> {
  let authority = await authorityAt(kept, start);
  for (const passed of days) authority = await authorityAt(authority, start + passed * day);
  return authority;
}

/** Whether a client that trusts `bundle` talks to a server with a certificate that `authority` signed. */
async function trusts(bundle: string, authority: Authority, serverName: string): Promise<boolean> {
  const { certificate, key } = await issueServing(authority, ['gateway.test', '127.0.0.1'], Date.now());
  const server = tls.createServer({ cert: certificate, key: key.reveal() }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const name = serverName === '127.0.0.1' ? {} : { servername: serverName };
  const socket = tls.connect({ host: '127.0.0.1', port: address.port, ca: bundle, ...name });
  socket.once('secureConnect', () => resolve(true));
  socket.once('error', () => resolve(false));
  server.on('tlsClientError', () => {});
  return promise.finally(() => {
    socket.destroy();
    server.close();
  });
}

describe('an authority', () => {
  test('lives a year, signs certificates and nothing else', async () => {
    const { current, next, previous } = await authorityAt(null, start);
    const certificate = new X509Certificate(current.certificate);
    assert(certificate.ca);
    assert.equal(certificate.validToDate.getTime(), start + authorityLifetimeMs);
    assert(certificate.validFromDate.getTime() < start);
    assert.deepEqual([next, previous], [null, null]);
  });

  test('stays as it is until two thirds of its life are over', async () => {
    const first = await authorityAt(null, start);
    assert.equal(await authorityAt(first, start + 240 * day), first);
    const rotating = await authorityAt(first, start + 244 * day);
    assert.equal(rotating.current, first.current);
    assert(rotating.next);
  });

  test('is trusted before it signs, and after it has signed', async () => {
    const first = await authorityAt(null, start);
    const introduced = await authorityAfter(first, 244);
    assert.equal(publicBundle(introduced), `${first.current.certificate}${introduced.next?.certificate}`);
    assert.equal(await authorityAt(introduced, start + 244 * day + authorityIntroductionMs - 1), introduced);

    const signing = await authorityAfter(introduced, 245);
    assert.equal(signing.current, introduced.next);
    assert.equal(publicBundle(signing), `${introduced.next?.certificate}${first.current.certificate}`);
    assert.equal(signing.next, null);

    assert.equal((await authorityAfter(signing, 364)).previous, first.current);
    assert.equal((await authorityAfter(signing, 366)).previous, null);
  });

  test('that was left alone for years begins anew, or with the next one where that still holds', async () => {
    const first = await authorityAt(null, start);
    assert.notEqual((await authorityAfter(first, 1000)).current.certificate, first.current.certificate);
    const introduced = await authorityAfter(first, 244);
    assert.equal((await authorityAfter(introduced, 400)).current, introduced.next);
  });

  test('comes back from what a Secret holds', async () => {
    for (const authority of [
      await authorityAfter(null),
      await authorityAfter(null, 244),
      await authorityAfter(null, 244, 245),
    ]) {
      const data = authorityData(authority);
      assert.deepEqual(authorityData(authorityFromData(data)), data);
      assert.equal(publicBundle(authorityFromData(data)), publicBundle(authority));
    }
  });

  test('of which no key was kept for the one before is one', async () => {
    const { 'previous.key': _, ...data } = authorityData(await authorityAfter(null, 244, 245));
    const authority = authorityFromData(data);
    assert.equal(authority.previous?.key, null);
    assert.deepEqual(authorityData(authority), data);
  });

  test('shows its keys to nobody', async () => {
    const authority = await authorityAfter(null, 244, 245, 245 + 244);
    const shown = `${inspect(authority, { depth: 9 })}${JSON.stringify(authority)}${publicBundle(authority)}`;
    assert(!shown.includes('PRIVATE KEY'));
  });

  test('is refused when the Secret is broken, with the name of what is', async () => {
    const data = authorityData(await authorityAfter(null, 244));
    const foreign = authorityData(await authorityAt(null, start));
    const cases: readonly (readonly [Record<string, string | undefined>, RegExp])[] = [
      [{ 'ca.crt': undefined }, /^ca\.crt is not a certificate$/],
      [{ 'ca.key': 'x' }, /^ca\.key is not a private key$/],
      [{ 'ca.key': foreign['ca.key'] }, /^ca\.key does not belong to ca\.crt$/],
      [{ 'next.key': undefined }, /^next\.key is not a private key$/],
      [{ 'previous.crt': 'x' }, /^previous\.crt is not a certificate$/],
      [{ 'previous.crt': data['ca.crt'], 'previous.key': 'x' }, /^previous\.key is not a private key$/],
    ];
    for (const [change, message] of cases) {
      const broken = Object.entries({ ...data, ...change }).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      );
      assert.throws(
        () => authorityFromData(Object.fromEntries(broken)),
        (error) => error instanceof AuthorityError && message.test(error.message),
      );
    }
    const leaf = await issueServing(await authorityAt(null, start), ['a'], start);
    const swapped = { 'ca.crt': leaf.certificate, 'ca.key': leaf.key.reveal() };
    assert.throws(() => authorityFromData(swapped), /ca\.crt is not the certificate of an authority/);
  });
});

describe('a serving certificate', () => {
  test('is taken by those who trust the authority, for its names only', async () => {
    const authority = await authorityAt(null, Date.now());
    const bundle = publicBundle(authority);
    assert.equal(await trusts(bundle, authority, 'gateway.test'), true);
    assert.equal(await trusts(bundle, authority, '127.0.0.1'), true);
    assert.equal(await trusts(bundle, authority, 'other.test'), false);
    assert.equal(
      await trusts(publicBundle(await authorityAt(null, Date.now())), authority, 'gateway.test'),
      false,
    );
  });

  test('is trusted by old and new data planes all through a rotation', async () => {
    const now = Date.now();
    const first = await authorityAt(null, now - 250 * day);
    const introduced = await authorityAt(first, now - 2 * day);
    const signing = await authorityAt(introduced, now);
    assert.notEqual(signing.current, first.current);
    assert.equal(await trusts(publicBundle(introduced), signing, 'gateway.test'), true);
    assert.equal(await trusts(publicBundle(signing), first, 'gateway.test'), true);
  });

  test('is stale after two thirds of its life, or once another authority signs', async () => {
    const authority = await authorityAt(null, start);
    const serving = await issueServing(authority, ['b', 'a'], start);
    assert.deepEqual(serving.names, ['a', 'b']);
    assert(!servingIsStale(serving, authority, start + servingLifetimeMs * 0.6));
    assert(servingIsStale(serving, authority, start + servingLifetimeMs * 0.67));
    assert(servingIsStale(serving, await authorityAfter(authority, 244, 245), start));
  });
});
