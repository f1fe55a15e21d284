// A policy may let clients in by their certificates where no listener asks for one.
import type { Authentication } from '#snapshot/authentication.ts';
import { gatewayOf, type GatewayKey, type ResourceId } from '#snapshot/ids.ts';
import type { Listener } from '#snapshot/listener.ts';
import { attachedRoutesUnit } from '../attached-routes.ts';
import { gatewayListenersUnit } from '../listener-set.ts';
import { listenerId } from '../listeners.ts';
import type { Read } from '../memo.ts';
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
  const ids = new Set(
    read.ask(attachedRoutesUnit, namespace, name).flatMap(({ routes }) => idsWith(asking, routes)),
  );
  const listeners = read
    .ask(gatewayListenersUnit, namespace, name)
    .map(({ key }) => key)
    .filter((key) => {
      const { resource } = read.ask(listenerUnit, namespace, name, key);
      if (!ids.has(listenerId({ namespace, name }, key)) && !filtersBy(asking, resource)) return false;
      return resource?.protocol !== 'HTTPS' || resource.tls.clientCertificates === null;
    })
    .sort();
  const isOnly = asking.alternatives.every((way) => way.kind === 'ClientCertificate') && !asking.optional;
  return listeners.length === 0 ? null : { listeners, isOnly };
}

/** Whether the listener itself asks so. */
function filtersBy({ id }: Authentication, listener: Listener | null): boolean {
  const filters = listener !== null && 'filters' in listener ? listener.filters : [];
  return filters.some((one) => one.kind === 'Authenticate' && one.authentication === id);
}

type Routes = readonly {
  readonly rules: readonly { readonly authentications: readonly ResourceId[] }[];
  readonly attachments: readonly { readonly listener: ResourceId }[];
}[];

function idsWith({ id }: Authentication, routes: Routes): readonly ResourceId[] {
  return routes
    .filter(({ rules }) => rules.some(({ authentications }) => authentications.includes(id)))
    .flatMap(({ attachments }) => attachments.map(({ listener }) => listener));
}
