import type { RequestFilter } from '#dataplane/http/exchange.ts';
import { hashLength, planOf, type CredentialSet } from '#snapshot/credential-set.ts';

/** What the plan `<namespace>/<plan>` lets those do who have it. */
export type LimitsOfPlan = (name: string) => RequestFilter;

/** The keys of one credential set by their numbers: where in its text the line of each begins. */
export class CredentialTable {
  readonly namespace: string;
  /** Each line begins with the hash of its key. */
  readonly #lines: string;
  readonly #starts: Uint32Array;
  readonly #plans: readonly RequestFilter[];
  /** The number of each key's plan in {@link #plans} plus one; 0: none. Empty where nobody has one. */
  readonly #planAt: Uint32Array;

  constructor({ namespace, keys, plans }: CredentialSet, limitsOf: LimitsOfPlan) {
    this.namespace = namespace;
    this.#lines = keys.reveal();
    this.#starts = startsOf(this.#lines);
    this.#plans = plans.map((plan) => limitsOf(`${namespace}/${plan}`));
    const numbers = new Map(plans.map((plan, at) => [plan, at + 1]));
    this.#planAt = new Uint32Array(plans.length === 0 ? 0 : this.size).map(
      (_, at) => numbers.get(planOf(this.toldAt(at))) ?? 0,
    );
  }

  get size(): number {
    return this.#starts.length;
  }

  /** The hash of a key, base64url. */
  hashAt(at: number): string {
    const start = this.#starts[at] ?? 0;
    return this.#lines.slice(start, start + hashLength);
  }

  /** Whether `digest` is the hash of a key; takes as long wherever they differ. */
  isHashAt(at: number, digest: string): boolean {
    const start = this.#starts[at] ?? 0;
    let difference = digest.length ^ hashLength;
    for (let place = 0; place < hashLength; place += 1) {
      difference |= this.#lines.charCodeAt(start + place) ^ digest.charCodeAt(place);
    }
    return difference === 0;
  }

  /** What is told of a key behind its hash. */
  toldAt(at: number): string {
    const start = (this.#starts[at] ?? 0) + hashLength + 1;
    const end = this.#lines.indexOf('\n', start);
    return this.#lines.slice(start, end === -1 ? undefined : end);
  }

  /** What the plan of a key's owner lets it do; null without. */
  limitsAt(at: number): RequestFilter | null {
    return this.#plans[(this.#planAt[at] ?? 0) - 1] ?? null;
  }
}

function startsOf(lines: string): Uint32Array {
  const starts: number[] = [];
  if (lines !== '') starts.push(0);
  for (let end = lines.indexOf('\n'); end !== -1; end = lines.indexOf('\n', end + 1)) starts.push(end + 1);
  return Uint32Array.from(starts);
}
