// The control plane put together, but for its two ends: where objects come from, and where snapshots and statuses
// go. The cluster's controller and the standalone command hand those in. Decides nothing.
import { decodeObject, kinds } from '#crds/kind.ts';
import { compileEndpoints } from './endpoints/endpoints.ts';
import { createEndpointsComposer, type ComposerOptions } from './endpoints/composer.ts';
import { ruleOfNetworks } from './keys/trusted-networks.ts';
import { KeyFetcher } from './keys/key-fetcher.ts';
import { createLoop } from './loop.ts';
import { QuotaWatch } from './quota-watch.ts';
import { Store } from './store/store.ts';
import { readKeys } from './translate/policies/key-set.ts';
import { createTranslator } from './translate/translate.ts';
import type { Kind } from '#crds/kind.ts';
import { resourceId, type GatewayKey } from '#snapshot/ids.ts';
import type { Clock } from './clock.ts';
import type { EndpointScope } from './endpoints/address.ts';
import type { Resolve } from './keys/fetch-document.ts';
import type { KeysEvent } from './keys/key-fetcher.ts';
import type { DataPlanes } from './publish/observation-table.ts';
import type { Loop, LoopOptions, SnapshotSink, StatusSink } from './loop.ts';
import type { TranslationSettings } from './translate/input.ts';

export interface ControlPlaneOptions {
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly settings: TranslationSettings;
  readonly resolve: Resolve;
  readonly snapshots: SnapshotSink;
  readonly statuses: StatusSink;
  readonly notice: LoopOptions['notice'];
  readonly passed: NonNullable<LoopOptions['passed']>;
  readonly reportKeys: (event: KeysEvent) => void;
  /** See ComposerOptions; nothing by default. */
  readonly ticketSecret?: ComposerOptions['ticketSecret'];
  readonly sessionSecret?: ComposerOptions['sessionSecret'];
  readonly loginSecret?: ComposerOptions['loginSecret'];
  /** See LoopOptions. */
  readonly provision?: LoopOptions['provision'];
}

/** The parts that its owner has to do with. */
export interface ControlPlane {
  /** Sources tell it of objects. */
  readonly store: Store;
  /** Takes what is known of a Gateway's data planes. */
  observe(gateway: GatewayKey, dataPlanes: DataPlanes): void;
  /** Stop it at the end. */
  readonly quotas: QuotaWatch;
  /** Fetches nothing before it is told to `lead`. */
  readonly keys: KeyFetcher;
  /** Start it when all who listen to the store do. */
  readonly loop: Loop;
}

/** A control plane over an empty store. */
export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { clock, settings } = options;
  const store = new Store({ kinds: Object.keys(kinds) as Kind[], decode: decodeObject });
  const scope: EndpointScope = settings.dataPlanes === 'Standalone' ? 'Standalone' : 'Cluster';
  const keys = createKeys(options, store, scope);
  const translator = createTranslator();
  const slicesOf = (namespace: string, service: string) => store.slicesOf(namespace, service);
  const composing: ComposerOptions = {
    objects: store.objects,
    slicesOf,
    scope,
    ticketSecret: options.ticketSecret ?? ((): null => null),
    sessionSecret: options.sessionSecret ?? ((): null => null),
    loginSecret: options.loginSecret ?? ((): null => null),
  };
  const loop = createLoop({
    clock,
    store,
    settings,
    translate: (input) => translator.translate(input),
    endpointsOf: (gateway) => createEndpointsComposer(composing, gateway),
    snapshots: options.snapshots,
    statuses: options.statuses,
    wantKeys: (wanted) => keys.want(wanted),
    notice: options.notice,
    passed: options.passed,
    ...(options.provision === undefined ? {} : { provision: options.provision }),
  });
  const quotas = new QuotaWatch(clock, (used) => store.observeQuotas(used));
  return Object.freeze({
    store,
    keys,
    loop,
    quotas,
    observe(gateway: GatewayKey, dataPlanes: DataPlanes) {
      store.observeDataPlanes(gateway, dataPlanes);
      quotas.told(dataPlanes.near);
    },
  });
}

function createKeys(options: ControlPlaneOptions, store: Store, scope: EndpointScope): KeyFetcher {
  const { clock, random, resolve } = options;
  const keys = new KeyFetcher({
    clock,
    random,
    resolve,
    rule: ruleOfNetworks(options.settings.trustedNetworks),
    endpointsOf(namespace, service, port) {
      const found = store.objects.get('Service', namespace, service);
      const portName = found?.spec.ports.find((one) => one.port === port)?.name;
      if (portName === undefined) {
        return [];
      }
      const source = { id: resourceId('Endpoints', namespace, service), namespace, service, portName };
      const { endpoints } = compileEndpoints(source, store.slicesOf(namespace, service), scope);
      return endpoints.filter(({ state }) => state === 'Ready');
    },
    readKeys,
    onKeys: (id, keys) => store.observeKeys(id, keys),
    report: options.reportKeys,
  });
  store.subscribe((change) => {
    if (change.kind === 'Endpoints') {
      keys.endpointsChanged(change.namespace, change.service);
    } else if (change.kind === 'Object' && change.of === 'Service') {
      keys.endpointsChanged(change.namespace, change.name);
    }
  });
  return keys;
}
