import type { Endpoint } from '#snapshot/cluster.ts';
import { byAddressAndPort } from '#snapshot/endpoint-order.ts';
import { sameList } from '#snapshot/same-list.ts';
import type { Resource } from '#snapshot/snapshot.ts';

/**
 * The resource, with endpoints that `before` has just so as the very same objects: of a hundred that are told anew one
 * has moved, and who follows them sees that at once. Any other resource as it is.
 */
export function withSharedEndpoints(resource: Resource, before: Resource | undefined): Resource {
  if (!tellsEndpoints(resource) || before === undefined || !tellsEndpoints(before)) return resource;
  const known = before.endpoints;
  let at = 0;
  const endpoints = resource.endpoints.map((one) => {
    for (let other = known[at]; other !== undefined && byAddressAndPort(other, one) < 0; other = known[at])
      at += 1;
    const other = known[at];
    return other !== undefined && isSame(other, one) ? other : one;
  });
  return Object.freeze({ ...resource, endpoints: Object.freeze(endpoints) });
}

function tellsEndpoints(
  resource: Resource,
): resource is Extract<Resource, { readonly endpoints: readonly Endpoint[] }> {
  return resource.kind === 'Endpoints' || resource.kind === 'EndpointGroup';
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  return (
    byAddressAndPort(one, other) === 0 &&
    one.state === other.state &&
    sameList(one.forZones, other.forZones) &&
    sameList(one.forNodes, other.forNodes)
  );
}
