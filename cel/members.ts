import type { ASTNode } from '@marcbachmann/cel-js';
import { isInt } from './arithmetic.ts';
import { isList } from './comparison.ts';
import { CompileFailure, type Frame, type Thunk } from './evaluation.ts';
import { Mapping, none, Optional, type Value } from './value.ts';

/** What is under `key` in a map or a list; undefined where nothing is, and in everything else. */
export function memberIn(value: Value, key: Value, frame: Frame<unknown>): Value | undefined {
  if (value instanceof Mapping) return typeof key === 'string' ? entryIn(value, key, frame) : undefined;
  if (!isList(value) || typeof key !== 'bigint') return undefined;
  return key >= 0n && key < BigInt(value.length) ? value[Number(key)] : undefined;
}

/** What is under `key` in a map. */
export function entryIn(mapping: Mapping, key: string, frame: Frame<unknown>): Value | undefined {
  frame.chargeText(key);
  return mapping.get(key, frame);
}

/** The same as {@link memberIn}, as an optional. */
export function optionalMember(value: Value, key: Value, frame: Frame<unknown>): Optional {
  const member = memberIn(value, key, frame);
  return member === undefined ? none : new Optional(member);
}

/** A part whose value is known. */
export function constant(value: Value): Thunk<unknown> {
  return () => value;
}

/** The value that is spelt out. Bytes and unsigned integers are not among the values here. */
export function literal(node: Extract<ASTNode, { op: 'value' }>): Value {
  const { args, pos } = node;
  if (typeof args === 'bigint' && !isInt(args)) {
    throw new CompileFailure(pos, 'an int of more than 64 bits');
  }
  if (typeof args === 'object' && args !== null) {
    throw new CompileFailure(pos, 'bytes and unsigned integers are not supported');
  }
  return args;
}

/** The text that is spelt out; undefined where something else stands. */
export function literalText(node: ASTNode | undefined): string | undefined {
  return node?.op === 'value' && typeof node.args === 'string' ? node.args : undefined;
}
