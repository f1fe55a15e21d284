// What may be there: optional.of(x), optional.none(), and what stands in for what is not.
import type { Builder, NodeOf, Scope } from './builder.ts';
import { unknownFunction, type Thunk } from './evaluation.ts';
import { constant } from './members.ts';
import { none, Optional } from './value.ts';

/** What evaluates `optional.of(x)` and `optional.none()`. */
export function buildOptional<Subject>(
  builder: Builder<Subject>,
  node: NodeOf<'rcall'>,
  scope: Scope,
): Thunk<Subject> {
  const [, , [argument]] = node.args;
  if (argument === undefined) return constant(none);
  const value = builder.build(argument, scope);
  return (frame) => new Optional(value(frame));
}

/** What evaluates `a.orValue(b)` and `a.or(b)`: b only where a has no value. */
export function buildAlternative<Subject>(
  builder: Builder<Subject>,
  node: NodeOf<'rcall'>,
  scope: Scope,
): Thunk<Subject> {
  const [name, receiver, [argument]] = node.args;
  if (argument === undefined) throw unknownFunction(node.pos, name);
  const first = builder.build(receiver, scope);
  const second = builder.build(argument, scope);
  const place = builder.placeOf(node);
  return (frame) => {
    const value = first(frame);
    if (!(value instanceof Optional)) throw place.failure(`${name}() is for optionals`);
    if (value.value === undefined) return second(frame);
    return name === 'or' ? value : value.value;
  };
}
