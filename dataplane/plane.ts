// One data plane put together: snapshots of one Gateway come in by subscribe/, are compiled, and are served. Decides
// nothing by itself, and reads no environment: main.ts and the standalone command hand everything in.
import { requestVariables } from '#cel/request-variables.ts';
import { bindPort } from '#snapshot/bind-port.ts';
import { resourceId, type GatewayKey } from '#snapshot/ids.ts';
import type { KindLists } from '#snapshot/kind-lists.ts';
import { fleetDefaults, nowhere } from '#snapshot/fleet.ts';
import type { Fleet } from '#snapshot/fleet.ts';
import type { RateLimitStore } from '#snapshot/rate-limit.ts';
import type { ResourceSet } from '#snapshot/snapshot.ts';
import type { UsagePage } from '#snapshot/usage-page.ts';
import { Compiler } from '#dataplane/compile/compiler.ts';
import { Bans, type BannedAddress } from '#dataplane/protect/bans/bans.ts';
import type { MadeBan } from '#dataplane/protect/bans/policy-bans.ts';
import { createAuthenticating } from '#dataplane/filters/authenticate/authenticating.ts';
import { GuessCounters } from '#dataplane/filters/rate-limit/guess-counters.ts';
import type { GuessBlock } from '#dataplane/filters/rate-limit/guess-counters.ts';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { passed } from '#dataplane/filters/rate-limit/passed.ts';
import { RedisMemory } from '#dataplane/filters/redis/redis-memory.ts';
import { StreamFollower } from '#dataplane/filters/redis/stream-follower.ts';
import { createListeners } from '#dataplane/listen/listeners.ts';
import type { HeapMode } from '#dataplane/listen/heap-mode.ts';
import type { DrainOptions, Listeners } from '#dataplane/listen/listeners.ts';
import type { OverloadLevel } from '#dataplane/listen/overload-guard.ts';
import { UnboundPorts } from '#dataplane/listen/unbound-ports.ts';
import type { PortNews } from '#dataplane/listen/unbound-ports.ts';
import { toFile, toServer } from '#dataplane/metering/event-receivers.ts';
import type { SendEvents } from '#dataplane/metering/keeper.ts';
import { createMetering } from '#dataplane/metering/metering.ts';
import { Protecting } from '#dataplane/protect/protecting.ts';
import type { Refusals } from '#dataplane/protect/policy-counts.ts';
import { createAccessLog } from '#dataplane/observe/access-log.ts';
import { createMetrics, createObserver } from '#dataplane/observe/metrics.ts';
import type { Metrics } from '#dataplane/observe/metrics.ts';
import type { CallService } from '#dataplane/filters/call-service.ts';
import type { Runtime, RuntimeCell } from '#dataplane/runtime.ts';
import type { ControllerAddress } from '#dataplane/subscribe/addresses.ts';
import type { OnSnapshot, SubscribeEvent } from '#dataplane/subscribe/events.ts';
import { createSubscriber } from '#dataplane/subscribe/subscriber.ts';
import type { SubscriberState } from '#dataplane/subscribe/subscriber.ts';
import { noHash } from '#dataplane/upstream/balance/balancer.ts';
import { callService } from '#dataplane/upstream/service-call.ts';
import { isTrustedHop } from '#dataplane/proxy/client-address.ts';
import { outsideServer } from '#dataplane/upstream/outside-server.ts';
import { createUpstreams } from '#dataplane/upstream/upstreams.ts';

export interface DataPlaneOptions {
  readonly gateway: GatewayKey;
  /** The pod's name. */
  readonly instance: string;
  /** The version of the program. */
  readonly build: string;
  readonly controllers: () => Promise<readonly ControllerAddress[]>;
  /** See SubscriberOptions. */
  readonly readCa: () => Promise<string>;
  readonly readToken: () => Promise<string>;
  /** Where the last good snapshot is kept; null for nowhere. */
  readonly stateFolder: string | null;
  /** Where the journal of what Consumers use is written; null for nowhere. */
  readonly usageJournal: string | null;
  /** Who is told of it; null: nobody. */
  readonly usageEvents: UsageReceiver | null;
  /** That of this process. */
  readonly heap: HeapMode;
  /** The address listeners bind; null for all. */
  readonly address: string | null;
  /** Where access lines go, a file descriptor; null for nowhere. */
  readonly accessLog: number | null;
  /** See bindPort of snapshot/bind-port.ts. */
  readonly reservedPort?: number | null;
  /** How often the controller is told of quotas, where that has changed; a minute unless told. */
  readonly quotasEveryMs?: number;
  readonly report: (event: DataPlaneEvent) => void;
}

/** Who is told what Consumers use, from the journal: a file, or a server at an https address outside. */
export type UsageReceiver =
  | { readonly kind: 'File'; readonly file: string }
  | {
      readonly kind: 'Server';
      readonly url: URL;
      /** PEM of those whom its certificate must be from; null for those of the system. */
      readonly authorities: string | null;
      /** Networks to which the address may lead though they are not public. */
      readonly trusted: readonly string[];
      readonly readToken: () => Promise<string | null>;
    };

