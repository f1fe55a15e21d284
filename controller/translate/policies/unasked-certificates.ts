// A policy may let clients in by their certificates where no listener asks for one.
import { gatewayOf, type GatewayKey, type ResourceId } from '#snapshot/ids.ts';
import { filtersOf, type Listener } from '#snapshot/listener.ts';
import { attachedRoutesUnit } from '../attached-routes.ts';
import { gatewayListenersUnit } from '../listener-set.ts';
import { listenerId } from '../listeners.ts';
import { entryOf } from '../map-entry.ts';
import type { Read, Unit } from '../memo.ts';
import { listenerUnit } from '../served-listener.ts';
import type { PolicyModel } from './policy.ts';

/** Listeners where a policy waits for certificates in vain. */
export interface UnaskedCertificates {
  readonly listeners: readonly string[];
  /** Whether no other way in is left there. */
  readonly isOnly: boolean;
}

/** Names of the listeners of `gateway` that ask clients for no certificate though `policy` lets them in by theirs; null for none. */
export function unaskedCertificates(
  read: Read,
  gateway: GatewayKey,
  policy: PolicyModel,
): UnaskedCertificates | null {
  const asking = policy.resources.find((one) => one.kind === 'Authentication');
  if (asking?.alternatives.some((way) => way.kind === 'ClientCertificate') !== true) {
    return null;
  }
  const { namespace, name } = gatewayOf(gateway);
  const listeners = read.ask(waitingUnit, namespace, name, asking.id);
  const isOnly = asking.alternatives.every((way) => way.kind === 'ClientCertificate') && !asking.optional;
  return listeners.length === 0 ? null : { listeners, isOnly };
}

/** Names of the listeners that ask clients for no certificate, by the authentications that their requests meet. */
const unaskedUnit: Unit<ReadonlyMap<ResourceId, readonly string[]>> = {
  name: 'unasked certificates',
  compute(read, ...gateway) {
    const met = read.ask(metUnit, ...gateway);
    const [namespace = '', name = ''] = gateway;
    const found = new Map<ResourceId, string[]>();
    for (const { key } of read.ask(gatewayListenersUnit, ...gateway)) {
      const { resource } = read.ask(listenerUnit, ...gateway, key);
      if (resource?.protocol === 'HTTPS' && resource.tls.clientCertificates !== null) continue;
      const ofRoutes = met.get(listenerId({ namespace, name }, key)) ?? [];
      for (const id of new Set([...ofRoutes, ...ofFilters(resource)])) {
        found.getOrInsertComputed(id, () => []).push(key);
      }
    }
    return new Map([...found].map(([id, keys]) => [id, keys.sort()]));
  },
};

const waitingUnit = entryOf('waiting for certificates', unaskedUnit, []);

/** The authentications of the routes at each listener. */
const metUnit: Unit<ReadonlyMap<ResourceId, readonly ResourceId[]>> = {
  name: 'authentications at listeners',
  compute(read, ...gateway) {
    const found = new Map<ResourceId, Set<ResourceId>>();
    for (const { rules, attachments } of read
      .ask(attachedRoutesUnit, ...gateway)
      .flatMap((one) => one.routes)) {
      const ids = new Set(rules.flatMap(({ authentications }) => authentications));
      for (const { listener } of attachments) {
        const there = found.getOrInsertComputed(listener, () => new Set());
        for (const id of ids) there.add(id);
      }
    }
    return new Map([...found].map(([listener, ids]) => [listener, [...ids]]));
  },
};

/** What the listener itself asks. */
function ofFilters(listener: Listener | null): readonly ResourceId[] {
  if (listener === null) return [];
  return filtersOf(listener).flatMap((one) => (one.kind === 'Authenticate' ? [one.authentication] : []));
}
