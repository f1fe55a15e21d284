// Calls to an address outside: where its name may lead, and whom is believed there.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Fields } from '#dataplane/http/fields.ts';
import type { ServiceAnswer } from '#dataplane/http/service-call.ts';
import { callService } from '#dataplane/upstream/service-call.ts';
import { createUpstreams, type Upstreams } from '#dataplane/upstream/upstreams.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import { clusterDefaults } from '#snapshot/cluster-defaults.ts';
import type { Cluster, OutsideAddress } from '#snapshot/cluster.ts';
import { resourceId } from '#snapshot/ids.ts';
import {
  aBackendAuthority,
  aClusterTls,
  aTlsBackend,
  type BackendAuthority,
} from '../../given/tls-backend.ts';

const id = resourceId('Cluster', 'outside', 'shop', 'id.example:443');
const loopback = ['127.0.0.0/8'];

describe('an address outside', () => {
  let authority: BackendAuthority;
  let certificate: Certificate;

  before(async () => {
    authority = await aBackendAuthority();
    certificate = await authority.certificate('id', [
      { type: 'dns', value: 'id.example' },
      { type: 'ip', value: '127.0.0.1' },
    ]);
  });

  function cluster(outside: OutsideAddress, hostname = 'id.example'): Cluster {
    const endpoints = resourceId('Endpoints', 'outside');
    const tls = aClusterTls(hostname, authority.pem);
    return { kind: 'Cluster', id, name: 'id.example:443', endpoints, ...clusterDefaults, tls, outside };
  }

  /** A data plane's clusters, where names lead to these addresses; what was asked for is told in `asked`. */
  function given(names: Readonly<Record<string, readonly string[]>> = {}) {
    const asked: string[] = [];
    const upstreams = createUpstreams({
      resolve(host) {
        asked.push(host);
        const found = names[host];
        return found === undefined ? Promise.reject(new Error('no such name')) : Promise.resolve(found);
      },
    });
    return { asked, upstreams, [Symbol.dispose]: () => upstreams.close() };
  }

  it('is connected to where its name leads, by TLS, and the connection is kept', async () => {
    await using server = await aTlsBackend(certificate);
    using made = given({ 'id.example': ['10.0.0.1', '127.0.0.1'] });
    made.upstreams.apply([cluster({ host: 'id.example', port: server.port, trusted: loopback })], new Map());
    assert.equal((await ask(made.upstreams)).kind, 'Answered');
    assert.equal((await ask(made.upstreams)).kind, 'Answered');
    assert.deepEqual(made.asked, ['id.example']);
    assert.equal(server.seen.length, 1);
  });

  it('is asked for once by many who connect at once', async () => {
    await using server = await aTlsBackend(certificate);
    using made = given({ 'id.example': ['127.0.0.1'] });
    made.upstreams.apply([cluster({ host: 'id.example', port: server.port, trusted: loopback })], new Map());
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(made.upstreams)));
    assert.deepEqual(new Set(answers.map(({ kind }) => kind)), new Set(['Answered']));
    assert.deepEqual(made.asked, ['id.example']);
  });

  const refused: readonly (readonly [what: string, host: string, trusted: readonly string[]])[] = [
    ['a name that leads to loopback', 'id.example', []],
    ['a name that leads to loopback where other networks are trusted', 'id.example', ['192.0.2.0/24']],
    ['loopback itself', '127.0.0.1', []],
  ];
  for (const [what, host, trusted] of refused) {
    it(`is not connected to: ${what}`, async () => {
      await using server = await aTlsBackend(certificate);
      using made = given({ 'id.example': ['127.0.0.1', '::1', '169.254.169.254', '10.9.9.9'] });
      made.upstreams.apply([cluster({ host, port: server.port, trusted }, host)], new Map());
      const answer = await ask(made.upstreams);
      assert.equal(answer.kind, 'Failed');
      assert.equal(server.seen.length, 0);
    });
  }

  it('may be an address, where the operator trusts its network', async () => {
    await using server = await aTlsBackend(certificate);
    using made = given();
    const outside = { host: '127.0.0.1', port: server.port, trusted: loopback };
    made.upstreams.apply([cluster(outside, '127.0.0.1')], new Map());
    assert.equal((await ask(made.upstreams)).kind, 'Answered');
    assert.deepEqual(made.asked, []);
  });

  it('is trusted no more by connections of before, when the operator trusts its network no more', async () => {
    await using server = await aTlsBackend(certificate);
    using made = given({ 'id.example': ['127.0.0.1'] });
    const outside = { host: 'id.example', port: server.port, trusted: loopback };
    made.upstreams.apply([cluster(outside)], new Map());
    assert.equal((await ask(made.upstreams)).kind, 'Answered');
    made.upstreams.apply([cluster({ ...outside, trusted: [] })], new Map());
    assert.equal((await ask(made.upstreams)).kind, 'Failed');
  });

  it('that has no address, or another certificate, has failed', async () => {
    await using server = await aTlsBackend(certificate);
    using made = given({ 'id.example': ['127.0.0.1'] });
    const outside = { host: 'nowhere.example', port: server.port, trusted: loopback };
    made.upstreams.apply([cluster(outside)], new Map());
    assert.equal((await ask(made.upstreams)).kind, 'Failed');
    made.upstreams.apply([cluster({ ...outside, host: 'id.example' }, 'other.example')], new Map());
    assert.equal((await ask(made.upstreams)).kind, 'Failed');
    assert.equal(made.asked.length > 1, true);
  });
});

function ask(upstreams: Upstreams): Promise<ServiceAnswer> {
  const found = upstreams.cluster(id);
  assert(found !== null);
  const head = { method: 'POST', path: '/', query: null, authority: 'id.example', fields: new Fields() };
  return callService(
    found,
    { ...head, content: [Buffer.from('token=a')] },
    { timeoutMs: 5_000, answerBytesMax: 1024 },
  );
}
