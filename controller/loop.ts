// The heart of the controller: gather changes, hold off a moment, translate, hand out. Knows the order of things
// and nothing of what they mean. Endpoints go a faster road that does not translate.
import { strict as assert } from 'node:assert';
import type { GatewayKey, ResourceId } from '#snapshot/ids.ts';
import { ShelvedMap, changedKeys } from '#snapshot/shelved-map.ts';
import type { Order, Resource, ResourceSet } from '#snapshot/snapshot.ts';
import type { TranslationInput, TranslationSettings } from '#controller/translate/input.ts';
import type {
  DesiredStatus,
  EndpointSource,
  Notice,
  RemoteKeys,
  Translation,
} from '#controller/translate/translation.ts';
import type { Clock } from './clock.ts';
import { ListPace } from './list-pace.ts';
import type { Store, StoreChange } from './store/store.ts';

/** Who delivers snapshots to data planes. */
export interface SnapshotSink {
  put(gateway: GatewayKey, resources: ResourceSet, order: Order): void;
  /** The Gateway is no longer ours. */
  remove(gateway: GatewayKey): void;
}

/** Takes all statuses of a translation, after its snapshots were put. */
export interface StatusSink {
  put(statuses: readonly DesiredStatus[]): void;
}

/** Who makes the Endpoints, Fleet, TicketSecret, SessionSecret and LoginSecret resources of one Gateway. */
interface GatewayEndpoints {
  /**
   * Makes them from the store as it is. `touched`: the Services (`<namespace>/<name>`) whose EndpointSlices have
   * changed since it was asked last.
   */
  compose(sources: ReadonlyMap<ResourceId, EndpointSource>, touched: ReadonlySet<string>): ResourceSet;
}

export interface LoopOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly settings: TranslationSettings;
  readonly translate: (input: TranslationInput) => Translation;
  readonly endpointsOf: (gateway: GatewayKey) => GatewayEndpoints;
  readonly snapshots: SnapshotSink;
  readonly statuses: StatusSink;
  /** Takes the key sets to keep fetched. */
  readonly wantKeys: (keys: readonly RemoteKeys[]) => void;
  /** Takes what is to become of what is made for each Gateway. */
  readonly provision?: (infrastructure: Translation['infrastructure']) => void;
  /** Takes all notices of a translation. */
  readonly notice: (notices: readonly Notice[]) => void;
  /** Hears of each pass, for metrics. */
  readonly passed?: (pass: Pass) => void;
  readonly delayMs?: number;
  readonly maxDelayMs?: number;
}

/** What one pass did, and how long it took. */
export interface Pass {
  readonly kind: 'Translation' | 'Endpoints' | 'Order';
  readonly gateways: number;
  readonly durationMs: number;
}

/** `start` once; `stop` ends it for good. */
export interface Loop {
  /** Begins once the store is synced. */
  start(): void;
  stop(): void;
  /** Something that the store does not tell of has changed: composes all anew, soon. */
  renew(): void;
  /** The newest translation; null before the first. */
  readonly translation: Translation | null;
}

const defaultDelayMs = 5;
/** For a change after a rest, as long as it is alone: nobody waits for what may not come. */
const aloneDelayMs = 1;
const defaultMaxDelayMs = 50;
/** A snapshot must not look older than it is: its order follows the mark even when nothing else changes. */
const progressDelayMs = 1_000;

/** A loop over `options.store`; `start` it once. */
export function createLoop(options: LoopOptions): Loop {
  return new TranslationLoop(options);
}

/** The set of a Gateway, and what it was put together from. */
interface Composed {
  readonly endpoints: GatewayEndpoints;
  readonly translated: ResourceSet;
  readonly moving: ResourceSet;
  readonly set: ShelvedMap<ResourceId, Resource>;
}

class TranslationLoop implements Loop {
  readonly #options: LoopOptions;
  readonly #lists: ListPace;
  #gathered = { translate: false, services: new Set<string>() };
  #translation: Translation | null = null;
  /** What was put last, by Gateway. */
  readonly #composed = new Map<GatewayKey, Composed>();
  #firstAt: number | null = null;
  #passAt: number | null = null;
  /** When the last pass began. */
  #passedAt = -Infinity;
  #callOff: (() => void) | null = null;
  #unsubscribe: (() => void) | null = null;

  constructor(options: LoopOptions) {
    this.#options = options;
    const { clock, store } = options;
    this.#lists = new ListPace({ clock, objects: store.objects, renew: () => this.renew() });
  }

  get translation(): Translation | null {
    return this.#translation;
  }

