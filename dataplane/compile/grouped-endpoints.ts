import type { EndpointGroup, Endpoints } from '#snapshot/cluster.ts';
import type { EndpointList, EndpointLists } from '#snapshot/endpoint-lists.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { sameList } from '#snapshot/same-list.ts';

interface Grouped extends Required<EndpointList> {
  readonly own: Endpoints | undefined;
}

const none: Endpoints['endpoints'] = [];

/** The endpoints of one snapshot after another, with the groups that tell more of them. */
export class GroupedEndpoints {
  #grouped: ReadonlyMap<ResourceId, Grouped> = new Map();

  /** Those of `all` with `groups`. */
  lists(all: ReadonlyMap<ResourceId, Endpoints>, groups: readonly EndpointGroup[]): EndpointLists {
    const byOwner = Map.groupBy(groups, ({ of }) => of);
    const grouped = new Map([...byOwner].map(([of, some]) => [of, this.#group(of, all.get(of), some)]));
    this.#grouped = grouped;
    return { get: (id) => grouped.get(id) ?? all.get(id) };
  }

  #group(of: ResourceId, own: Endpoints | undefined, groups: readonly EndpointGroup[]): Grouped {
    const before = this.#grouped.get(of);
    if (before?.own === own && before !== undefined && sameList(before.groups, groups)) return before;
    return { own, groups, endpoints: own?.endpoints ?? none };
  }
}
