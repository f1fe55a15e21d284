import type { ASTNode, ASTOperator } from '@marcbachmann/cel-js';
import { buildCall, buildMethod } from './calls.ts';
import { CompileFailure, Place, type Probe, type Thunk } from './evaluation.ts';
import { constant, literal, memberIn, optionalMember } from './members.ts';
import { buildOperator } from './operators.ts';
import { none, Optional, SpeltMapping, type Value } from './value.ts';
import { isVariable, memberOf, type Variable, type VariableGroup, type Variables } from './variables.ts';

/** The node of an operator. */
export type NodeOf<Operator extends ASTOperator> = Extract<ASTNode, { op: Operator }>;

/** What a place in an expression sees beside the variables of all. */
export interface Scope {
  /** Where a frame keeps the variables of macros. */
  readonly locals: ReadonlyMap<string, number>;
  /** How many macros that go through lists stand around it. */
  readonly loops: number;
}

/**
 * Makes of a checked expression what evaluates it: a function for each of its parts. It knows every operator and
 * refuses what it does not know; types are told by the checker, and looked at again where they are only known when a
 * request is there.
 */
export class Builder<Subject> {
  readonly names = new Set<string>();
  readonly outermost: Scope = { locals: new Map(), loops: 0 };
  /** So far. */
  parts = 0;
  patterns = 0;
  readonly #text: string;
  readonly #variables: Variables<Subject>;
  readonly #slotOf = new Map<Variable<Subject>, number>();
  #slots = 0;

  constructor(text: string, variables: Variables<Subject>) {
    this.#text = text;
    this.#variables = variables;
  }

  build(node: ASTNode, scope: Scope): Thunk<Subject> {
    this.parts += 1;
    if (node.op === 'value') return constant(literal(node));
    if (node.op === 'id') return this.#buildName(node, scope);
    if (node.op === '.' || node.op === '[]') return this.#buildSelect(node, scope);
    if (node.op === '.?' || node.op === '[?]') return this.#buildOptionalSelect(node, scope);
    if (node.op === 'list') return this.#buildList(node, scope);
    if (node.op === 'map') return this.#buildMap(node, scope);
    if (node.op === 'call') return buildCall(this, node, scope);
    if (node.op === 'rcall') return buildMethod(this, node, scope);
    return buildOperator(this, node, scope);
  }

  placeOf(node: ASTNode): Place {
    const before = this.#text.slice(0, node.pos).split('\n');
    const column = `column ${String((before.at(-1)?.length ?? 0) + 1)}`;
    return new Place(before.length > 1 ? `line ${String(before.length)}, ${column}` : column);
  }

  /** `scope` with one more variable, and where a frame keeps it. */
  withLocal(scope: Scope, name: string, loops: number): { readonly scope: Scope; readonly slot: number } {
    const slot = this.#newSlot();
    return { scope: { locals: new Map([...scope.locals, [name, slot]]), loops }, slot };
  }

  /** What reads `node` without failing where its last part is not there: for `has()` and optional access. */
  buildProbe(node: NodeOf<'.' | '.?' | '[?]'>, scope: Scope): Probe<Subject> {
    const variable = node.op === '.' ? this.#variableAt(node, scope) : null;
    if (variable !== null) return this.#reader(variable);
    const from = this.build(node.args[0], scope);
    const key = this.#key(node, scope);
    return (frame) => memberIn(from(frame), key(frame), frame);
  }

