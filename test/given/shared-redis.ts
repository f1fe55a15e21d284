// A Redis for data planes to share, in each of the ways that GatewayParameters know, and what can happen to it. Servers
// are processes of the test's own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { sharedRedisDefaults, type RedisTls, type SharedRedis } from '#snapshot/redis-address.ts';
import { Secret } from '#snapshot/secret.ts';
import { eventually } from './eventually.ts';
import { freePort, startedServer, type GivenRedis } from './redis.ts';
import { givenSlowWay } from './slow-way.ts';
import { aBackendAuthority } from './tls-backend.ts';

/** One that runs. */
export interface GivenSharedRedis {
  readonly redis: SharedRedis;
  /** What can happen to it. */
  readonly faults: Readonly<Record<string, RedisFault>>;
  /** Has every master forget what scripts it knows. */
  forgetScripts(): Promise<void>;
  /** Has every master forget everything that is counted. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** `begin` resolves when it has happened, `end` when it is over; whether data planes have noticed is theirs to show. */
export interface RedisFault {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** As docs/guides/rate-limiting.md tells them. */
export const rights = '+evalsha +eval +time +get +set +del +xadd +xread +xtrim +pexpire +ping +cluster|slots';

type Server = Omit<GivenRedis, 'url'> & { readonly port: number };

const user = 'turnpike';
const password = 'p@ss/word';

/** Settings by which servers speak TLS, and what clients need for it; without `tls`: neither. */
interface Speech {
  readonly settings: readonly string[];
  /** The settings of the port that they listen on. */
  readonly on: (port: number) => readonly string[];
  readonly tls: RedisTls | null;
  readonly admin: (port: number, password?: string) => Redis;
  readonly scheme: 'redis' | 'rediss';
}

/** The ways, by what they are called. */
export const sharedRedises: Readonly<Record<string, () => Promise<GivenSharedRedis>>> = {
  'one Redis': () => standalone(inTheClear()),
  'one Valkey': () => standalone(inTheClear(), 'valkey-server'),
  'one Redis by TLS, as a user': () => inFolder(async (folder) => standalone(await byTls(folder))),
  'a Redis that a Sentinel watches': () => inFolder((folder) => sentinel(folder, inTheClear())),
  'a Redis that a Sentinel watches, by TLS': () =>
    inFolder(async (folder) => sentinel(folder, await byTls(folder))),
  'a Cluster': () => cluster(inTheClear()),
  'a Cluster by TLS, as a user': () => inFolder(async (folder) => cluster(await byTls(folder))),
};

async function inFolder(make: (folder: string) => Promise<GivenSharedRedis>): Promise<GivenSharedRedis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-redis-files-'));
  const made = await make(folder);
  return {
    ...made,
    async stop() {
      await made.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function inTheClear(): Speech {
  return {
    settings: [],
    on: (port) => ['--port', String(port)],
    tls: null,
    admin: (port, password) => admin({ port, ...(password === undefined ? {} : { password }) }),
    scheme: 'redis',
  };
}

/** Whoever shows no certificate of the authority is turned away, and only the user of the URL may do what data planes do. */
async function byTls(folder: string): Promise<Speech> {
  const authority = await aBackendAuthority();
  const { chain, key } = await authority.certificate('redis', [
    { type: 'dns', value: 'redis.example.com' },
    { type: 'ip', value: '127.0.0.1' },
  ]);
  const [ca, cert, keyFile, acl] = ['ca.pem', 'cert.pem', 'key.pem', 'users.acl'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string, string];
  await Promise.all([
    writeFile(ca, authority.pem),
    writeFile(cert, chain),
    writeFile(keyFile, key.reveal()),
    writeFile(
      acl,
      `user default on nopass ~* &* +@all\nuser ${user} on >${password} ~turnpike:* -@all ${rights}\n`,
    ),
  ]);
  const files = ['--tls-ca-cert-file', ca, '--tls-cert-file', cert, '--tls-key-file', keyFile];
  const tls = { ca: authority.pem, cert: chain, key: key.reveal() };
  return {
    settings: [...files, '--tls-replication', 'yes', '--aclfile', acl],
    on: (port) => ['--port', '0', '--tls-port', String(port)],
    tls: { hostname: 'redis.example.com', authorities: authority.pem, clientCertificate: { chain, key } },
    admin: (port, password) => admin({ port, tls, ...(password === undefined ? {} : { password }) }),
    scheme: 'rediss',
  };
}

function admin(options: Pick<RedisOptions, 'port' | 'password' | 'tls'>): Redis {
  const client = new Redis({ ...options, host: '127.0.0.1', maxRetriesPerRequest: 50 });
  client.on('error', () => {});
  return client;
}

function urlOf({ scheme, tls }: Speech, ports: readonly number[]): Secret<string> {
  const who = tls === null ? '' : `${user}:${encodeURIComponent(password)}@`;
  return new Secret(`${scheme}://${who}${ports.map((port) => `127.0.0.1:${port}`).join(',')}`);
}

async function serverBy(speech: Speech, more: readonly string[] = [], program?: string): Promise<Server> {
  const port = await freePort();
  const server = await startedServer(port, [...speech.on(port), ...speech.settings, ...more], program);
  return Object.defineProperty({ ...server, port }, 'process', { get: () => server.process });
}

async function standalone(speech: Speech, program?: string): Promise<GivenSharedRedis> {
  const server = await serverBy(speech, [], program);
  const way = await givenSlowWay(server.port, 0);
  const asks = speech.admin(server.port);
  return {
    redis: { ...sharedRedisDefaults, url: urlOf(speech, [way.port]), tls: speech.tls },
    faults: {
      'is killed, and is empty when it is back': { begin: server.kill, end: server.start },
      hangs: {
        begin: async () => void server.process?.kill('SIGSTOP'),
        end: async () => void server.process?.kill('SIGCONT'),
      },
      'answers 100 ms late': {
        begin: async () => void (way.ms = 100),
        end: async () => void (way.ms = 0),
      },
    },
    forgetScripts: async () => void (await asks.script('FLUSH')),
    empty: async () => void (await asks.flushall()),
    async stop() {
      asks.disconnect();
      way[Symbol.dispose]();
      await server.stop();
    },
  };
}

/** A master with a replica, and a Sentinel that has a password of its own. */
async function sentinel(folder: string, speech: Speech): Promise<GivenSharedRedis> {
  const master = await serverBy(speech);
  const replica = await serverBy(speech, ['--replicaof', '127.0.0.1', String(master.port)]);
  const asks = speech.admin(master.port);
  await eventually(async () => /slave0:.*state=online/u.test(await asks.info('replication')), 20_000);
  const port = await freePort();
  const file = path.join(folder, 'sentinel.conf');
  await writeFile(
    file,
    [
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds main 1500',
      'sentinel failover-timeout main 3000',
      'requirepass watched',
    ].join('\n'),
  );
  const settings = speech.settings.filter((_, at, all) => ![all[at], all[at - 1]].includes('--aclfile'));
  const watch = await startedServer(port, [file, '--sentinel', ...speech.on(port), ...settings]);
  const sentinels = speech.admin(port, 'watched');
  await eventually(async () => {
    const replicas: unknown = await sentinels.call('SENTINEL', 'REPLICAS', 'main');
    return Array.isArray(replicas) && replicas.length === 1;
  }, 20_000);
  const nobody = await freePort();
  return {
    redis: {
      url: urlOf(speech, [nobody, port]),
      topology: { kind: 'Sentinel', masterName: 'main', username: '', password: new Secret('watched') },
      tls: speech.tls,
    },
    faults: {
      ...failsOver(speech, [master, replica], async (wanted) => {
        const told: unknown = await sentinels.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main');
        return Array.isArray(told) && told[1] === String(wanted);
      }),
    },
    forgetScripts: async () => void (await asks.script('FLUSH')),
    empty: async () => void (await asks.flushall()),
    async stop() {
      asks.disconnect();
      sentinels.disconnect();
      await Promise.all([watch.stop(), master.stop(), replica.stop()]);
    },
  };
}

/** Whoever is the master is lost, and a replica when it is back. */
function failsOver(
  speech: Speech,
  servers: readonly [Server, Server],
  isLed: (port: number) => Promise<boolean>,
): Readonly<Record<string, RedisFault>> {
  let [leads, follows] = servers;
  const lost = (begin: () => Promise<void>, end: () => Promise<void>): RedisFault => ({
    begin,
    async end() {
      await eventually(() => isLed(follows.port), 20_000);
      await end();
      [leads, follows] = [follows, leads];
      const asks = speech.admin(follows.port);
      // A node of a Cluster knows; a Sentinel would say so in ten seconds.
      await asks.replicaof('127.0.0.1', leads.port).catch(() => undefined);
      await eventually(
        async () => (await asks.info('replication')).includes('master_link_status:up'),
        20_000,
      );
      asks.disconnect();
    },
  });
  return {
    'loses its master': lost(
      () => leads.kill(),
      () => leads.start(),
    ),
    'has a master that hangs': lost(
      async () => void leads.process?.kill('SIGSTOP'),
      async () => void leads.process?.kill('SIGCONT'),
    ),
  };
}

/** Three masters, and a replica of the first. */
async function cluster(speech: Speech): Promise<GivenSharedRedis> {
  const isByTls = speech.tls !== null;
  const settings = [
    '--cluster-enabled yes --cluster-node-timeout 800 --cluster-announce-ip 127.0.0.1'.split(' '),
    ['--tls-cluster', isByTls ? 'yes' : 'no'],
  ].flat();
  const busPorts = await Promise.all(Array.from({ length: 4 }, freePort));
  const nodes = await Promise.all(
    busPorts.map((port) => serverBy(speech, [...settings, '--cluster-port', String(port)])),
  );
  const asks = nodes.map(({ port }) => speech.admin(port));
  const [first, ...others] = asks;
  const [leader, ...rest] = nodes;
  const follower = rest.at(-1);
  if (first === undefined || leader === undefined || follower === undefined) throw new Error('no node');
  for (const [at, one] of asks.slice(0, 3).entries()) {
    await one.call('CLUSTER', 'ADDSLOTSRANGE', ...slotsOf(at).map(String));
  }
  for (const [at, { port }] of rest.entries()) {
    await first.call('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPorts[at + 1]));
  }
  const id = String(await first.call('CLUSTER', 'MYID'));
  const [replica] = others.slice(-1);
  await eventually(async () => (await replica?.call('CLUSTER', 'REPLICATE', id)) === 'OK', 20_000);
  const isWhole = async (client: Redis): Promise<boolean> => {
    const told = String(await client.call('CLUSTER', 'INFO'));
    return told.includes('cluster_state:ok') && told.includes('cluster_known_nodes:4');
  };
  await eventually(async () => (await Promise.all(asks.map(isWhole))).every(Boolean), 20_000);
  await eventually(async () => /slave0:.*state=online/u.test(await first.info('replication')), 20_000);
  return {
    redis: {
      url: urlOf(speech, [await freePort(), ...nodes.map(({ port }) => port)]),
      topology: { kind: 'Cluster' },
      tls: speech.tls,
    },
    faults: failsOver(speech, [leader, follower], async (port) => {
      const told = String(await asks[1]?.call('CLUSTER', 'SLOTS'));
      return told.includes(`0,${slotsOf(0)[1]},127.0.0.1,${port},`);
    }),
    forgetScripts: async () => void (await Promise.all(asks.slice(0, 3).map((one) => one.script('FLUSH')))),
    empty: async () => void (await Promise.all(asks.slice(0, 3).map((one) => one.flushall()))),
    async stop() {
      for (const one of asks) one.disconnect();
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

function slotsOf(third: number): readonly [number, number] {
  const from = Math.round((third * 16_384) / 3);
  return [from, Math.round(((third + 1) * 16_384) / 3) - 1];
}
