// What requests meet at a listener before a route is looked for (GEP-5224). What cannot be enforced closes the listener,
// which keeps its port and its hosts: were it not there, a wider listener would take its requests without asking.
import { guardKinds } from '#crds/policy.ts';
import type { ListenerFilter as WrittenFilter } from '#crds/gateway-api.ts';
import type { ListenerFilter } from '#snapshot/listener.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { writtenListener, type ListenerParent, type ListenerShape } from '../listeners.ts';
import type { Read } from '../memo.ts';
import { isAbsent, type PolicyModel } from '../policies/policy.ts';
import { policyUnits } from '../policies/protection.ts';
import { fieldOf, type Problem } from '../problem.ts';
import type { EndpointSource } from '../translation.ts';
import { askedServices, askingFilter } from './external-auth.ts';

/** The filters of a listener, read. */
export interface FoundFilters {
  readonly filters: readonly ListenerFilter[];
  /** What these name, and what it takes to reach that. */
  readonly resources: readonly Resource[];
  readonly sources: readonly EndpointSource[];
  /** Why the listener is not accepted. */
  readonly refused: Problem | null;
  /** References that lead to nothing. */
  readonly problems: readonly Problem[];
}

type FoundFilter = Partial<FoundFilters>;

/** The filters of the listener of `shape`, in their order. */
export function listenerFilters(read: Read, shape: ListenerShape): FoundFilters {
  const { listener, field } = writtenListener(read, shape);
  const found = (listener?.filters?.requests ?? []).map((one, index) =>
    foundFilter(read, shape.parent, one, `${field}.filters.requests[${String(index)}]`),
  );
  return {
    filters: found.flatMap((one) => one.filters ?? []),
    resources: found.flatMap((one) => one.resources ?? []),
    sources: found.flatMap((one) => one.sources ?? []),
    refused: found.find((one) => one.refused)?.refused ?? null,
    problems: found.flatMap((one) => one.problems ?? []),
  };
}

/** In place of the filters of a listener that cannot be enforced, for `problem`. */
export function closedFilters({ parent }: ListenerShape, problem: Problem): readonly ListenerFilter[] {
  const reason = `${parent.kind} ${parent.namespace}/${parent.name}: ${fieldOf(problem)} cannot be enforced`;
  return [{ kind: 'Closed', reason }];
}

function foundFilter(read: Read, parent: ListenerParent, filter: WrittenFilter, field: string): FoundFilter {
  const { type, externalAuth, extensionRef } = filter;
  if (externalAuth !== undefined) {
    return asking(read, parent, externalAuth, `${field}.externalAuth`);
  }
  if (extensionRef !== undefined) {
    return pulledIn(read, parent, extensionRef, `${field}.extensionRef`);
  }
  const detail = `filters of type ${type} are not supported; use ExternalAuth or ExtensionRef. Until then all requests to the listener are answered with 500`;
  return { refused: { kind: 'UnsupportedValue', field: `${field}.type`, detail } };
}

type Written<Field extends keyof WrittenFilter> = NonNullable<WrittenFilter[Field]>;

/** A service that is asked. */
function asking(
  read: Read,
  parent: ListenerParent,
  told: Written<'externalAuth'>,
  field: string,
): FoundFilter {
  const filter = askingFilter(told, field);
  if ('kind' in filter) {
    return { refused: { ...filter, kind: 'ListenerFilterInvalid' } };
  }
  const { asked, problems } = askedServices(read, parent, [filter]);
  return {
    filters: asked.map(({ authentication: { id } }) => ({ kind: 'Authenticate', authentication: id })),
    resources: asked.flatMap(({ authentication, cluster }) => [authentication, cluster]),
    sources: asked.flatMap((one) => one.sources),
    problems: problems.map((cause) => unresolved(field, cause)),
  };
}

/** What is not permitted has a word of its own. */
function unresolved(field: string, cause: Problem): Problem {
  return cause.kind === 'BackendNotPermitted' ? cause : { kind: 'ListenerFilterUnresolved', field, cause };
}

/** A policy of the listener's own namespace, all of whose rules are asked in this place. */
function pulledIn(
  read: Read,
  { namespace }: ListenerParent,
  { group, kind, name }: Written<'extensionRef'>,
  field: string,
): FoundFilter {
  const known = guardKinds.find((one) => group === 'turnpike.dev' && one === kind);
  if (known === undefined) {
    return { problems: [{ kind: 'ExtensionKind', field, group, found: kind }] };
  }
  const policy = read.ask<PolicyModel | null>(policyUnits[known], namespace, name);
  const title = `${known} ${namespace}/${name}`;
  if (policy === null) {
    return { problems: [{ kind: 'ExtensionNotFound', field, extension: title }] };
  }
  if (isAbsent(policy)) {
    return {};
  }
  if (policy.closes !== null) {
    return { problems: [{ kind: 'ExtensionNotEnforced', field, extension: title }] };
  }
  const { resources, sources = [], parts } = policy;
  if (resources.some((one) => one.kind === 'Authentication' && one.resourceMetadata !== null)) {
    const detail = `${title} has resourceMetadata, which only rules of routes answer; target the listener by the policy's targetRefs instead`;
    return { refused: { kind: 'ListenerFilterInvalid', field, detail } };
  }
  const ids = parts.flatMap((part) => part.id ?? []);
  const filters = ids.map((id): ListenerFilter =>
    known === 'AuthPolicy' ? { kind: 'Authenticate', authentication: id } : { kind: 'Limit', rateLimit: id },
  );
  return { filters, resources, sources };
}
