// Macros: what goes through a list (or the keys of a map), and cel.bind(). The library reads them; each step of one is
// charged for.
import type { ASTNode } from '@marcbachmann/cel-js';
import type { Builder, NodeOf, Scope } from './builder.ts';
import { isList } from './comparison.ts';
import { CompileFailure, type EvaluationFailure, type Frame, type Place, type Thunk } from './evaluation.ts';
import { absorbed } from './operators.ts';
import { buildOptional } from './optionals.ts';
import { Mapping, type Value } from './value.ts';

/** Macros that go through lists stand in each other no deeper. */
const loopsMax = 2;

/** What evaluates the macro that `node` is; null where it is none. */
export function buildMacro<Subject>(
  builder: Builder<Subject>,
  node: NodeOf<'rcall'>,
  scope: Scope,
): Thunk<Subject> | null {
  const [name, receiver, args] = node.args;
  if (receiver.op === 'id' && !scope.locals.has(receiver.args)) {
    if (receiver.args === 'cel' && name === 'bind') return buildBind(builder, args, scope);
    if (receiver.args === 'optional') return buildOptional(builder, node, scope);
  }
  const kind = loopKinds.get(`${name}/${String(args.length)}`);
  return kind === undefined ? null : buildLoop(builder, node, { kind, scope });
}

function buildBind<Subject>(
  builder: Builder<Subject>,
  [name, value, body]: readonly ASTNode[],
  scope: Scope,
): Thunk<Subject> | null {
  if (name?.op !== 'id' || value === undefined || body === undefined) return null;
  const bound = builder.build(value, scope);
  const inner = builder.withLocal(scope, name.args, scope.loops);
  const thunk = builder.build(body, inner.scope);
  return (frame) => {
    frame.locals[inner.slot] = bound(frame);
    return thunk(frame);
  };
}

type LoopKind = 'all' | 'exists' | 'exists_one' | 'map' | 'filter';

const loopKinds: ReadonlyMap<string, LoopKind> = new Map([
  ['all/2', 'all'],
  ['exists/2', 'exists'],
  ['exists_one/2', 'exists_one'],
  ['map/2', 'map'],
  ['map/3', 'map'],
  ['filter/2', 'filter'],
]);

/** A macro that goes through something, made ready. */
interface Loop<Subject> {
  readonly each: (frame: Frame<Subject>) => readonly Value[];
  readonly slot: number;
  /** What is asked of each, or made of it. */
  readonly body: Thunk<Subject>;
  /** Of `map` with three arguments: which are taken. */
  readonly condition: Thunk<Subject> | null;
  /** Of one step. */
  readonly cost: number;
  readonly place: Place;
}

function buildLoop<Subject>(
  builder: Builder<Subject>,
  node: NodeOf<'rcall'>,
  { kind, scope }: { readonly kind: LoopKind; readonly scope: Scope },
): Thunk<Subject> {
  const [, receiver, [name, ...bodies]] = node.args;
  if (scope.loops >= loopsMax) {
    throw new CompileFailure(node.pos, `macros stand in each other no more than ${String(loopsMax)} deep`);
  }
  if (name?.op !== 'id') throw new CompileFailure(node.pos, 'the first argument of a macro is a name');
  const from = builder.build(receiver, scope);
  const place = builder.placeOf(node);
  const inner = builder.withLocal(scope, name.args, scope.loops + 1);
  const before = builder.parts;
  const thunks = bodies.map((body) => builder.build(body, inner.scope));
  const cost = builder.parts - before + 1;
  const body = thunks.at(-1) ?? from;
  const condition = thunks.length > 1 ? (thunks[0] ?? null) : null;
  const each = (frame: Frame<Subject>): readonly Value[] => membersOf(from(frame), frame, place);
  return loops[kind]({ each, slot: inner.slot, body, condition, cost, place });
}

function membersOf(value: Value, frame: Frame<unknown>, place: Place): readonly Value[] {
  if (isList(value)) return value;
  if (value instanceof Mapping) return frame.chargeKeys(value);
  throw place.failure('a macro goes through a list or a map');
}

const loops = {
  all: (loop) => quantifier(loop, false),
  exists: (loop) => quantifier(loop, true),
  exists_one: (loop) => (frame) => kept(loop, frame).length === 1,
  filter: (loop) => (frame) => kept(loop, frame),
  map: (loop) => (frame) => mapped(loop, frame),
} satisfies Record<LoopKind, <Subject>(loop: Loop<Subject>) => Thunk<Subject>>;

/** `exists` (true decides) and `all` (false does): a member that decides makes up for others that fail. */
function quantifier<Subject>(
  { each, slot, body, cost, place }: Loop<Subject>,
  decides: boolean,
): Thunk<Subject> {
  return (frame) => {
    let failure: EvaluationFailure | null = null;
    for (const member of each(frame)) {
      frame.charge(cost);
      frame.locals[slot] = member;
      try {
        const value = body(frame);
        if (value === decides) return decides;
        if (typeof value !== 'boolean') failure ??= place.failure('not true or false');
      } catch (error) {
        frame.charge(failureCost);
        failure ??= absorbed(error);
      }
    }
    if (failure !== null) throw failure;
    return !decides;
  };
}

/** What throwing and catching cost beside a step. */
const failureCost = 20;

function kept<Subject>(loop: Loop<Subject>, frame: Frame<Subject>): readonly Value[] {
  return loop.each(frame).filter((member) => {
    frame.charge(loop.cost);
    frame.locals[loop.slot] = member;
    return isTrue(loop.body(frame), loop.place);
  });
}

function mapped<Subject>(loop: Loop<Subject>, frame: Frame<Subject>): readonly Value[] {
  const { slot, body, condition, cost, place } = loop;
  const made: Value[] = [];
  for (const member of loop.each(frame)) {
    frame.charge(cost);
    frame.locals[slot] = member;
    if (condition === null || isTrue(condition(frame), place)) made.push(body(frame));
  }
  return made;
}

function isTrue(value: Value, place: Place): boolean {
  if (typeof value !== 'boolean') throw place.failure('not true or false');
  return value;
}
