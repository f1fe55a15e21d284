// The reference page of a kind: what each field means, from the same schema as everything else.
import { objectSchema, presentations, type OwnKind } from './definition.ts';
import { duration, octets, someOctets } from './fields.ts';
import { kinds } from './kind.ts';
import { structuralSchema } from './structural.ts';
import type { StructuralSchema } from './structural.ts';

/** Turns the example into YAML: handed in, as this room knows no YAML. */
export type ToYaml = (value: unknown) => string;

/** Markdown; same schema, same bytes. */
export function referencePage(kind: OwnKind, toYaml: ToYaml): string {
  const { group, version, plural } = kinds[kind];
  const { description, shortNames, example } = presentations[kind];
  const { spec, status } = objectSchema(kind).properties ?? {};
  const manifest = { apiVersion: `${group}/${version}`, kind, metadata: { name: 'example' }, spec: example };
  const rows = spec === undefined ? [] : fieldRows(spec, 'spec', 'Required');
  const statusRows = status === undefined ? [] : fieldRows(status, 'status', 'Optional');
  return [
    `# ${kind}`,
    `<!-- Made from crds/ by npm run generate: change it there. -->`,
    description,
    `\`${group}/${version}\`, namespaced, \`kubectl get ${plural}\` (short: ${shortNames.map((name) => `\`${name}\``).join(', ')}; all kinds of ours: \`kubectl get turnpike\`).`,
    '```yaml',
    toYaml(manifest).trimEnd(),
    '```',
    '## Fields',
    ...table(rows),
    ...amountWords(rows),
    '## Rules between fields',
    'The API server refuses an object that breaks one of these; so do `turnpike check` and the standalone gateway.',
    ...(spec === undefined ? [] : ruleLines(spec, 'spec')),
    ...(statusRows.length === 0 ? [] : ['## Status', 'Written by the controller.', ...table(statusRows)]),
    '',
  ]
    .join('\n\n')
    .replaceAll('\n\n|', '\n|')
    .replaceAll('\n\n-', '\n-')
    .replaceAll('```yaml\n\n', '```yaml\n')
    .replaceAll('\n\n```\n', '\n```\n')
    .trimEnd()
    .concat('\n');
}

const amounts = new Map([
  [structuralSchema(duration).pattern, 'duration'],
  [structuralSchema(octets).pattern, 'size'],
  [structuralSchema(someOctets).pattern, 'size, not 0'],
]);

/** What durations and sizes look like, for a page that has some. */
function amountWords(rows: readonly Row[]): readonly string[] {
  const has = (word: string): boolean => rows.some(({ type }) => type.startsWith(word));
  const lines = [
    ...(has('duration')
      ? ['A duration is a text of whole numbers with units `h`, `m`, `s` and `ms`: `500ms`, `30s`, `1h30m`.']
      : []),
    ...(has('size')
      ? [
          "A size is a text, a whole number of octets with a unit or none: `k`, `M` and `G` are powers of 1000, `Ki`, `Mi` and `Gi` of 1024: `64Ki`, `10Mi`, `'65536'` (in quotes).",
        ]
      : []),
  ];
  return lines.length === 0 ? [] : ['## Durations and sizes', ...lines];
}

interface Row {
  readonly field: string;
  readonly type: string;
  readonly given: string;
  readonly meaning: string;
}

function fieldRows(
  schema: StructuralSchema,
  path: string,
  presence: 'Required' | 'Optional',
): readonly Row[] {
  const given =
    schema.default === undefined ? presence.toLowerCase() : `\`${JSON.stringify(schema.default)}\``;
  const row = { field: path, type: typeWords(schema), given, meaning: schema.description ?? '' };
  return [row, ...memberRows(schema, path)];
}

function memberRows(schema: StructuralSchema, path: string): readonly Row[] {
  if (schema.items !== undefined) return memberRows(schema.items, `${path}[]`);
  const required = new Set(schema.required ?? []);
  if (path === 'spec.defaults' || path === 'spec.overrides') return layerRows(schema, path);
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    fieldRows(property, `${path}.${name}`, required.has(name) ? 'Required' : 'Optional'),
  );
}

/** What stands in a layer is what stands in spec: told once. */
function layerRows({ properties = {} }: StructuralSchema, path: string): readonly Row[] {
  const { strategy, rules, ...settings } = properties;
  const groups = Object.keys(settings).map((name) => `\`${name}\``);
  return [
    ...(strategy === undefined ? [] : fieldRows(strategy, `${path}.strategy`, 'Optional')),
    ...(rules === undefined
      ? []
      : [
          {
            field: `${path}.rules`,
            type: typeWords(rules),
            given: 'required',
            meaning: 'The same as `spec.rules`.',
          },
        ]),
    ...(groups.length === 0
      ? []
      : [
          {
            field: `${path}.*`,
            type: 'as in `spec`',
            given: 'optional',
            meaning: `The same settings as in \`spec\`: ${groups.join(', ')}.`,
          },
        ]),
  ];
}

function typeWords(schema: StructuralSchema): string {
  if (schema.items !== undefined) {
    const { minItems = 0, maxItems } = schema;
    const count = maxItems === undefined ? '' : ` (${minItems} to ${maxItems})`;
    return `list of ${listed(schema.items)}${count}`;
  }
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${value === '' ? '""' : value}\``).join(', ');
  if (schema.type === 'integer') return numberWords(schema);
  return amounts.get(schema.pattern ?? '') ?? schema.type ?? 'any';
}

function listed(item: StructuralSchema): string {
  if (item.enum !== undefined) return typeWords(item);
  if (item.type === 'integer') return numberWords(item).replace('integer', 'integers');
  return item.type === 'object' ? 'objects' : `${item.type ?? 'value'}s`;
}

function numberWords({ minimum, maximum }: StructuralSchema): string {
  if (minimum === undefined) return 'integer';
  return maximum === undefined ? `integer, at least ${minimum}` : `integer, ${minimum} to ${maximum}`;
}

function table(rows: readonly Row[]): readonly string[] {
  return [
    '| Field | Type | Default | Meaning |',
    '|---|---|---|---|',
    ...rows.map(
      ({ field, type, given, meaning }) =>
        `| \`${field}\` | ${cell(type)} | ${cell(given)} | ${cell(meaning)} |`,
    ),
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** The rules of a schema, each message once with all its places; fields inside defaults and overrides have the same. */
function ruleLines(schema: StructuralSchema, path: string): readonly string[] {
  const rules = rulesOf(schema, path).map((rule) => ({
    ...rule,
    path: rule.path.replace(/^spec\.(?:defaults|overrides)\./, 'spec.'),
  }));
  return [...Map.groupBy(rules, ({ message }) => message)].map(([message, same]) => {
    const places = new Set(same.map((rule) => `\`${rule.path}\``));
    return `- ${[...places].join(', ')}: ${message}.`;
  });
}

/** A rule as it stands in the CRD. */
export interface PlacedRule {
  readonly path: string;
  readonly message: string;
  readonly cel: string;
}

/** All rules of a schema, outer ones first. */
export function rulesOf(schema: StructuralSchema, path: string): readonly PlacedRule[] {
  return [
    ...(schema['x-kubernetes-validations'] ?? []).map(({ rule, message }) => ({ path, message, cel: rule })),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      rulesOf(property, `${path}.${name}`),
    ),
    ...(schema.items === undefined ? [] : rulesOf(schema.items, `${path}[]`)),
  ];
}
