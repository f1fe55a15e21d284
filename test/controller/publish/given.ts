import { endpointDefaults } from '#snapshot/cluster-defaults.ts';
import http2 from 'node:http2';
import net from 'node:net';
import { Secret } from '#snapshot/secret.ts';
import { authorityAt, issueServing, publicBundle } from '#controller/authority/authority.ts';
import type { Authenticated } from '#controller/publish/admission.ts';
import type { PublishLimits } from '#controller/publish/limits.ts';
import type { DataPlanes } from '#controller/publish/observation-table.ts';
import { type Publisher, createPublisher } from '#controller/publish/publisher.ts';
import type { PublishEvent } from '#controller/publish/server.ts';
import type { ControllerAddress } from '#dataplane/subscribe/addresses.ts';
import type { SubscribeEvent } from '#dataplane/subscribe/events.ts';
import {
  type Subscriber,
  type SubscriberOptions,
  createSubscriber,
} from '#dataplane/subscribe/subscriber.ts';
import type { SubscribeTimings } from '#dataplane/subscribe/timings.ts';
import { decodeResource } from '#snapshot/decode.ts';
import { type GatewayKey, type ResourceId, gatewayKey, resourceId } from '#snapshot/ids.ts';
import type { Endpoints } from '#snapshot/cluster.ts';
import type { Order, Resource, ResourceSet } from '#snapshot/snapshot.ts';

/** The Gateway of most tests. Its data planes' token is `edge`; `other` is another Gateway's, `peer` a controller's. */
export const edge = gatewayKey('shop', 'edge');
export const other = gatewayKey('bank', 'other');

/** Of a replica that knows of one kind alone, all of it up to the version `seen`. */
export const order = (seen: number, lineage = 'cluster'): Order => ({
  lineage,
  kinds: { HTTPRoute: { seen: String(seen), state: `at-${seen}` } },
});

/** A set of these resources, frozen as the translation makes them. */
export function setOf(...resources: readonly Resource[]): ResourceSet {
  return new Map(resources.map((resource) => [resource.id, resource]));
}

/** A route that is told from others by its name and revision. */
export function route(name: string, revision = 0): Resource {
  return decodeResource(
    JSON.stringify({
      kind: 'Route',
      id: resourceId('Route', 'HTTPRoute', 'shop', name),
      name: `HTTPRoute/shop/${name}`,
      createdMs: revision,
      attachments: [],
      rules: [],
    }),
  );
}

export function certificate(name: string, key: string): Resource {
  const id = resourceId('Certificate', 'shop', name);
  return Object.freeze({ kind: 'Certificate', id, chain: 'chain', key: new Secret(key) });
}

export function endpoints(name: string, ...addresses: readonly string[]): Endpoints {
  const id = resourceId('Endpoints', 'shop', name);
  const list = addresses.map((address) => ({
    address,
    port: 80,
    state: 'Ready' as const,
    ...endpointDefaults,
  }));
  return Object.freeze({ kind: 'Endpoints', id, endpoints: Object.freeze(list) });
}

const authority = await authorityAt(null, Date.now());

/** What all subscribers of the tests trust. */
export const ca = publicBundle(authority);

/** A fresh serving certificate for loopback. */
const servingCertificate = () => issueServing(authority, ['localhost', '127.0.0.1'], Date.now());

/** A publisher on loopback, and what it told. */
export interface GivenPublisher extends AsyncDisposable {
  readonly publisher: Publisher;
  readonly address: ControllerAddress;
  readonly events: readonly PublishEvent[];
  readonly observed: ReadonlyMap<GatewayKey, DataPlanes>;
  readonly missingKeys: readonly string[];
  /** The tokens that were asked about, the newest last. */
  readonly asked: readonly string[];
  /** Whose token it is: `<namespace>/<account>`; absent: nobody's. Change it as the cluster would. */
  readonly tokens: Map<string, { readonly account: string; readonly expiresAtMs: number }>;
}

export async function givenPublisher(
  options: { readonly limits?: Partial<PublishLimits>; readonly port?: number } = {},
): Promise<GivenPublisher> {
  const events: PublishEvent[] = [];
  const observed = new Map<GatewayKey, DataPlanes>();
  const missingKeys: string[] = [];
  const asked: string[] = [];
  const never = Date.now() + 86_400_000;
  const tokens = new Map([
    ['edge', { account: 'shop/edge', expiresAtMs: never }],
    ['other', { account: 'bank/other', expiresAtMs: never }],
    ['peer', { account: 'turnpike-system/controller', expiresAtMs: never }],
  ]);
  const authenticate = async (token: string): Promise<Authenticated> => {
    if (token === 'hanging') return Promise.withResolvers<never>().promise;
    asked.push(token);
    const known = tokens.get(token);
    const [namespace = '', serviceAccount = ''] = known?.account.split('/') ?? [];
    if (known === undefined) return { ok: false, reason: 'the token is not valid' };
    return { ok: true, namespace, serviceAccount, expiresAtMs: known.expiresAtMs };
  };
  const publisher = createPublisher({
    host: '127.0.0.1',
    port: options.port ?? 0,
    certificate: await servingCertificate(),
    authenticate,
    mayServe: ({ namespace, serviceAccount }, gateway) => gateway === `${namespace}/${serviceAccount}`,
    isPeer: ({ namespace, serviceAccount }) =>
      `${namespace}/${serviceAccount}` === 'turnpike-system/controller',
    onObservation: (gateway, dataPlanes) => observed.set(gateway, dataPlanes),
    onMissingKey: (keySet, kid) => missingKeys.push(`${keySet} ${kid}`),
    report: (event) => events.push(event),
    now: Date.now,
    limits: { orderDelayMs: 1, ...options.limits },
  });
  const { port } = await publisher.listen();
  return {
    publisher,
    address: { host: '127.0.0.1', port, serverName: null },
    events,
    observed,
    missingKeys,
    tokens,
    asked,
    [Symbol.asyncDispose]: () => publisher.stop(),
  };
}