/** What an operator should hear of. */
export type DataPlaneEvent =
  | SubscribeEvent
  | PortNews
  | { readonly kind: 'Overload'; readonly level: OverloadLevel }
  | ({ readonly kind: 'AuthenticationBlocked' } & GuessBlock)
  | ({ readonly kind: 'ProtectionRefused' } & Refusals)
  /** By a rule. */
  | ({ readonly kind: 'AddressBanned' } & MadeBan)
  /** A list of revoked tokens that is followed. */
  | {
      readonly kind: 'RevocationList';
      readonly list: string;
      readonly available: boolean;
      readonly reason: string;
    }
  /** The journal of what Consumers use. */
  | { readonly kind: 'UsageJournal'; readonly available: boolean; readonly reason: string }
  /** Whoever is told what is in it. */
  | { readonly kind: 'UsageEvents'; readonly available: boolean; readonly reason: string }
  | { readonly kind: 'RateLimitStore'; readonly available: boolean; readonly reason: string }
  /** Redis throws counters away when it is full. */
  | { readonly kind: 'RateLimitStoreEvicts'; readonly policy: string }
  /** What data planes remember together. */
  | { readonly kind: 'SharedMemory'; readonly available: boolean; readonly reason: string };

/** Of each rule, to operators. */
const toldBansMax = 1000;

/** How often the controller is told of quotas that are nearly used up. */
const quotasEveryMsDefault = 60_000;

/** What has ended elsewhere is waited for so long before ports are opened. */
const catchUpMs = 1000;

/** A data plane that runs. */
export interface DataPlane {
  readonly metrics: Metrics;
  state(): SubscriberState;
  /** Why it should get no traffic now; null when it is ready: a complete snapshot is served on all of its ports. */
  unready(): string | null;
  /** What Consumers used, as far as is known here. */
  usage(): Promise<UsagePage>;
  /** What is served, for a dump that shows no secrets. */
  resources(): ResourceSet;
  /** Whom rules have banned, as far as is told. */
  bans(): readonly BannedAddress[];
  /** Ends serving without failing a request, then all else. */
  stop(drain: DrainOptions): Promise<void>;
}

