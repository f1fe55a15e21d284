// What the API server, or the grammar of our kinds, would object to in a schema.
import { RE2JS } from 're2js';
import type { StructuralSchema } from '#crds/structural.ts';

/** YAML 1.1 reads these as booleans, CEL as words of its own: no field may have such a name. */
const reserved = new Set(
  (
    'on off yes no true false null in as break const continue else for function if import let loop package ' +
    'namespace return var void while'
  ).split(' '),
);

/** RFC 7517 and the Gateway API have named these: they stay, in spite of the rule. */
const namedByOthers = new Set(['n', 'y', 'namespace']);

/** What is wrong with the schema of a whole object. Empty: it is fit for a CRD. */
export function crdProblems({ properties: { spec, status } = {} }: StructuralSchema): readonly string[] {
  return [
    ...(spec === undefined ? ['spec: is missing'] : fieldProblems('spec', spec, 'spec')),
    ...(status === undefined ? [] : fieldProblems('status', status, 'status')),
  ];
}

/** Each problem begins with the path of the field. */
function structuralProblems(schema: StructuralSchema, path: string): readonly string[] {
  return [
    ...ownProblems(schema).map((problem) => `${path}: ${problem}`),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
      fieldProblems(name, property, `${path}.${name}`),
    ),
    ...(schema.items === undefined ? [] : structuralProblems(schema.items, `${path}[]`)),
    ...(schema.additionalProperties === undefined
      ? []
      : structuralProblems(schema.additionalProperties, `${path}{}`)),
  ];
}

function fieldProblems(name: string, property: StructuralSchema, path: string): readonly string[] {
  const problems: string[] = [];
  if (reserved.has(name) && !namedByOthers.has(name))
    problems.push(`${path}: the name is a word of YAML or CEL`);
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) problems.push(`${path}: the name is not in camelCase`);
  if (property.description === undefined) problems.push(`${path}: has no description`);
  return [...problems, ...structuralProblems(property, path)];
}

function ownProblems(schema: StructuralSchema): readonly string[] {
  return [
    ...(schema.type === undefined ? ['has no type'] : []),
    ...(schema.properties !== undefined && schema.additionalProperties !== undefined
      ? ['has both properties and additionalProperties']
      : []),
    ...(schema.type === 'object' &&
    schema.properties === undefined &&
    schema.additionalProperties === undefined &&
    schema['x-kubernetes-preserve-unknown-fields'] === undefined
      ? ['is an object of which nothing is told']
      : []),
    ...(schema.type === 'array' ? listProblems(schema) : []),
    ...(schema.type === 'string' ? stringProblems(schema) : []),
  ];
}

function listProblems(schema: StructuralSchema): readonly string[] {
  return [
    ...(schema.items === undefined ? ['is a list of which nothing is told'] : []),
    ...(schema['x-kubernetes-list-type'] === undefined ? ['is a list without x-kubernetes-list-type'] : []),
    ...(schema.maxItems === undefined ? ['is a list without maxItems: the cost of rules has no bound'] : []),
  ];
}

/** Names that others have given: API groups, versions of TLS, protocols of ALPN, and the Fetch standard's word for all. */
function isForeign(value: string): boolean {
  return /^$|^[a-z0-9-]+(\.[a-z0-9-]+)+$|^\*$|^h2$|^http\/1\.1$/.test(value);
}

function stringProblems(schema: StructuralSchema): readonly string[] {
  const bounded = schema.maxLength !== undefined || schema.enum !== undefined || schema.format !== undefined;
  return [
    ...(bounded ? [] : ['is a text without maxLength: the cost of rules has no bound']),
    ...(schema.pattern === undefined ? [] : patternProblems(schema.pattern)),
    ...(schema.enum ?? [])
      .filter((value) => !/^[A-Z]/.test(String(value)) && !isForeign(String(value)))
      .map((value) => `the enum's ${value} is not in PascalCase`),
  ];
}

function patternProblems(pattern: string): readonly string[] {
  try {
    RE2JS.compile(pattern);
    return [];
  } catch {
    return [`the pattern ${pattern} is not in RE2's syntax`];
  }
}
