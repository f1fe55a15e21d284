import type { ResourceId } from '#snapshot/ids.ts';
import type { Refused } from '#snapshot/message.ts';

/** What a resource became, or why nothing. */
export type Made<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly reason: string };

/**
 * Makes something of each resource of a kind, once as long as the resource is the same object. Of one that nothing
 * can be made of, what was last made under its id goes on; it ends when the id leaves the snapshot.
 */
export class CarryOver<Input extends { readonly id: ResourceId }, Output> {
  readonly #make: (input: Input) => Made<Output>;
  #last: ReadonlyMap<ResourceId, Served<Input, Output>> = new Map();
  #inputs: readonly Input[] = [];
  #outputs: readonly Output[] = [];
  #refused: readonly Refused[] = [];

  constructor(make: (input: Input) => Made<Output>) {
    this.#make = make;
  }

  /** What serves for `inputs`, in their order; those it could not be made of are added to `refused`. */
  takeOver(inputs: readonly Input[], refused: { push(one: Refused): unknown }): readonly Output[] {
    if (inputs !== this.#inputs) this.#takeOver(inputs);
    for (const one of this.#refused) refused.push(one);
    return this.#outputs;
  }

  #takeOver(inputs: readonly Input[]): void {
    const next = new Map<ResourceId, Served<Input, Output>>();
    const outputs: Output[] = [];
    const refused: Refused[] = [];
    for (const input of inputs) {
      const served = this.#serve(input);
      next.set(input.id, served);
      if (served.reason !== null) refused.push({ id: input.id, reason: served.reason });
      if (served.output !== null) outputs.push(served.output);
    }
    this.#last = next;
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#refused = refused;
  }

  #serve(input: Input): Served<Input, Output> {
    const last = this.#last.get(input.id);
    if (last?.input === input) return last;
    const made = this.#make(input);
    if (made.ok) return { input, reason: null, output: made.value };
    return { input, reason: made.reason, output: last?.output ?? null };
  }
}

interface Served<Input, Output> {
  readonly input: Input;
  /** Why nothing could be made of this very input. */
  readonly reason: string | null;
  readonly output: Output | null;
}