/** Starts a data plane; it serves as soon as it has a snapshot. */
export function startDataPlane(options: DataPlaneOptions): DataPlane {
  const now = (): number => performance.now();
  const upstreams = createUpstreams();
  const rateLimiting = createRateLimiting({
    now,
    variables: requestVariables(Date.now),
    random: Math.random,
    onStoreChange: (available, reason) => options.report({ kind: 'RateLimitStore', available, reason }),
    onStoreEvicting: (policy) => options.report({ kind: 'RateLimitStoreEvicts', policy }),
  });
  const guesses = new GuessCounters({
    onBlock: (block) => options.report({ kind: 'AuthenticationBlocked', ...block }),
  });
  const call: CallService = (id, request, limits) => {
    const cluster = upstreams.cluster(id);
    if (cluster !== null) return callService(cluster, request, limits);
    return Promise.resolve({ kind: 'Failed', detail: 'it is not in the snapshot' });
  };
  const memory = new RedisMemory({
    owner: options.gateway,
    now: Date.now,
    onChange: (available, reason) => options.report({ kind: 'SharedMemory', available, reason }),
  });
  const authenticating = createAuthenticating({
    call,
    memory,
    guards: guesses,
    limitsOfPlan: (name) => rateLimiting.limitsOfPlan(name),
    now: Date.now,
    onMissingKey: (keySet, kid) => subscriber.missingKey(keySet, kid),
    follow: (stream, events) =>
      new StreamFollower({
        stream,
        events,
        endpoint: () => upstreams.cluster(stream.cluster)?.pick(noHash, []) ?? null,
        now: Date.now,
      }),
    onFollowed: (list, available, reason) =>
      options.report({ kind: 'RevocationList', list, available, reason }),
  });
  const bans = new Bans({
    memory,
    now,
    wallClock: Date.now,
    isClient: (port, client) => {
      const rules = cell.current.ports.get(port)?.client;
      return rules !== undefined && !isTrustedHop(client, rules);
    },
    onBan: (ban) => options.report({ kind: 'AddressBanned', ...ban }),
  });
  const receiver = options.usageEvents === null ? null : receiverOf(options.usageEvents);
  const metering = createMetering({
    send: receiver?.send ?? null,
    onEventsChange: (available, reason) => options.report({ kind: 'UsageEvents', available, reason }),
    gateway: options.gateway,
    instance: options.instance,
    folder: options.usageJournal,
    now: Date.now,
    onJournalChange: (available, reason) => options.report({ kind: 'UsageJournal', available, reason }),
  });
  const protecting = new Protecting({
    now,
    onRefusals: (refusals) => options.report({ kind: 'ProtectionRefused', ...refusals }),
  });
  const compiler = new Compiler({ upstreams, rateLimiting, authenticating, metering, protecting });
  const cell: RuntimeCell = { current: { version: '', ports: new Map(), datagramPorts: new Map() } };
  const accessLog = createAccessLog({ fd: options.accessLog ?? 1, wallClock: Date.now });
  accessLog.enabled = options.accessLog !== null;
  const metrics = createMetrics(
    {
      snapshot: () => snapshotFigures(subscriber.state()),
      rateLimits: () => rateLimiting.stats(),
      guesses: () => guesses.figures(),
      protections: () => protecting.figures(),
      bans: () => bans.figures(),
      authorizations: () => authenticating.refusals(),
      revocations: () => authenticating.followedLists(),
      usage: () => metering.figures(),
      log: () => accessLog,
      clients: () => listeners.connectionCount(),
      backends: () => upstreams.figures(),
    },
    now,
  );
  const unbound = new UnboundPorts(options.report, (ports) => subscriber.tellPorts(ports));
  const listeners = createListeners({
    cell,
    observer: createObserver(metrics, accessLog, bans),
    bans,
    now,
    heap: options.heap,
    ...(options.address === null ? {} : { address: options.address }),
    bindPort: (port) => bindPort(port, cell.current.ports.keys(), options.reservedPort ?? null),
    problem: (problem) => unbound.failed(problem),
    opened: (port) => unbound.opened(port),
    overload: (level) => options.report({ kind: 'Overload', level }),
  });

  const restored = Promise.race([metering.restored, passed(catchUpMs)]);
  let served: ResourceSet = new Map();
  const onSnapshot: OnSnapshot = async (resources, { version }) => {
    const kinds = compiler.follow(resources);
    const [store, fleet] = storeAndFleet(kinds);
    rateLimiting.configure(store, fleet);
    memory.use(store);
    upstreams.runAt(fleet.members.find(({ instance }) => instance === options.instance) ?? nowhere);
    bans.use(kinds.of('Ban'), kinds.of('Protection'));
    const unread = await protecting.useLists(kinds.of('AddressList'));
    const { runtime, refused } = compiler.compile({ version, resources });
    cell.current = runtime;
    served = resources;
    metrics.configure(resources);
    await memory.caughtUp(catchUpMs);
    await restored;
    rateLimiting.restoreQuotas(() => metering.used());
    await listeners.follow();
    unbound.keep(({ port, protocol }) =>
      (protocol === 'UDP' ? runtime.datagramPorts : runtime.ports).has(port),
    );
    return { refused: [...unread, ...refused] };
  };
  const subscriber = createSubscriber({
    ...options,
    dir: options.stateFolder,
    onSnapshot,
    report: options.report,
    now: Date.now,
    random: Math.random,
  });
  subscriber.start();
  let quotasTold = '[]';
  const telling = setInterval(() => {
    const near = rateLimiting.nearQuotas();
    const text = JSON.stringify(near);
    if (text !== quotasTold) subscriber.tellQuotas(near);
    quotasTold = text;
  }, options.quotasEveryMs ?? quotasEveryMsDefault).unref();

  return {
    metrics,
    state: () => subscriber.state(),
    unready: () =>
      subscriber.state().serving === null
        ? 'no snapshot yet'
        : notListening(closedPorts(cell.current, listeners)),
    usage: () => metering.told(),
    resources: () => served,
    bans: () => bans.byRules(toldBansMax),
    async stop(drain) {
      clearInterval(telling);
      await listeners.drain(drain);
      await subscriber.stop();
      upstreams.close();
      authenticating.stop();
      memory.close();
      await rateLimiting.close();
      await metering.close();
      receiver?.close();
      await accessLog.close();
    },
  };
}

function receiverOf(to: UsageReceiver): { readonly send: SendEvents; close(): void } {
  if (to.kind === 'File') return { send: toFile(to.file), close: () => {} };
  const server = outsideServer(to.url, to);
  return { send: toServer({ ...to, call: server.call }), close: server.close };
}

/** Ports of either kind that should be open. */
function closedPorts({ ports, datagramPorts }: Runtime, listeners: Listeners): readonly number[] {
  return [
    ...[...ports.keys()].filter((port) => listeners.boundPort(port) === null),
    ...[...datagramPorts.keys()].filter((port) => listeners.boundDatagramPort(port) === null),
  ];
}

function notListening(ports: readonly number[]): string | null {
  return ports.length === 0 ? null : `not listening on port ${ports.join(', ')}`;
}

function snapshotFigures({ connected, serving, refused }: SubscriberState) {
  return {
    version: serving?.version ?? null,
    ageMs: serving === null ? 0 : Date.now() - serving.sinceMs,
    connected,
    refused: refused.length,
  };
}

/** The store and the fleet of a snapshot; one without them counts in memory, alone. */
function storeAndFleet(kinds: KindLists): [RateLimitStore, Fleet] {
  return [
    kinds.of('RateLimitStore').at(-1) ?? {
      kind: 'RateLimitStore',
      id: resourceId('RateLimitStore', 'none'),
      type: 'Memory',
    },
    kinds.of('Fleet').at(-1) ?? {
      kind: 'Fleet',
      id: resourceId('Fleet', 'none'),
      replicas: 1,
      ...fleetDefaults,
    },
  ];
}