  start(): void {
    assert(this.#unsubscribe === null, 'a loop starts once');
    this.#unsubscribe = this.#options.store.subscribe((change) => this.#gather(change));
    this.#gathered.translate = true;
    this.#schedule(this.#options.delayMs ?? defaultDelayMs);
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#callOff?.();
    this.#callOff = null;
    this.#lists.stop();
  }

  renew(): void {
    this.#gathered.translate = true;
    this.#schedule(this.#options.delayMs ?? defaultDelayMs);
  }

  #gather(change: StoreChange): void {
    switch (change.kind) {
      case 'Object':
      case 'Served':
      case 'Keys':
      case 'Provisioning':
      case 'Quotas':
      case 'DataPlanes':
        this.#gathered.translate = true;
        break;
      case 'Endpoints':
        this.#gathered.services.add(`${change.namespace}/${change.service}`);
        break;
      case 'Progress':
      case 'Status':
        this.#schedule(progressDelayMs);
        return;
      case 'Refused':
        return;
      default:
        change satisfies never;
    }
    this.#schedule(this.#options.delayMs ?? defaultDelayMs);
  }

  /** Each change puts the pass off by the delay, but never beyond the maximum since the first. */
  #schedule(askedMs: number): void {
    const { clock, store, maxDelayMs = defaultMaxDelayMs } = this.#options;
    const now = clock.elapsed();
    const isAlone = this.#firstAt === null && now - this.#passedAt > maxDelayMs;
    const delayMs = isAlone && askedMs < progressDelayMs ? Math.min(askedMs, aloneDelayMs) : askedMs;
    if (!store.synced || (this.#passAt !== null && delayMs === progressDelayMs)) {
      return;
    }
    if (delayMs < progressDelayMs) {
      this.#firstAt ??= now;
    }
    this.#callOff?.();
    const at = Math.min(now + delayMs, this.#firstAt === null ? Infinity : this.#firstAt + maxDelayMs);
    this.#passAt = at;
    this.#callOff = clock.after(Math.max(0, at - now), () => this.#pass());
  }

  #pass(): void {
    this.#callOff = null;
    this.#firstAt = null;
    this.#passAt = null;
    const { translate, services } = this.#gathered;
    // Before the work: what it causes to be observed must bring another pass.
    this.#gathered = { translate: false, services: new Set() };
    const begun = this.#options.clock.elapsed();
    this.#passedAt = begun;
    const full = translate || this.#translation === null;
    const touched = full ? this.#translate(services) : this.#renewEndpoints(services);
    const kind = full ? 'Translation' : services.size > 0 ? 'Endpoints' : 'Order';
    this.#options.passed?.({
      kind,
      gateways: touched,
      durationMs: this.#options.clock.elapsed() - begun,
    });
  }

  #translate(services: ReadonlySet<string>): number {
    const { store, settings, snapshots, statuses, wantKeys, notice } = this.#options;
    const before = this.#translation;
    this.#lists.turn();
    const translation = this.#options.translate({
      settings,
      objects: store.objects,
      observations: store.observations,
      lists: this.#lists,
    });
    this.#translation = translation;
    for (const gateway of translation.snapshots.keys()) {
      this.#compose(translation, gateway, services);
    }
    for (const gateway of before?.snapshots.keys() ?? []) {
      if (!translation.snapshots.has(gateway)) {
        this.#composed.delete(gateway);
        snapshots.remove(gateway);
      }
    }
    wantKeys(translation.remoteKeys);
    this.#options.provision?.(translation.infrastructure);
    statuses.put(translation.statuses);
    notice(translation.notices);
    return translation.snapshots.size;
  }

  #renewEndpoints(services: ReadonlySet<string>): number {
    const translation = this.#translation;
    assert(translation);
    let renewed = 0;
    for (const [gateway, { set }] of this.#composed) {
      if (this.#compose(translation, gateway, services) !== set) renewed += 1;
    }
    return renewed;
  }

  /** Puts what is known of the Gateway now, and answers it. Costs what is another one than the last time. */
  #compose(translation: Translation, gateway: GatewayKey, services: ReadonlySet<string>): ResourceSet {
    const { store, endpointsOf, snapshots } = this.#options;
    const before = this.#composed.get(gateway) ?? { ...nothingComposed, endpoints: endpointsOf(gateway) };
    const translated = translation.snapshots.get(gateway) ?? nothingComposed.set;
    const moving = before.endpoints.compose(translation.endpointSources.get(gateway) ?? noSources, services);
    const set = before.set.with([
      ...changesOf(before.translated, translated),
      ...changesOf(before.moving, moving),
    ]);
    this.#composed.set(gateway, { ...before, translated, moving, set });
    snapshots.put(gateway, set, store.order);
    return set;
  }
}

const nothing = ShelvedMap.empty<ResourceId, Resource>();
const nothingComposed = { translated: nothing, moving: nothing, set: nothing } as const;
const noSources: ReadonlyMap<ResourceId, EndpointSource> = ShelvedMap.empty();

function changesOf(
  before: ResourceSet,
  now: ResourceSet,
): readonly (readonly [ResourceId, Resource | undefined])[] {
  return changedKeys(before, now).map((id) => [id, now.get(id)] as const);
}
