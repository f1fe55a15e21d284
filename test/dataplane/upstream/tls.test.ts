// TLS to backends: who is believed, what a certificate must name, what we show, and what comes of a refusal.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { givenDataPlane } from '../../given/data-plane.ts';
import { aRawBackend } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import { aBackendAuthority, aClusterTls, aTlsBackend } from '../../given/tls-backend.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type { ClusterTls } from '#snapshot/cluster.ts';
import type { BackendAuthority, TlsBackend } from '../../given/tls-backend.ts';
import type { GivenDataPlane } from '../../given/data-plane.ts';
import type { RawClient } from '../../given/raw-client.ts';

async function ask(client: RawClient): Promise<number> {
  const before = readAnswers(client.received()).answers.length;
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const received = await client.until((octets) => readAnswers(octets).answers.length > before);
  return readAnswers(received).answers.at(-1)?.status ?? 0;
}

/** One request to a backend over these terms. */
async function meets(
  backend: Pick<TlsBackend, 'port'>,
  tls: ClusterTls,
  certificates: readonly Certificate[] = [],
): Promise<{ readonly status: number; readonly detail: string }> {
  using dataPlane = await givenDataPlane([backend.port], { cluster: { tls }, certificates });
  using client = await aRawClient(dataPlane.port);
  return { status: await ask(client), detail: detailOf(dataPlane) };
}

function detailOf({ records }: GivenDataPlane): string {
  const failure = records[0]?.failure;
  return failure?.kind === 'ConnectFailed' ? failure.detail : (failure?.kind ?? '');
}

