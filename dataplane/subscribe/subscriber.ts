// Keeps a data plane's snapshot up to date: connects to a controller, takes its deltas, hands what changed to the
// one who serves it, and tells the controller what came of it. When no controller answers at the start, the last
// good snapshot on disk is served. Knows neither what a resource means nor how it is served.
import type { GatewayKey } from '#snapshot/ids.ts';
import {
  type Hello,
  type NearQuota,
  type Ports,
  type Quotas,
  type Refused,
  type UnboundPort,
  protocolNumber,
  tellablePorts,
  tellableQuotas,
} from '#snapshot/message.ts';
import { laggingKinds } from '#snapshot/order.ts';
import type { ControllerAddress } from './addresses.ts';
import { Connection } from './connection.ts';
import { Conversation } from './conversation.ts';
import type { OnSnapshot, SnapshotMeta, SubscribeEvent } from './events.ts';
import { candidateFromDisk } from './holdings.ts';
import { LastGood } from './last-good.ts';
import { MissingKeys } from './missing-keys.ts';
import { pause } from './pause.ts';
import { Saver } from './saver.ts';
import { Serving } from './serving.ts';
import { SubscribeError, messageOf } from './subscribe-error.ts';
import { type SubscribeTimings, backOffMs, subscribeTimings } from './timings.ts';

export interface SubscriberOptions {
  readonly gateway: GatewayKey;
  /** The pod's name. */
  readonly instance: string;
  /** The version of the program. */
  readonly build: string;
  /** All controllers; asked before each connect. */
  readonly controllers: () => Promise<readonly ControllerAddress[]>;
  /** The authorities to be trusted, PEM; asked before each connect. */
  readonly readCa: () => Promise<string>;
  /** The service-account token; asked before each connect, and again and again while connected. */
  readonly readToken: () => Promise<string>;
  readonly onSnapshot: OnSnapshot;
  readonly report: (event: SubscribeEvent) => void;
  /** The directory of the last good snapshot, of this data plane alone; null: nothing is saved. */
  readonly dir: string | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly timings?: Partial<SubscribeTimings>;
}

/** How a subscriber is doing. */
export interface SubscriberState {
  readonly connected: boolean;
  /** What is served; null: nothing yet. */
  readonly serving: SnapshotMeta | null;
  readonly refused: readonly Refused[];
}

/** `start` once, `stop` once. */
export interface Subscriber {
  /** Begins; what comes of it is told by `onSnapshot` and `report`. */
  start(): void;
  state(): SubscriberState;
  /** Tells the controller of a key that the key set lacks; not more than once in a while for each. */
  missingKey(keySet: string, kid: string): void;
  /** Tells the controller of all ports that cannot be opened now, and each controller to come. */
  tellPorts(unbound: readonly UnboundPort[]): void;
  /** Tells the controller of all quotas that are nearly used up, and each controller to come. */
  tellQuotas(near: readonly NearQuota[]): void;
  /** Resolves once the connection is closed and the last good snapshot is saved. */
  stop(): Promise<void>;
}

/** A subscriber that begins with {@link Subscriber.start}. */
export function createSubscriber(options: SubscriberOptions): Subscriber {
  return new SnapshotSubscriber(options);
}

interface Link {
  readonly connection: Connection;
  readonly conversation: Conversation;
}

