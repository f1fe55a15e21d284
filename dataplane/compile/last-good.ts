import type { ResourceId } from '#snapshot/ids.ts';

export type Made<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly reason: string };

/**
 * Makes something of each resource of a kind, once as long as the resource is the same object. Of one that nothing
 * can be made of, what was last made under its id goes on; it ends when the id leaves the snapshot.
 */
export class LastGood<Input extends { readonly id: ResourceId }, Output> {
  readonly #make: (input: Input) => Made<Output>;
  #last: ReadonlyMap<
    ResourceId,
    { readonly input: Input; readonly made: Made<Output>; readonly good: Output | null }
  > = new Map();

  constructor(make: (input: Input) => Made<Output>) {
    this.#make = make;
  }

  /** What serves for `inputs`, in their order; those it could not be made of are added to `refused`. */
  takeOver(
    inputs: readonly Input[],
    refused: { push(one: { readonly id: ResourceId; readonly reason: string }): unknown },
  ): readonly Output[] {
    const next = new Map<ResourceId, { input: Input; made: Made<Output>; good: Output | null }>();
    const outputs: Output[] = [];
    for (const input of inputs) {
      const last = this.#last.get(input.id);
      const made = last?.input === input ? last.made : this.#make(input);
      const good = made.ok ? made.value : (last?.good ?? null);
      next.set(input.id, { input, made, good });
      if (!made.ok) refused.push({ id: input.id, reason: made.reason });
      if (good !== null) outputs.push(good);
    }
    this.#last = next;
    return outputs;
  }
}
