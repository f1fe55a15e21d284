// Why a text is no expression, in words for its author.
import { ParseError, TypeError as CheckError, type ASTNode } from '@marcbachmann/cel-js';
import { CompileFailure } from './evaluation.ts';
import { functions, methods } from './functions.ts';
import { isVariable, limits, memberOf, type VariableGroup, type Variables } from './variables.ts';

/** Why a text is no expression. Line and column count from 1. */
export interface ExpressionProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** Where a name is told that is not known. */
  readonly unknown?: UnknownName;
}

/** A name that is not known, and those that are in its place; variables with all their parts. */
export interface UnknownName {
  readonly name: string;
  readonly known: readonly string[];
}

/** What keeps `text` from being an expression about `variables`, by what was thrown. */
export function problemOf<Subject>(
  text: string,
  error: unknown,
  variables: Variables<Subject>,
): ExpressionProblem {
  if (error instanceof CompileFailure) return { ...positionOf(text, error.offset), message: error.message };
  if (error instanceof RangeError) return { line: 1, column: 1, message: 'it is nested too deep' };
  if (!(error instanceof ParseError || error instanceof CheckError)) {
    const message = error instanceof Error ? error.message : 'it cannot be read';
    return { line: 1, column: 1, message: plain(message) };
  }
  const offset = error.range?.start ?? 0;
  return { ...positionOf(text, offset), ...wordsOf({ text, offset, error, variables }) };
}

interface Refused<Subject> {
  readonly text: string;
  readonly offset: number;
  readonly error: ParseError | CheckError;
  readonly variables: Variables<Subject>;
}

type Words = Pick<ExpressionProblem, 'message' | 'unknown'>;

function wordsOf<Subject>({ text, offset, error, variables }: Refused<Subject>): Words {
  const message = plain(error.summary);
  switch (error.code) {
    case 'unknown_variable':
      return unknownVariable(text, variables, message);
    case 'no_such_key':
      return unknownMember(error.node as ASTNode | undefined, variables) ?? { message };
    case 'invalid_index_type':
      return {
        message: message.startsWith('list index')
          ? `${message}: the length of a list is size(list)`
          : message,
      };
    case 'no_matching_overload':
      return unfitting(message);
    case 'invalid_macro_argument':
      return {
        message: message.startsWith('has()')
          ? "has() takes a name behind a dot, such as has(auth.claims.level); for others write 'level' in auth.claims"
          : message,
      };
    default: {
      const isNot = /\bnot\s+$/u.test(text.slice(0, offset));
      const [, remedy] = slips.find(([slip]) => slip.test(text.slice(offset))) ?? [];
      const told = isNot ? 'write ! for not' : / null$|: null /u.test(message) ? absent : remedy;
      return { message: told === undefined ? message : `${message}: ${told}` };
    }
  }
}

/** What other languages write. */
const slips = [
  [/^=~/u, "write text.matches('...')"],
  [/^=(?!=)/u, 'write == to compare'],
  [/^if\b/u, 'write condition ? one : other'],
  [/^(?:&|and\b)/u, 'write && for and'],
  [/^(?:\||or\b)/u, 'write || for or'],
] as const;

const absent = "a text that is not there is '', and of claims and headers has() tells";

/** What other languages call a function, and CEL otherwise. */
const otherwise: ReadonlyMap<string, string> = new Map([
  ['toLowerCase', 'lowerAscii()'],
  ['lower', 'lowerAscii()'],
  ['toUpperCase', 'upperAscii()'],
  ['upper', 'upperAscii()'],
  ['includes', "contains(), and of a list 'x' in list"],
  ['has', "contains(), and of a list 'x' in list"],
  ['length', 'size()'],
  ['len', 'size()'],
  ['match', 'matches()'],
  ['test', 'matches()'],
  ['some', 'exists()'],
  ['any', 'exists()'],
  ['every', 'all()'],
]);

const loops = ['all', 'exists', 'exists_one', 'map', 'filter'] as const;

