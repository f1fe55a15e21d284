// What expressions can name: variables with their types, and how each is read from whom an expression is asked about.
import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import type { Value } from './value.ts';

/** A type as CEL spells it. */
export type TypeName =
  | 'string'
  | 'int'
  | 'bool'
  | 'list<string>'
  | 'map<string, string>'
  | 'map<string, list<string>>'
  | 'map<string, dyn>'
  | 'google.protobuf.Timestamp';

/** A value with its type; undefined: it is not there for this subject. */
export interface Variable<Subject> {
  readonly type: TypeName;
  readonly read: (subject: Subject) => Value | undefined;
}

/** Variables by name, down to the values; a name of several parts, such as `tls.client.fingerprint`, by its parts. */
export interface VariableGroup<Subject> {
  readonly [name: string]: Variable<Subject> | VariableGroup<Subject>;
}

/** What an expression may hold, so that it stays cheap to read and to ask. */
export const limits = {
  characters: 4096,
  nodes: 512,
  depth: 32,
  listMembers: 256,
  patterns: 16,
} as const;

/** Variables made ready: what expressions about a `Subject` are checked against. */
export class Variables<Subject> {
  readonly #group: VariableGroup<Subject>;
  readonly #environment: Environment;

  constructor(group: VariableGroup<Subject>) {
    this.#group = group;
    this.#environment = new Environment({
      enableOptionalTypes: true,
      homogeneousAggregateLiterals: false,
      limits: {
        maxAstNodes: limits.nodes,
        maxDepth: limits.depth,
        maxListElements: limits.listMembers,
        maxMapEntries: limits.listMembers,
        maxCallArguments: 4,
      },
    });
    this.#environment
      .registerType('net.CIDR', { fields: {} })
      .registerFunction('cidr(string): net.CIDR', unused)
      .registerFunction('net.CIDR.containsIP(string): bool', unused);
    for (const [name, one] of Object.entries(group)) {
      this.#environment.registerVariable(name, isVariable(one) ? one.type : this.#declare(name, one));
    }
  }

  /** These and those of `more`, about a subject that tells both. */
  with<More extends Subject>(more: VariableGroup<More>): Variables<More> {
    return new Variables<More>({ ...this.#group, ...more });
  }

  /** All names down to the values, in the order they were told. */
  names(): readonly string[] {
    return namesIn(this.#group, '');
  }

  /** The variable or group of this name. */
  named(name: string): Variable<Subject> | VariableGroup<Subject> | undefined {
    return memberOf(this.#group, name);
  }

  /** The parts of `text`, and its type as CEL spells it; throws what the parser or the checker has to say. */
  parse(text: string): { readonly ast: ASTNode; readonly type: string } {
    const parsed = this.#environment.parse(text);
    const checked = parsed.check();
    if (!checked.valid) throw checked.error ?? new Error('it has no type');
    return { ast: parsed.ast, type: checked.type ?? 'dyn' };
  }

  #declare(name: string, group: VariableGroup<Subject>): string {
    const fields = Object.entries(group).map(([member, one]) => [
      member,
      isVariable(one) ? one.type : this.#declare(`${name}.${member}`, one),
    ]);
    this.#environment.registerType(name, { fields: Object.fromEntries(fields) });
    return name;
  }
}

function namesIn<Subject>(group: VariableGroup<Subject>, before: string): readonly string[] {
  return Object.entries(group).flatMap(([name, one]) =>
    isVariable(one) ? [before + name] : namesIn(one, `${before}${name}.`),
  );
}

/** Whether it is a value, and no group of them. */
export function isVariable<Subject>(
  one: Variable<Subject> | VariableGroup<Subject>,
): one is Variable<Subject> {
  return typeof one['read'] === 'function';
}

/** What `group` has under `name`, and no member of its prototype. */
export function memberOf<Subject>(
  group: VariableGroup<Subject>,
  name: string,
): Variable<Subject> | VariableGroup<Subject> | undefined {
  return Object.hasOwn(group, name) ? group[name] : undefined;
}

/** The library checks types by these; what they do is in functions.ts. */
function unused(): never {
  throw new Error('the library evaluates nothing here');
}
