import type { EndpointGroup, Endpoints } from '#snapshot/cluster.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { joinedEndpoints, type EndpointLists } from '#snapshot/joined-endpoints.ts';
import { sameList } from '#snapshot/same-list.ts';

interface Joined extends Pick<Endpoints, 'endpoints'> {
  readonly own: Endpoints | undefined;
  readonly groups: readonly EndpointGroup[];
}

/** The endpoints of one snapshot after another, those told in groups put together. */
export class GroupedEndpoints {
  #joined: ReadonlyMap<ResourceId, Joined> = new Map();

  /** Those of `all` with `groups`. */
  lists(all: ReadonlyMap<ResourceId, Endpoints>, groups: readonly EndpointGroup[]): EndpointLists {
    const byOwner = Map.groupBy(groups, ({ of }) => of);
    const joined = new Map([...byOwner].map(([of, some]) => [of, this.#join(of, all.get(of), some)]));
    this.#joined = joined;
    return { get: (id) => joined.get(id) ?? all.get(id) };
  }

  #join(of: ResourceId, own: Endpoints | undefined, groups: readonly EndpointGroup[]): Joined {
    const before = this.#joined.get(of);
    if (before?.own === own && before !== undefined && sameList(before.groups, groups)) return before;
    const inOrder = groups.toSorted((one, other) => (one.id < other.id ? -1 : 1));
    const lists = [own?.endpoints ?? [], ...inOrder.map(({ endpoints }) => endpoints)];
    return { own, groups, endpoints: joinedEndpoints(lists) };
  }
}
