import { BlockList, isIP } from 'node:net';
import type { Builder, NodeOf, Scope } from './builder.ts';
import { CompileFailure, unknownFunction, type Thunk } from './evaluation.ts';
import { functions, methods, type CelFunction } from './functions.ts';
import { buildMacro } from './macros.ts';
import { constant, literalText } from './members.ts';
import { buildAlternative } from './optionals.ts';
import { patternTest } from './patterns.ts';
import { Network, type Value } from './value.ts';
import { limits } from './variables.ts';

/** What evaluates `f(a)`. */
export function buildCall<Subject>(
  builder: Builder<Subject>,
  node: NodeOf<'call'>,
  scope: Scope,
): Thunk<Subject> {
  const [name, args] = node.args;
  const [first] = args;
  if (name === 'has' && first?.op === '.') {
    const probe = builder.buildProbe(first, scope);
    return (frame) => probe(frame) !== undefined;
  }
  if (name === 'cidr') return constant(networkOf(node, literalText(first)));
  const apply = functions.get(name);
  if (apply === undefined || args.length !== 1) throw unknownFunction(node.pos, name);
  return applied(builder, apply, { node, name, args, scope });
}

/** What evaluates `a.f(b)`. */
export function buildMethod<Subject>(
  builder: Builder<Subject>,
  node: NodeOf<'rcall'>,
  scope: Scope,
): Thunk<Subject> {
  const macro = buildMacro(builder, node, scope);
  if (macro !== null) return macro;
  const [name, receiver, args] = node.args;
  switch (name) {
    case 'matches':
      return buildMatches(builder, node, scope);
    case 'orValue':
    case 'or':
      return buildAlternative(builder, node, scope);
    default: {
      const apply = methods.get(name);
      if (apply === undefined) throw unknownFunction(node.pos, name);
      return applied(builder, apply, { node, name, args: [receiver, ...args], scope });
    }
  }
}

interface Call {
  readonly node: NodeOf<'call' | 'rcall'>;
  readonly name: string;
  readonly args: readonly Parameters<Builder<unknown>['build']>[0][];
  readonly scope: Scope;
}

function applied<Subject>(
  builder: Builder<Subject>,
  apply: CelFunction,
  { node, name, args, scope }: Call,
): Thunk<Subject> {
  const thunks = args.map((arg) => builder.build(arg, scope));
  const [a = constant(null), b = constant(null), c = constant(null)] = thunks;
  if (thunks.length > 3 || (name.startsWith('get') && thunks.length > 1)) {
    throw new CompileFailure(node.pos, `${name}() does not take so many arguments; times are in UTC`);
  }
  const place = builder.placeOf(node);
  return (frame) => {
    const value = apply(a(frame), frame, b(frame), c(frame));
    if (value === undefined) throw place.failure(`${name}() has no value for this`);
    return value;
  };
}

/** The pattern must be known: compiling one takes far longer than matching. */
function buildMatches<Subject>(
  builder: Builder<Subject>,
  node: NodeOf<'rcall'>,
  scope: Scope,
): Thunk<Subject> {
  const [, receiver, [argument]] = node.args;
  const pattern = literalText(argument);
  if (pattern === undefined || argument === undefined) {
    throw new CompileFailure(node.pos, 'the pattern of matches() must be a text spelt out in quotes');
  }
  builder.patterns += 1;
  if (builder.patterns > limits.patterns) {
    throw new CompileFailure(node.pos, `it has more than ${String(limits.patterns)} patterns`);
  }
  const text = builder.build(receiver, scope);
  const test = patternTest(pattern, argument.pos);
  const place = builder.placeOf(node);
  return (frame) => {
    const value = text(frame);
    if (typeof value !== 'string') throw place.failure('matches() is for texts');
    return test(value, frame);
  };
}

function networkOf(node: NodeOf<'call'>, text: string | undefined): Value {
  const [address = '', bits, more] = text?.split('/') ?? [];
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const length = bits === undefined ? most : Number(/^[0-9]{1,3}$/u.test(bits) ? bits : -1);
  if (family === 0 || more !== undefined || length < 0 || length > most) {
    throw new CompileFailure(node.pos, "cidr() needs a network spelt out in quotes, such as '10.0.0.0/8'");
  }
  const list = new BlockList();
  list.addSubnet(address, length, family === 6 ? 'ipv6' : 'ipv4');
  return new Network(list);
}
