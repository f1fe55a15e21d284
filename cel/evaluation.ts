import type { Mapping, Meter, Value } from './value.ts';

/**
 * What one evaluation may cost. A unit is about what a step through a list costs, 32 characters that are read, or 8
 * steps of a pattern; all of it takes milliseconds at most, whatever the request brings.
 */
export const budget = 50_000;

/** The longest text that an expression may put together, in characters. */
export const textMax = 65_536;

/** An evaluation that came to no value. Made once for each place and reason: no stack is taken for a request. */
export class EvaluationFailure extends Error {
  override readonly name = 'EvaluationFailure';
}

/** Told apart from all others, for no `||` and no `exists` may go on after it. */
export const exhausted = new EvaluationFailure('it takes too long');

/** One evaluation: whom it is about, what it may still cost, what it has read, the variables of its macros. */
export class Frame<Subject> implements Meter {
  readonly subject: Subject;
  /** By places that the builder gives out. */
  readonly locals: (Value | undefined)[] = [];
  #left = budget;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** Takes `units` off the budget; throws when it is used up. */
  charge(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw exhausted;
  }

  /** For a text that is read from end to end. */
  chargeText(text: string): void {
    if (text.length >= 32) this.charge(text.length >> 5);
  }

  chargeList(list: readonly Value[]): void {
    if (list.length >= 4) this.charge(list.length >> 2);
  }

  /** What a macro goes through: the members of a list, the keys of a map. */
  chargeKeys(mapping: Mapping): readonly string[] {
    const keys = mapping.keys(this);
    this.charge(keys.length);
    return keys;
  }
}

/** A part of an expression, ready to be evaluated. */
export type Thunk<Subject> = (frame: Frame<Subject>) => Value;

/** A part that may have no value, which is no failure. */
export type Probe<Subject> = (frame: Frame<Subject>) => Value | undefined;

/** Where in the text something stands; makes its failures. */
export class Place {
  readonly #column: string;
  readonly #failures = new Map<string, EvaluationFailure>();

  /** `column`: as it is told to people. */
  constructor(column: string) {
    this.#column = column;
  }

  /** `what`: one of a few sentences, never what a request brought. */
  failure(what: string): EvaluationFailure {
    let failure = this.#failures.get(what);
    if (failure === undefined) {
      failure = new EvaluationFailure(`${this.#column}: ${what}`);
      this.#failures.set(what, failure);
    }
    return failure;
  }
}

/** What keeps a text from being an expression; thrown while it is compiled, never beyond. */
export class CompileFailure extends Error {
  override readonly name = 'CompileFailure';
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** For a call at `offset` of what is no function here. */
export function unknownFunction(offset: number, name: string): CompileFailure {
  return new CompileFailure(offset, `there is no function ${name}() here`);
}