/** A subscriber of Gateway edge, and what it was given to serve. */
export interface GivenSubscriber extends AsyncDisposable {
  readonly subscriber: Subscriber;
  /** All sets, the newest last. */
  readonly sets: ResourceSet[];
  readonly events: readonly SubscribeEvent[];
  /** The resource that is served now. */
  readonly served: (resource: Resource | ResourceId) => Resource | undefined;
}

const quick: Partial<SubscribeTimings> = {
  backOffMinMs: 5,
  backOffMaxMs: 50,
  startFromDiskMs: 100,
  saveEveryMs: 1,
  saveAgainMs: 20,
};

export function givenSubscriber(
  controllers: ControllerAddress | readonly ControllerAddress[] | (() => readonly ControllerAddress[]),
  options: Partial<SubscriberOptions> = {},
): GivenSubscriber {
  const sets: ResourceSet[] = [];
  const events: SubscribeEvent[] = [];
  const found = () => (typeof controllers === 'function' ? controllers() : [controllers].flat());
  const subscriber = createSubscriber({
    gateway: edge,
    instance: 'edge-0',
    build: 'test',
    controllers: async () => found(),
    readCa: async () => ca,
    readToken: async () => 'edge',
    dir: null,
    now: Date.now,
    random: Math.random,
    ...options,
    onSnapshot: (resources, meta) => {
      const answer = options.onSnapshot?.(resources, meta) ?? { refused: [] };
      sets.push(resources);
      return answer;
    },
    report: (event) => {
      events.push(event);
      options.report?.(event);
    },
    timings: { ...quick, ...options.timings },
  });
  subscriber.start();
  return {
    subscriber,
    sets,
    events,
    served: (resource) => sets.at(-1)?.get(typeof resource === 'string' ? resource : resource.id),
    [Symbol.asyncDispose]: () => subscriber.stop(),
  };
}

/** A data plane that speaks the protocol by hand. */
export interface RawDataPlane extends AsyncDisposable {
  readonly stream: http2.ClientHttp2Stream;
  /** 0 until there is an answer. */
  readonly status: () => number;
  /** All that came, as text. */
  readonly received: () => string;
  /** The lines that came, parsed. */
  readonly messages: () => readonly { readonly type: string; readonly [field: string]: unknown }[];
  readonly say: (message: unknown) => void;
}

/** Connects with this token and says `hello` (null: nothing) as its first line. */
export function rawDataPlane(
  address: ControllerAddress,
  options: {
    readonly token?: string | null;
    readonly path?: string;
    readonly scheme?: string;
    readonly hello?: Readonly<Record<string, unknown>> | null;
    readonly windowBytes?: number;
    /** Of loopback, whence it comes. */
    readonly from?: string;
  } = {},
): RawDataPlane {
  const { host, port } = address;
  const socket = net.connect({ host, port, localAddress: options.from ?? '127.0.0.1' });
  const session = http2.connect(`https://${host}:${port}`, {
    ca,
    socket,
    ...(options.windowBytes === undefined ? {} : { settings: { initialWindowSize: options.windowBytes } }),
  });
  const authorization = options.token === null ? {} : { authorization: `Bearer ${options.token ?? 'edge'}` };
  const stream = session.request(
    {
      ':method': 'POST',
      ':scheme': options.scheme ?? 'https',
      ':path': options.path ?? '/v1/snapshots',
      ...authorization,
    },
    { endStream: false },
  );
  // How it ends is looked at by `stream.destroyed`.
  socket.on('error', () => {});
  session.on('error', () => {});
  stream.on('error', () => {});
  let received = '';
  let status = 0;
  stream.on('response', (headers) => (status = Number(headers[':status'])));
  stream.on('data', (chunk: Buffer) => (received += chunk.toString()));
  const say = (message: unknown) => void stream.write(`${JSON.stringify(message)}\n`);
  if (options.hello !== null) say({ ...hello, ...options.hello });
  return {
    stream,
    status: () => status,
    received: () => received,
    messages: () =>
      received
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    say,
    [Symbol.asyncDispose]: async () => {
      session.destroy();
    },
  };
}

const hello = {
  type: 'hello',
  protocol: 1,
  gateway: edge,
  version: null,
  order: null,
  serving: false,
  build: 'test',
  instance: 'raw-0',
};
