import { arithmetic } from './arithmetic.ts';
import type { Builder, NodeOf, Scope } from './builder.ts';
import { areEqual, isList, isNumber, orderOf } from './comparison.ts';
import { EvaluationFailure, exhausted, type Frame, type Place, type Thunk } from './evaluation.ts';
import { entryIn } from './members.ts';
import { Mapping, type Value } from './value.ts';

type BinaryOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%';

/** Nodes of all operators that stand between or before values. */
export type OperatorNode = NodeOf<BinaryOperator | '||' | '&&' | '?:' | '!_' | '-_'>;

/** What evaluates the operator of `node`. */
export function buildOperator<Subject>(
  builder: Builder<Subject>,
  node: OperatorNode,
  scope: Scope,
): Thunk<Subject> {
  switch (node.op) {
    case '||':
    case '&&':
      return either(builder, node, scope);
    case '?:':
      return ternary(builder, node, scope);
    case '!_':
      return not(builder.build(node.args, scope), builder.placeOf(node));
    case '-_':
      return negative(builder.build(node.args, scope), builder.placeOf(node));
    case '==':
    case '!=':
    case 'in':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return binary(builder, node, scope);
    default:
      return node satisfies never;
  }
}

function binary<Subject>(
  builder: Builder<Subject>,
  node: NodeOf<BinaryOperator>,
  scope: Scope,
): Thunk<Subject> {
  const left = builder.build(node.args[0], scope);
  const right = builder.build(node.args[1], scope);
  const place = builder.placeOf(node);
  switch (node.op) {
    case '==':
      return (frame) => areEqual(left(frame), right(frame), frame);
    case '!=':
      return (frame) => !areEqual(left(frame), right(frame), frame);
    case 'in':
      return (frame) => isIn(left(frame), right(frame), frame, place);
    case '<':
      return (frame) => order(left(frame), right(frame), frame, place) < 0;
    case '<=':
      return (frame) => order(left(frame), right(frame), frame, place) <= 0;
    case '>':
      return (frame) => order(left(frame), right(frame), frame, place) > 0;
    case '>=':
      return (frame) => order(left(frame), right(frame), frame, place) >= 0;
    case '+':
    case '-':
    case '*':
    case '/':
    case '%': {
      const apply = arithmetic(node.op, place);
      return (frame) => apply(left(frame), right(frame), frame);
    }
    default:
      return node satisfies never;
  }
}

function order(a: Value, b: Value, frame: Frame<unknown>, place: Place): number {
  const known = orderOf(a, b, frame);
  if (known === undefined) throw place.failure('these two have no order');
  return known;
}

function isIn(value: Value, all: Value, frame: Frame<unknown>, place: Place): boolean {
  if (all instanceof Mapping) return typeof value === 'string' && entryIn(all, value, frame) !== undefined;
  if (!isList(all)) throw place.failure('in needs a list or a map');
  frame.chargeList(all);
  for (const member of all) {
    if (areEqual(value, member, frame)) return true;
  }
  return false;
}

/**
 * `||` and `&&`: either side may decide, also where the other one fails (CEL's commutative logic); what is left
 * undecided fails as its left side does.
 */
function either<Subject>(builder: Builder<Subject>, node: NodeOf<'||' | '&&'>, scope: Scope): Thunk<Subject> {
  const left = builder.build(node.args[0], scope);
  const right = builder.build(node.args[1], scope);
  const decides = node.op === '||';
  const place = builder.placeOf(node);
  return (frame) => {
    let failure: EvaluationFailure | null = null;
    try {
      const value = left(frame);
      if (value === decides) return decides;
      if (typeof value !== 'boolean') failure = place.failure('not true or false');
    } catch (error) {
      failure = absorbed(error);
    }
    const value = right(frame);
    if (value === decides) return decides;
    if (failure !== null) throw failure;
    if (typeof value !== 'boolean') throw place.failure('not true or false');
    return value;
  };
}

/** The failure that something else may yet make up for. Nothing makes up for a used-up budget, or for a bug. */
export function absorbed(error: unknown): EvaluationFailure {
  if (error === exhausted || !(error instanceof EvaluationFailure)) throw error;
  return error;
}

function ternary<Subject>(builder: Builder<Subject>, node: NodeOf<'?:'>, scope: Scope): Thunk<Subject> {
  const condition = builder.build(node.args[0], scope);
  const yes = builder.build(node.args[1], scope);
  const no = builder.build(node.args[2], scope);
  const place = builder.placeOf(node);
  return (frame) => {
    const value = condition(frame);
    if (typeof value !== 'boolean') throw place.failure('not true or false');
    return value ? yes(frame) : no(frame);
  };
}

function not<Subject>(of: Thunk<Subject>, place: Place): Thunk<Subject> {
  return (frame) => {
    const value = of(frame);
    if (typeof value !== 'boolean') throw place.failure('not true or false');
    return !value;
  };
}

function negative<Subject>(of: Thunk<Subject>, place: Place): Thunk<Subject> {
  const minus = arithmetic('-', place);
  return (frame) => {
    const value = of(frame);
    if (!isNumber(value)) throw place.failure('not a number');
    return typeof value === 'bigint' ? minus(0n, value, frame) : -value;
  };
}
