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
  readonly #served = new Map<ResourceId, Served<Input, Output>>();
  /** How often other inputs came. */
  #rounds = 0;
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

  // Hot path: of thousands of inputs each change brings one, and the others should cost a look.
  #takeOver(inputs: readonly Input[]): void {
    this.#rounds += 1;
    const outputs: Output[] = [];
    const refused: Refused[] = [];
    for (const input of inputs) {
      const { reason, output } = this.#serve(input);
      if (reason !== null) refused.push({ id: input.id, reason });
      if (output !== null) outputs.push(output);
    }
    if (this.#served.size > inputs.length) this.#forget();
    this.#inputs = inputs;
    this.#outputs = outputs;
    this.#refused = refused;
  }

  #serve(input: Input): Served<Input, Output> {
    const last = this.#served.get(input.id);
    if (last?.input === input) {
      last.round = this.#rounds;
      return last;
    }
    const made = this.#make(input);
    const served = made.ok
      ? { input, reason: null, output: made.value, round: this.#rounds }
      : { input, reason: made.reason, output: last?.output ?? null, round: this.#rounds };
    this.#served.set(input.id, served);
    return served;
  }

  /** Forgets all that the last inputs did not have. */
  #forget(): void {
    for (const [id, { round }] of this.#served) if (round !== this.#rounds) this.#served.delete(id);
  }
}

interface Served<Input, Output> {
  readonly input: Input;
  /** Why nothing could be made of this very input. */
  readonly reason: string | null;
  readonly output: Output | null;
  /** The one that it was met in last. */
  round: number;
}
