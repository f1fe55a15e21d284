// What people read of the values and of the rights: values.yaml with its comments, and the tables of the documentation.
import type { JsonSchema } from './json-schema.ts';

/** Turns a value into YAML: handed in, as this file knows no YAML. */
export type ToYaml = (value: unknown) => string;

/** One thing that may be set. */
export interface Value {
  /** Such as controller.image.tag. */
  readonly path: string;
  readonly type: string;
  readonly default: unknown;
  readonly description: string;
}

/** All values in the order of the schema. A value with a default of its own is one, whatever is in it. */
export function valuesOf(schema: JsonSchema, path = ''): readonly Value[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (!('default' in one)) return valuesOf(one, at);
    return [{ path: at, type: typeWords(one), default: one.default, description: one.description ?? '' }];
  });
}

function typeWords(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.items !== undefined) return `list of ${typeWords(schema.items)}s`;
  if (schema.type === 'object') {
    const { additionalProperties: member } = schema;
    return typeof member === 'object' && member.type === 'string' ? 'map of strings' : 'object';
  }
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeWords))].join(' or ');
  const { type = 'string' } = schema;
  return typeof type === 'string' ? type : type.join(' or ');
}

/** The table of all values, in Markdown. */
export function valuesTable(schema: JsonSchema): string {
  const rows = valuesOf(schema).map(
    ({ path, type, default: value, description }) =>
      `| \`${path}\` | ${cell(type)} | \`${cell(JSON.stringify(value))}\` | ${cell(description)} |`,
  );
  return ['| Value | Type | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

const lineLength = 110;

/** values.yaml: every value with its default, what it means above it. */
export function valuesYaml(schema: JsonSchema, toYaml: ToYaml): string {
  return lines(schema, 0, toYaml).join('\n').trimStart().concat('\n');
}

function lines(schema: JsonSchema, depth: number, toYaml: ToYaml): readonly string[] {
  const indent = '  '.repeat(depth);
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const gap = depth === 0 ? [''] : [];
    const comment = wrapped(one.description ?? '', lineLength - indent.length - 2);
    const head = [...gap, ...comment.map((line) => `${indent}# ${line}`)];
    if (!('default' in one)) return [...head, `${indent}${name}:`, ...lines(one, depth + 1, toYaml)];
    const own = toYaml({ [name]: one.default })
      .trimEnd()
      .split('\n');
    return [...head, ...own.map((line) => indent + line)];
  });
}

function wrapped(text: string, width: number): readonly string[] {
  const found: string[] = [];
  for (const word of text.split(' ')) {
    const last = found.at(-1);
    if (last === undefined || last.length + word.length + 1 > width) found.push(word);
    else found[found.length - 1] = `${last} ${word}`;
  }
  return found;
}

/** One rule of rights.yaml: a rule of a Role with its reason. */
export interface Right {
  readonly reason: string;
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** rights.yaml: where rules hold, and the rules. */
export interface Rights {
  /** In the whole cluster, always. */
  readonly cluster: readonly Right[];
  /** In all namespaces, or in those of watchNamespaces and the release's. */
  readonly namespaces: readonly Right[];
  /** In the namespace of the release. */
  readonly own: readonly Right[];
}

const where = {
  cluster: 'the whole cluster',
  namespaces: 'watched namespaces',
  own: "the release's namespace",
} as const satisfies Record<keyof Rights, string>;

/** The table of all rights, in Markdown. */
export function rightsTable(rights: Rights): string {
  const rows = (['cluster', 'namespaces', 'own'] as const).flatMap((scope) =>
    rights[scope].map(({ reason, apiGroups, resources, resourceNames, verbs }) => {
      const group = apiGroups.map((name) => (name === '' ? 'core' : name)).join(', ');
      const names = resourceNames === undefined ? '' : ` named ${resourceNames.join(', ')}`;
      return `| ${where[scope]} | ${resources.join(', ')} (${group})${names} | ${verbs.join(', ')} | ${cell(reason)} |`;
    }),
  );
  return ['| Where | What | May | Reason |', '|---|---|---|---|', ...rows].join('\n');
}
