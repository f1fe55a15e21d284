import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { authorityLifetimeMs } from '#controller/authority/authority.ts';
import { systemClock } from '#controller/clock.ts';
import { AuthorityKeeper } from '#controller/cluster/authority-keeper.ts';
import { KeyKeeper } from '#controller/cluster/key-keeper.ts';
import { createAddressRule } from '#snapshot/address-rule.ts';
import { KeyFetcher } from '#controller/keys/key-fetcher.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { Reflector } from '#controller/kube/reflector.ts';
import { Store } from '#controller/store/store.ts';
import { readKeys } from '#controller/translate/policies/key-set.ts';
import { decodeObject, kinds } from '#crds/kind.ts';
import { startApiServer } from '#test/given/api-server.ts';
import { eventually } from '#test/given/eventually.ts';
import type { AuthorityEvent } from '#controller/cluster/authority-keeper.ts';
import type { ServingCertificate } from '#controller/authority/authority.ts';
import type { Clock } from '#controller/clock.ts';
import type { TestContext } from 'node:test';

const secrets = '/api/v1/secrets';
const maps = '/api/v1/configmaps';
const namespace = 'turnpike-system';

/** An API server, and one replica's view of its Secrets and ConfigMaps. */
async function given(t: TestContext) {
  const server = await startApiServer(t, secrets, maps);
  const replica = () => {
    const client = new KubeClient(server.connection, systemClock);
    const store = new Store({ kinds: ['Secret', 'ConfigMap'], decode: decodeObject });
    const reflectors = [kinds.Secret, kinds.ConfigMap].map(
      (info) =>
        new Reflector({
          client,
          info,
          sink: store,
          clock: systemClock,
          random: () => 0.5,
          report: () => undefined,
          timing: { backoffMinMs: 5, relistMinMs: 1 },
        }),
    );
    for (const reflector of reflectors) reflector.start();
    t.after(async () => {
      await Promise.all(reflectors.map((reflector) => reflector.stop()));
      await client.close();
    });
    return { client, store };
  };
  return { server, replica };
}

/** The fake server keeps `stringData` as it came: a real one encodes it. */
function encodeSecrets(server: Awaited<ReturnType<typeof given>>['server']): void {
  server.faults.add((request) => {
    const body = request.body as { stringData?: Record<string, string>; data?: object } | null;
    if (body?.stringData !== undefined) {
      body.data = Object.fromEntries(
        Object.entries(body.stringData).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
      );
      delete body.stringData;
    }
    return false;
  });
}

function keeper(t: TestContext, { client, store }: { client: KubeClient; store: Store }, clock: Clock) {
  const certificates: ServingCertificate[] = [];
  const events: AuthorityEvent[] = [];
  const authority = new AuthorityKeeper({
    client,
    store,
    clock,
    namespace,
    names: ['turnpike-controller.turnpike-system.svc', '127.0.0.1'],
    onCertificate: (serving) => certificates.push(serving),
    onBundle: () => {},
    onSecrets: () => {},
    report: (event) => events.push(event),
  });
  store.subscribe((change) => {
    if (change.kind === 'Object' && change.of === 'Secret') authority.look();
  });
  t.after(() => authority.stop());
  return { authority, certificates, events };
}

test('the leader makes the authority; every replica signs its own certificate with it', async (t) => {
  const { server, replica } = await given(t);
  encodeSecrets(server);
  const [a, b] = [replica(), replica()];
  await eventually(() => assert(a.store.synced && b.store.synced));
  const leader = keeper(t, a, systemClock);
  const follower = keeper(t, b, systemClock);
  follower.authority.look();
  leader.authority.lead();
  await eventually(() => assert(leader.certificates.length === 1 && follower.certificates.length === 1));
  const data = server.get(maps, namespace, 'turnpike-ca')?.['data'] as
    | { readonly 'ca.crt': string }
    | undefined;
  const bundle = data?.['ca.crt'] ?? '';
  for (const { certificates } of [leader, follower]) {
    const leaf = new X509Certificate(certificates[0]?.certificate ?? '');
    assert(leaf.verify(new X509Certificate(bundle).publicKey));
    assert.equal(leaf.checkHost('turnpike-controller.turnpike-system.svc') !== undefined, true);
  }
  assert.equal(follower.authority.bundle, bundle);
  assert.deepEqual(leader.events, [{ kind: 'Written', rotation: false }]);
  assert.deepEqual(follower.events, []);
});