describe('a backend over TLS', () => {
  let authority: BackendAuthority;
  let certificate: Certificate;

  before(async () => {
    authority = await aBackendAuthority();
    certificate = await authority.certificate('backend', [
      { type: 'dns', value: 'backend.example' },
      { type: 'dns', value: '*.wild.example' },
      { type: 'url', value: 'spiffe://example/backend' },
      { type: 'ip', value: '127.0.0.1' },
    ]);
  });

  it('is asked by its name, and its connections are kept', async () => {
    await using backend = await aTlsBackend(certificate);
    using dataPlane = await givenDataPlane([backend.port], {
      cluster: { tls: aClusterTls('backend.example', authority.pem) },
    });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    assert.equal(await ask(client), 200);
    assert.deepEqual(backend.seen, [{ name: 'backend.example', shown: null, resumed: false }]);
  });

  const good: readonly (readonly [name: string, hostname: string, names: ClusterTls['subjectAltNames']])[] = [
    ['a name below a wildcard', 'a.wild.example', []],
    ['its address', '127.0.0.1', []],
    [
      'an alternative name in place of the host',
      'other.example',
      [{ type: 'Hostname', value: 'backend.example' }],
    ],
    ['a wildcard of its own', 'x.example', [{ type: 'Hostname', value: '*.wild.example' }]],
    ['a name that a wildcard stands for', 'x.example', [{ type: 'Hostname', value: '*.example' }]],
    [
      'one of several names',
      'x.example',
      [
        { type: 'Hostname', value: 'y.example' },
        { type: 'URI', value: 'spiffe://example/backend' },
      ],
    ],
  ];
  for (const [name, hostname, subjectAltNames] of good) {
    it(`is the right one by ${name}`, async () => {
      await using backend = await aTlsBackend(certificate);
      const { status } = await meets(backend, aClusterTls(hostname, authority.pem, { subjectAltNames }));
      assert.equal(status, 200);
    });
  }

  const bad: readonly (readonly [name: string, hostname: string, names: ClusterTls['subjectAltNames']])[] = [
    ['another name', 'other.example', []],
    ['two labels below a wildcard', 'a.b.wild.example', []],
    ['the wildcard without a label', 'wild.example', []],
    ['another address', '127.0.0.2', []],
    ['an address that is written otherwise', '127.1', []],
    ['its common name alone', 'backend', []],
    ['the host, but none of the names', 'backend.example', [{ type: 'Hostname', value: 'other.example' }]],
    [
      'a wildcard for more than it has',
      'backend.example',
      [{ type: 'Hostname', value: '*.backend.example' }],
    ],
    ['a wildcard over two labels', 'backend.example', [{ type: 'Hostname', value: '*.other.example' }]],
    ['a wildcard that is no label', 'backend.example', [{ type: 'Hostname', value: '*.spiffe' }]],
    ['the beginning of a URI', 'backend.example', [{ type: 'URI', value: 'spiffe://example/back' }]],
    ['a URI as a host', 'backend.example', [{ type: 'Hostname', value: 'spiffe://example/backend' }]],
    ['a host as a URI', 'backend.example', [{ type: 'URI', value: 'backend.example' }]],
  ];
  for (const [name, hostname, subjectAltNames] of bad) {
    it(`is refused by ${name}, and sees no request`, async () => {
      await using backend = await aTlsBackend(certificate);
      const { status, detail } = await meets(
        backend,
        aClusterTls(hostname, authority.pem, { subjectAltNames }),
      );
      assert.equal(status, 503);
      assert.match(detail, /names none of/u);
    });
  }

  it('with names that pretend to be more than one is read by each name', async () => {
    const sly = await authority.certificate('sly', [
      { type: 'dns', value: 'sly.example' },
      { type: 'url', value: 'http://sly.example/, URI:spiffe://example/backend' },
    ]);
    await using backend = await aTlsBackend(sly);
    const subjectAltNames = [{ type: 'URI', value: 'spiffe://example/backend' }] as const;
    const { status } = await meets(backend, aClusterTls('sly.example', authority.pem, { subjectAltNames }));
    assert.equal(status, 503);
  });

  it('of an authority that is not ours is refused', async () => {
    const stranger = await aBackendAuthority();
    await using backend = await aTlsBackend(certificate);
    assert.equal((await meets(backend, aClusterTls('backend.example', stranger.pem))).status, 503);
    assert.equal((await meets(backend, aClusterTls('backend.example', 'no PEM'))).status, 503);
    const system: ClusterTls = { ...aClusterTls('backend.example', ''), authorities: null };
    assert.equal((await meets(backend, system)).status, 503);
  });

  it('that speaks no TLS is refused', async () => {
    await using backend = await aRawBackend();
    assert.equal((await meets(backend, aClusterTls('backend.example', authority.pem))).status, 503);
    assert.equal(backend.seen.length, 0);
  });

  it('is shown our certificate when it asks', async () => {
    const own = await authority.certificate('gateway', [{ type: 'dns', value: 'gateway.example' }]);
    await using backend = await aTlsBackend(certificate, { clients: authority.pem });
    const tls = aClusterTls('backend.example', authority.pem, { clientCertificate: own.id });
    assert.equal((await meets(backend, tls, [own])).status, 200);
    assert.equal(backend.seen[0]?.shown, 'CN=gateway');
    assert.notEqual((await meets(backend, tls, [])).status, 200);
  });

  it('resumes sessions, but not after its terms have changed', async () => {
    await using backend = await aTlsBackend(certificate);
    const tls = aClusterTls('backend.example', authority.pem);
    using dataPlane = await givenDataPlane([backend.port], {
      upstreamLimits: { idlePerEndpointMax: 0 },
      cluster: { tls },
    });
    using client = await aRawClient(dataPlane.port);
    assert.equal(await ask(client), 200);
    assert.equal(await ask(client), 200);
    assert.deepEqual(
      backend.seen.map(({ resumed }) => resumed),
      [false, true],
    );
    dataPlane.configure({ tls: aClusterTls('other.example', authority.pem) });
    assert.equal(await ask(client), 503);
    dataPlane.configure({ tls: aClusterTls('a.wild.example', authority.pem) });
    assert.equal(await ask(client), 200);
    assert.equal(backend.seen.at(-1)?.resumed, false);
  });
});