/** The variable of a macro is unknown where the macro is none. */
function unknownVariable<Subject>(text: string, variables: Variables<Subject>, message: string): Words {
  const name = message.slice(message.lastIndexOf(' ') + 1);
  if (new RegExp(String.raw`[\w\]]-${name}\b`, 'u').test(text)) {
    return { message: `${message}: a name with a hyphen stands in brackets, as request.headers['x-tenant']` };
  }
  const macro = new RegExp(String.raw`\.(\w+)\(\s*${name}\s*,`, 'u').exec(text)?.[1];
  if (macro === undefined || loops.some((one) => one === macro)) {
    return { message, unknown: { name, known: variables.names() } };
  }
  return { message: `there is no macro ${macro}()`, unknown: { name: macro, known: loops } };
}

function unknownMember<Subject>(node: ASTNode | undefined, variables: Variables<Subject>): Words | null {
  if (node?.op !== '.') return null;
  const path = pathOf(node.args[0]);
  const group = path === null ? null : groupAt(path, variables);
  if (path === null || group === null) return null;
  const name = node.args[1];
  return { message: `${path.join('.')} has no ${name}`, unknown: { name, known: Object.keys(group) } };
}

function pathOf(node: ASTNode): readonly string[] | null {
  if (node.op === 'id') return [node.args];
  if (node.op !== '.') return null;
  const before = pathOf(node.args[0]);
  return before === null ? null : [...before, node.args[1]];
}

function groupAt<Subject>(
  [first = '', ...more]: readonly string[],
  variables: Variables<Subject>,
): VariableGroup<Subject> | null {
  let at = variables.named(first);
  for (const name of more) at = at === undefined || isVariable(at) ? undefined : memberOf(at, name);
  return at === undefined || isVariable(at) ? null : at;
}

/** `found no matching overload for 'string.startWith(string)'`: the name is unknown, or what it is called with does not fit. */
function unfitting(message: string): Words {
  const [, receiver, name = '', args = ''] = /'(?:(.+)\.)?(\w+)\((.*)\)'$/u.exec(message) ?? [];
  const isMethod = methods.has(name) || spokenOf.includes(name);
  if (!isMethod && !functions.has(name) && name !== 'cidr') {
    const other = otherwise.get(name);
    if (other !== undefined) return { message: `there is no function ${name}() here: write ${other}` };
    const known =
      receiver === undefined ? [...functions.keys(), 'has', 'cidr'] : [...methods.keys(), ...spokenOf];
    return { message: `there is no function ${name}() here`, unknown: { name, known } };
  }
  if (receiver === undefined && isMethod)
    return { message: `${name}() stands behind what it asks: x.${name}(...)` };
  if (receiver?.startsWith('list') === true && name === 'contains') {
    return { message: "a list has no contains(): write 'x' in list" };
  }
  return {
    message: `${name}() does not take this: ${receiver === undefined ? '' : `${receiver}.`}${name}(${args})`,
  };
}

const spokenOf: readonly string[] = ['matches', 'orValue', 'or', ...loops];

function positionOf(text: string, offset: number): Omit<ExpressionProblem, 'message'> {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const spelt: Readonly<Record<string, string>> = {
  maxAstNodes: `it has more than ${String(limits.nodes)} parts`,
  maxDepth: `it is nested more than ${String(limits.depth)} deep`,
  maxListElements: `a list has more than ${String(limits.listMembers)} members`,
  maxMapEntries: `a map has more than ${String(limits.listMembers)} entries`,
  maxCallArguments: 'a function has more than 4 arguments',
};

const tokens: Readonly<Record<string, string>> = {
  EOF: 'the end',
  LPAREN: '(',
  RPAREN: ')',
  LBRACKET: '[',
  RBRACKET: ']',
  LBRACE: '{',
  RBRACE: '}',
};

function plain(message: string): string {
  const [, limit = ''] = /^Exceeded (\w+)/u.exec(message) ?? [];
  const told = message.replaceAll(
    /\b(?:EOF|[LR](?:PAREN|BRACKET|BRACE))\b/gu,
    (token) => tokens[token] ?? token,
  );
  return spelt[limit] ?? told.replace(/^./u, (first) => first.toLowerCase());
}