test('two who both believe to lead end up with one authority', async (t) => {
  const { server, replica } = await given(t);
  encodeSecrets(server);
  const [a, b] = [replica(), replica()];
  await eventually(() => assert(a.store.synced && b.store.synced));
  const one = keeper(t, a, systemClock);
  const other = keeper(t, b, systemClock);
  one.authority.lead();
  other.authority.lead();
  await eventually(() => assert(one.certificates.length > 0 && other.certificates.length > 0));
  await eventually(() => assert.equal(one.authority.bundle, other.authority.bundle));
});

test('an authority is rotated in time: trusted first, signing later', async (t) => {
  const { server, replica } = await given(t);
  encodeSecrets(server);
  const view = replica();
  await eventually(() => assert(view.store.synced));
  let now = Date.now();
  const clock: Clock = { ...systemClock, now: () => now };
  const { authority, certificates } = keeper(t, view, clock);
  authority.lead();
  await eventually(() => assert.equal(certificates.length, 1));
  now += authorityLifetimeMs * 0.7;
  authority.look();
  const certificatesIn = () => (authority.bundle ?? '').split('BEGIN CERTIFICATE').length - 1;
  await eventually(() => assert.equal(certificatesIn(), 2));
  const issuers = new Set(certificates.map(({ certificate }) => new X509Certificate(certificate).issuer));
  assert.equal(issuers.size, 1, 'the next one does not sign yet');
  now += 2 * 24 * 3_600_000;
  authority.look();
  await eventually(() => {
    const latest = new X509Certificate(certificates.at(-1)?.certificate ?? '');
    assert(!issuers.has(latest.issuer));
  });
  assert.equal(certificatesIn(), 2, 'the old one is trusted on');
});

test('good keys survive: written by the leader, read by a replica that starts', async (t) => {
  const { server, replica } = await given(t);
  const publicKey = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    kid: 'one',
  };
  const read = readKeys([publicKey]);
  assert(read.kind === 'Keys');
  const start = ({ client, store }: ReturnType<typeof replica>) => {
    const keys = new KeyFetcher({
      clock: systemClock,
      random: () => 0.5,
      rule: createAddressRule([]),
      resolve: () => Promise.resolve([]),
      endpointsOf: () => [],
      readKeys,
      onKeys: (id, found) => store.observeKeys(id, found),
      report: () => undefined,
    });
    const keep = new KeyKeeper({
      client,
      store,
      clock: systemClock,
      keys,
      namespace,
      report: (error) => assert.ifError(error),
    });
    t.after(() => keep.follow());
    keys.want([
      {
        id: 'issuer',
        source: { type: 'Backend', namespace: 'a', service: 'b', port: 80, path: '/', serverName: null },
        authorities: null,
        staleMsMax: 86_400_000,
      },
    ]);
    return { keys, keep };
  };
  const first = replica();
  await eventually(() => assert(first.store.synced));
  const leader = start(first);
  leader.keep.lead();
  leader.keys.adopt(new Map([['issuer', { keys: read.keys, fetchedMs: Date.now() }]]));
  await eventually(() => assert(server.get(maps, namespace, 'turnpike-keys')));
  const second = replica();
  start(second);
  await eventually(() => assert.equal(second.store.observations.keys.get('issuer')?.keys?.[0]?.kid, 'one'));
});
