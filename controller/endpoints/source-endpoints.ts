import type { EndpointSlice } from '#crds/kubernetes.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import type { EndpointSource } from '#controller/translate/translation.ts';
import type { EndpointScope } from './address.ts';
import { compileEndpointGroup, compileEndpoints, groupId } from './endpoints.ts';

/** What is told other than before; undefined: no more. */
export type Changes = readonly (readonly [ResourceId, Resource | undefined])[];

/** With more slices each is told as a group, so that an endpoint that moves is told with its neighbours alone. */
const wholeSlicesMax = 4;
const noGroups: ReadonlyMap<ResourceId, EndpointSlice> = new Map();

/** The Endpoints resource of one source, and its groups where it has many slices. */
export class SourceEndpoints {
  readonly #source: EndpointSource;
  readonly #scope: EndpointScope;
  #groups = noGroups;

  constructor(source: EndpointSource, scope: EndpointScope) {
    this.#source = source;
    this.#scope = scope;
  }

  /** These are the slices from now on. */
  follow(slices: readonly EndpointSlice[]): Changes {
    const source = this.#source;
    const before = this.#groups;
    const isWhole = slices.length <= wholeSlicesMax;
    this.#groups = isWhole ? noGroups : new Map(slices.map((slice) => [groupId(source, slice), slice]));
    const changed = [...this.#groups].filter(([id, slice]) => before.get(id) !== slice);
    const gone = before.keys().filter((id) => !this.#groups.has(id));
    return [
      ...(isWhole || before.size === 0 ? [this.#whole(isWhole ? slices : [])] : []),
      ...changed.map(([id, slice]) => [id, compileEndpointGroup(source, slice, this.#scope)] as const),
      ...Array.from(gone, (id) => [id, undefined] as const),
    ];
  }

  /** Nobody asks for them any more. */
  end(): Changes {
    return [this.#source.id, ...this.#groups.keys()].map((id) => [id, undefined] as const);
  }

  #whole(slices: readonly EndpointSlice[]): Changes[number] {
    return [this.#source.id, compileEndpoints(this.#source, slices, this.#scope)];
  }
}