  #buildName(node: NodeOf<'id'>, scope: Scope): Thunk<Subject> {
    const slot = scope.locals.get(node.args);
    if (slot !== undefined) return (frame) => frame.locals[slot] ?? null;
    const named = this.#variables.named(node.args);
    if (named === undefined) throw new CompileFailure(node.pos, `unknown variable: ${node.args}`);
    if (!isVariable(named)) {
      const [member = ''] = Object.keys(named);
      throw new CompileFailure(
        node.pos,
        `${node.args} is no value: name a part of it, such as ${node.args}.${member}`,
      );
    }
    this.names.add(node.args);
    return this.#orFail(named, node);
  }

  #buildSelect(node: NodeOf<'.' | '[]'>, scope: Scope): Thunk<Subject> {
    const variable = node.op === '.' ? this.#variableAt(node, scope) : null;
    if (variable !== null) return this.#orFail(variable, node);
    const from = this.build(node.args[0], scope);
    const key = this.#key(node, scope);
    const place = this.placeOf(node);
    return (frame) => {
      const value = from(frame);
      if (value instanceof Optional)
        return value.value === undefined ? none : optionalMember(value.value, key(frame), frame);
      const member = memberIn(value, key(frame), frame);
      if (member === undefined) throw place.failure('there is no such key or index');
      return member;
    };
  }

  #buildOptionalSelect(node: NodeOf<'.?' | '[?]'>, scope: Scope): Thunk<Subject> {
    const from = this.build(node.args[0], scope);
    const key = this.#key(node, scope);
    return (frame) => {
      const value = from(frame);
      if (!(value instanceof Optional)) return optionalMember(value, key(frame), frame);
      return value.value === undefined ? none : optionalMember(value.value, key(frame), frame);
    };
  }

  #key(node: NodeOf<'.' | '.?' | '[]' | '[?]'>, scope: Scope): Thunk<Subject> {
    const [, key] = node.args;
    return typeof key === 'string' ? constant(key) : this.build(key, scope);
  }

  #buildList(node: NodeOf<'list'>, scope: Scope): Thunk<Subject> {
    const members = node.args.map((member) => this.build(member, scope));
    if (node.args.every(({ op }) => op === 'value')) {
      return constant(
        Object.freeze(node.args.map((member) => (member.op === 'value' ? literal(member) : null))),
      );
    }
    return (frame) => members.map((member) => member(frame));
  }

  #buildMap(node: NodeOf<'map'>, scope: Scope): Thunk<Subject> {
    const entries = node.args.map(
      ([key, value]) => [this.build(key, scope), this.build(value, scope)] as const,
    );
    const place = this.placeOf(node);
    return (frame) => {
      const made = new Map<string, Value>();
      for (const [key, value] of entries) {
        const name = key(frame);
        if (typeof name !== 'string') throw place.failure('a key of a map is a text');
        made.set(name, value(frame));
      }
      return new SpeltMapping(made);
    };
  }

  /** Reads a variable once an evaluation, however often it is named or gone through: making one may be dear. */
  #reader(variable: Variable<Subject>): Probe<Subject> {
    const slot = this.#slotOf.get(variable) ?? this.#newSlot();
    this.#slotOf.set(variable, slot);
    return (frame) => (frame.locals[slot] ??= variable.read(frame.subject));
  }

  #newSlot(): number {
    this.#slots += 1;
    return this.#slots - 1;
  }

  /** The variable that a chain of names leads to; null where it begins with something else. */
  #variableAt(node: NodeOf<'.'>, scope: Scope): Variable<Subject> | null {
    const found = this.#member(node, scope);
    if (found === null) return null;
    if (isVariable(found)) return found;
    throw new CompileFailure(node.pos, 'this is no value: name a part of it');
  }

  #member(node: ASTNode, scope: Scope): Variable<Subject> | VariableGroup<Subject> | null {
    if (node.op === 'id') {
      if (scope.locals.has(node.args)) return null;
      const named = this.#variables.named(node.args) ?? null;
      if (named !== null) this.names.add(node.args);
      return named;
    }
    if (node.op !== '.') return null;
    const group = this.#member(node.args[0], scope);
    if (group === null || isVariable(group)) return null;
    const member = memberOf(group, node.args[1]);
    if (member === undefined) throw new CompileFailure(node.pos, `there is no ${node.args[1]} here`);
    return member;
  }

  #orFail(variable: Variable<Subject>, node: ASTNode): Thunk<Subject> {
    const read = this.#reader(variable);
    const place = this.placeOf(node);
    return (frame) => {
      const value = read(frame);
      if (value === undefined) throw place.failure('this request has none');
      return value;
    };
  }
}
