import { infrastructureName } from '#snapshot/infrastructure-name.ts';
import { gatewayOf } from '#snapshot/ids.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { GatewayKey } from '#snapshot/ids.ts';

/**
 * Whether the data planes of a ServiceAccount may have a Gateway's snapshot, secrets and all: it is the one that
 * is made for the Gateway, in the Gateway's own namespace. Whoever may create it there owns the Gateway as well.
 */
export function mayServe(
  objects: ObjectReader,
  identity: { readonly namespace: string; readonly serviceAccount: string },
  gateway: GatewayKey,
): boolean {
  const { namespace, name } = gatewayOf(gateway);
  const found = objects.get('Gateway', namespace, name);
  return (
    found !== undefined &&
    identity.namespace === namespace &&
    identity.serviceAccount === infrastructureName(name, found.spec.gatewayClassName)
  );
}
