// Expressions of users (CEL): read and type-checked by a library, evaluated here, so that what one may cost is bounded
// and nothing but its variables can be reached (decision 0022). It knows neither policies nor requests: whom an
// expression is asked about is a matter of the variables it is compiled with.
import type { ASTNode } from '@marcbachmann/cel-js';
import { Builder } from './builder.ts';
import { CompileFailure, EvaluationFailure, Frame, type Thunk } from './evaluation.ts';
import { problemOf, type ExpressionProblem } from './problem.ts';
import { limits, type Variables } from './variables.ts';
import { Optional, type Value } from './value.ts';

/**
 * What an expression comes to: a yes or no, a text (an int, a double or a bool is spelt as CEL spells it), or a count: a whole
 * number from 0 to {@link countMax}.
 */
export interface ResultTypes {
  readonly bool: boolean;
  readonly text: string;
  readonly count: number;
}

/** More is no count. */
export const countMax = 1_000_000_000;

/** An expression that can be asked about any number of subjects. */
export interface Expression<Subject, Result> {
  readonly text: string;
  /** The variables it names, without their parts: `auth`, `request`. */
  readonly names: ReadonlySet<string>;
  /** Never throws, and takes milliseconds at most. */
  evaluate(subject: Subject): Evaluated<Result>;
}

/** `detail` is for the log; it holds nothing of the subject. */
export type Evaluated<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly detail: string };

export type CompiledExpression<Subject, Result> =
  | { readonly ok: true; readonly expression: Expression<Subject, Result> }
  | { readonly ok: false; readonly problem: ExpressionProblem };

/** Makes an expression of `text`, which may name `variables` and comes to `result`. */
export function compileExpression<Subject, Kind extends keyof ResultTypes>(
  text: string,
  { variables, result }: { readonly variables: Variables<Subject>; readonly result: Kind },
): CompiledExpression<Subject, ResultTypes[Kind]> {
  if (text.length > limits.characters) {
    const message = `it has more than ${String(limits.characters)} characters`;
    return { ok: false, problem: { line: 1, column: 1, message } };
  }
  try {
    const { ast, type } = variables.parse(text);
    checkType(ast, type, result);
    const builder = new Builder(text, variables);
    const thunk = builder.build(ast, builder.outermost);
    const read: (value: Value) => ResultTypes[Kind] | undefined = readers[result];
    return { ok: true, expression: expressionOf(text, builder.names, { thunk, read }) };
  } catch (error) {
    return { ok: false, problem: problemOf(text, error, variables) };
  }
}

/** `line 2, column 5`, or only the column where there is one line. */
export function placeIn(text: string, { line, column }: Pick<ExpressionProblem, 'line' | 'column'>): string {
  return text.trim().includes('\n')
    ? `line ${String(line)}, column ${String(column)}`
    : `column ${String(column)}`;
}

const fitting = {
  bool: new Set(['bool', 'dyn']),
  text: new Set(['string', 'int', 'double', 'bool', 'dyn', 'optional<string>', 'optional<dyn>']),
  count: new Set(['int', 'dyn']),
} satisfies Record<keyof ResultTypes, ReadonlySet<string>>;

const readers: { readonly [Kind in keyof ResultTypes]: (value: Value) => ResultTypes[Kind] | undefined } = {
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  text: textOf,
  count: countOf,
};

function textOf(value: Value): string | undefined {
  if (value instanceof Optional) return value.value === undefined ? undefined : textOf(value.value);
  if (typeof value === 'string') return value;
  return value === null || typeof value === 'object' ? undefined : String(value);
}

function countOf(value: Value): number | undefined {
  const count = typeof value === 'bigint' ? Number(value) : value;
  if (typeof count !== 'number' || !Number.isInteger(count)) return undefined;
  return count >= 0 && count <= countMax ? count : undefined;
}

const wanted = {
  bool: 'true or false',
  text: 'a text or a number',
  count: 'a whole number (int)',
} satisfies Record<keyof ResultTypes, string>;

function checkType(ast: ASTNode, type: string, result: keyof ResultTypes): void {
  if (fitting[result].has(type)) return;
  throw new CompileFailure(ast.start, `it must come to ${wanted[result]}, and comes to ${type}`);
}

function expressionOf<Subject, Result>(
  text: string,
  names: ReadonlySet<string>,
  { thunk, read }: { readonly thunk: Thunk<Subject>; readonly read: (value: Value) => Result | undefined },
): Expression<Subject, Result> {
  return {
    text,
    names,
    evaluate(subject) {
      try {
        const value = read(thunk(new Frame(subject)));
        return value === undefined ? unfitting : { ok: true, value };
      } catch (error) {
        return {
          ok: false,
          detail: error instanceof EvaluationFailure ? error.message : `it broke: ${nameOf(error)}`,
        };
      }
    },
  };
}

/** Data that is nested deeper than the stack is told by a RangeError. */
function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

const unfitting = Object.freeze({ ok: false, detail: 'it comes to no such value' });
