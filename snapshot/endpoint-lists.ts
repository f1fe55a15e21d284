import type { EndpointGroup, Endpoints } from './cluster.ts';
import type { ResourceId } from './ids.ts';

/** What is told of one cluster's endpoints: one list, and groups of which each is told for itself. */
export interface EndpointList extends Pick<Endpoints, 'endpoints'> {
  readonly groups?: readonly EndpointGroup[];
}

/** Endpoints by their ids; what is told of a cluster is the same object as before while it is the same. */
export interface EndpointLists {
  get(id: ResourceId): EndpointList | undefined;
}