class SnapshotSubscriber implements Subscriber {
  readonly #options: SubscriberOptions;
  readonly #timings: SubscribeTimings;
  readonly #serving: Serving;
  readonly #missingKeys: MissingKeys;
  readonly #lastGood: LastGood | null;
  readonly #saver: Saver | null;
  readonly #stopping = new AbortController();
  /** The controller that was tried last. */
  #controller: ControllerAddress | null = null;
  #link: Link | null = null;
  #connected = false;
  #ports: Ports = { type: 'ports', unbound: [] };
  #quotas: Quotas = { type: 'quotas', near: [] };
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#timings = { ...subscribeTimings, ...options.timings };
    this.#missingKeys = new MissingKeys(this.#timings.missingKeyEveryMs);
    this.#lastGood = options.dir === null ? null : createLastGood({ ...options, dir: options.dir });
    this.#saver = this.#lastGood === null ? null : createSaver(this.#lastGood, this.#timings, options.report);
    this.#serving = new Serving({ ...options, onServed: (candidate) => this.#saver?.save(candidate) });
  }

  start(): void {
    this.#running = this.#run();
  }

  state(): SubscriberState {
    return { connected: this.#connected, serving: this.#serving.meta, refused: this.#serving.refused };
  }

  missingKey(keySet: string, kid: string): void {
    if (!this.#connected || !this.#missingKeys.isDue(keySet, kid)) return;
    this.#link?.connection.send({ type: 'missingKey', keySet, kid });
  }

  tellPorts(unbound: readonly UnboundPort[]): void {
    this.#ports = { type: 'ports', unbound: tellablePorts(unbound) };
    this.#link?.connection.send(this.#ports);
  }

  tellQuotas(near: readonly NearQuota[]): void {
    this.#quotas = { type: 'quotas', near: tellableQuotas(near) };
    this.#link?.connection.send(this.#quotas);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#link?.connection.end(new SubscribeError('Ended', 'stopped'));
    await this.#running;
    await this.#serving.idle();
    await this.#saver?.stop();
  }

  async #run(): Promise<void> {
    const savedAtMs = await this.#load();
    const disk = savedAtMs === null ? Promise.resolve() : this.#startFromDisk(savedAtMs);
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      const began = performance.now();
      await this.#converse();
      const lasted = performance.now() - began > this.#timings.backOffMaxMs;
      failures = lasted ? 0 : failures + 1;
      const wait = backOffMs(Math.max(0, failures - 1), this.#options.random(), this.#timings);
      await pause(wait, this.#stopping.signal);
    }
    await disk;
  }

  async #load(): Promise<number | null> {
    const saved = (await this.#lastGood?.load()) ?? null;
    if (saved === null) return null;
    const { savedAtMs, unreadable } = saved;
    this.#serving.holdings.adopt(candidateFromDisk(saved.resources, saved.order));
    this.#options.report({ kind: 'Loaded', savedAtMs, unreadable });
    return savedAtMs;
  }

  async #startFromDisk(savedAtMs: number): Promise<void> {
    await pause(this.#timings.startFromDiskMs, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    if (await this.#serving.serveSaved(savedAtMs)) this.#link?.conversation.acknowledge();
  }

  /** One connection from its beginning to its end. */
  async #converse(): Promise<void> {
    try {
      const link = await this.#connect();
      this.#link = link;
      if (this.#stopping.signal.aborted) link.connection.end(new SubscribeError('Ended', 'stopped'));
      await link.conversation.run();
    } catch (problem) {
      if (!(problem instanceof SubscribeError)) throw problem;
      if (this.#stopping.signal.aborted) return;
      this.#options.report({ kind: 'Disconnected', controller: nameOf(this.#controller), problem });
    } finally {
      this.#link = null;
      this.#connected = false;
    }
  }

  async #connect(): Promise<Link> {
    const { controllers, readCa, readToken } = this.#options;
    const found = await asUnreachable('cannot find the controllers', controllers());
    const [ca, token] = await Promise.all([
      asUnreachable('cannot read the authority', readCa()),
      asUnreachable('cannot read the token', readToken()),
    ]);
    const address = pick(found, this.#controller, this.#options.random());
    this.#controller = address;
    if (address === null) throw new SubscribeError('Unreachable', 'there is no controller');
    const timings = this.#timings;
    const connection = await Connection.open({ address, ca, token: token.trim(), timings });
    const conversation = this.#conversation(connection, address, { token, alternatives: found.length > 1 });
    return { connection, conversation };
  }

  #conversation(
    connection: Connection,
    address: ControllerAddress,
    known: { readonly token: string; readonly alternatives: boolean },
  ): Conversation {
    const controller = nameOf(address) ?? '';
    const { report, readToken } = this.#options;
    return new Conversation({
      ...known,
      connection,
      serving: this.#serving,
      greeting: () => [
        this.#hello(),
        ...(this.#ports.unbound.length === 0 ? [] : [this.#ports]),
        ...(this.#quotas.near.length === 0 ? [] : [this.#quotas]),
      ],
      readToken,
      timings: this.#timings,
      onConnected: () => {
        this.#connected = true;
        report({ kind: 'Connected', controller });
      },
      onBehind: (order) => {
        const held = this.#serving.holdings.order;
        const lagging = held === null ? [] : laggingKinds(order, held);
        report({ kind: 'Behind', controller, order, lagging });
      },
    });
  }

  #hello(): Hello {
    const { gateway, build, instance } = this.#options;
    const { version, order } = this.#serving.holdings;
    const serving = this.#serving.meta !== null;
    return { type: 'hello', protocol: protocolNumber, gateway, version, order, serving, build, instance };
  }
}

function createLastGood(options: SubscriberOptions & { readonly dir: string }): LastGood {
  const { dir, gateway, now, report } = options;
  const onProblem = (problem: { readonly file: string; readonly reason: string }) =>
    report({ kind: 'LastGoodUnreadable', ...problem });
  return new LastGood({ dir, gateway, now, onProblem });
}

function createSaver(
  lastGood: LastGood,
  timings: SubscribeTimings,
  report: (event: SubscribeEvent) => void,
): Saver {
  return new Saver({
    lastGood,
    timings,
    onFailure: (reason) => report({ kind: 'SaveFailed', reason }),
    onSaved: () => report({ kind: 'Saved' }),
  });
}

/** Any of them, but not the one that was tried last while there are others. */
function pick(
  found: readonly ControllerAddress[],
  last: ControllerAddress | null,
  random: number,
): ControllerAddress | null {
  const others = found.filter((address) => nameOf(address) !== nameOf(last));
  const choice = others.length > 0 ? others : found;
  return choice[Math.floor(random * choice.length)] ?? null;
}

function nameOf(address: ControllerAddress | null): string | null {
  return address === null ? null : `${address.host}:${address.port}`;
}

async function asUnreachable<T>(words: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new SubscribeError('Unreachable', `${words}: ${messageOf(cause)}`, cause);
  }
}
