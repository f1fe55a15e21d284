// What is wrong with an object, in words for the person who wrote it.
import * as z from 'zod';
import { nearestName } from './nearest-name.ts';

/** What is wrong with one field; `path` as `kubectl explain` writes it, with list positions: `spec.rules[0].path.value`. */
export interface FieldProblem {
  /** Empty: the object as a whole. */
  readonly path: string;
  /** What is wrong and the remedy; reads on after the path. Holds no value of the object. */
  readonly message: string;
}

type Path = readonly PropertyKey[];

/** `spec.rules[0].name`; members that are no plain words stand in quotes: `metadata.labels['a/b']`. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(String(step)))
      text += text === '' ? String(step) : `.${String(step)}`;
    else text += `['${String(step)}']`;
  }
  return text;
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a string (in quotes where YAML would read a number or a boolean)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object (fields with values)',
  record: 'an object (names with values)',
  array: "a list (lines that begin with '-')",
};

/** The problem that a schema's issue with `object` stands for, after {@link wordsOf}. */
export function problemOf(issue: z.core.$ZodIssue, object: unknown): FieldProblem {
  const path = pathText(issue.path);
  const type = typeMeant(issue, object);
  return type === undefined
    ? { path, message: issue.message }
    : { path, message: `is missing: add it with ${type.name}, whose field ${type.field} is there` };
}

/** Where `type` is left out: the one that a field beside it is for, which is called like it. */
function typeMeant(
  issue: z.core.$ZodIssue,
  object: unknown,
): { readonly name: string; readonly field: string } | undefined {
  if (issue.code !== 'invalid_value' || issue.input !== undefined || issue.path.at(-1) !== 'type')
    return undefined;
  let around = object;
  for (const step of issue.path.slice(0, -1)) around = Object(around)[step];
  const types = issue.values.map(String);
  const meant = Object.keys(Object(around)).flatMap((field) => {
    const name = types.find((one) => one.toLowerCase() === field.replace(/Ref$/, '').toLowerCase());
    return name === undefined ? [] : [{ name, field }];
  });
  return meant.length === 1 ? meant[0] : undefined;
}

/** Without the bounds that say less than a tighter one of the same value: what int32 holds, beside the field's own. */
export function tightestBounds(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  return issues.filter((issue) => !issues.some((other) => isTighter(other, issue)));
}

function isTighter(other: z.core.$ZodIssue, issue: z.core.$ZodIssue): boolean {
  if (pathText(other.path) !== pathText(issue.path)) return false;
  if (other.code === 'too_big' && issue.code === 'too_big') return other.maximum < issue.maximum;
  return other.code === 'too_small' && issue.code === 'too_small' && other.minimum > issue.minimum;
}

/** What is wrong and the remedy, where the schema has no words of its own. */
export function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing: add it';
      return `must be ${typeWord(issue)}`;
    case 'invalid_value':
      return valueWords(issue);
    case 'too_small':
      return `must ${sizeWords(issue.origin, 'at least', Number(issue.minimum))}`;
    case 'too_big':
      return `must ${sizeWords(issue.origin, 'at most', Number(issue.maximum))}`;
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join('; ');
    case 'invalid_format':
    case 'invalid_union':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'custom':
      return undefined;
    default:
      return issue satisfies never;
  }
}

function typeWord({ expected, input, inst }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  const word = typeWords[expected] ?? expected;
  if (typeof input === 'string' && (expected === 'number' || expected === 'int'))
    return `${word}, without quotes or a unit (1Mi is 1048576)`;
  return inst instanceof z.ZodObject
    ? `an object with ${Object.keys(inst.shape).toSorted().join(', ')}`
    : word;
}

const inQuotes = ', in quotes, as YAML reads a number here';

function valueWords(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidValue>): string {
  const [only, ...others] = issue.values.map(String);
  if (issue.input === undefined) {
    return `is missing: add it with ${others.length === 0 ? 'the value' : 'one of'} ${[only, ...others].join(', ')}`;
  }
  if (others.length === 0) return `must be ${only}`;
  const meant =
    typeof issue.input === 'string' ? nearestName(issue.input, issue.values.map(String)) : undefined;
  const hint = meant === undefined ? '' : `: did you mean ${meant}?`;
  const quotes =
    typeof issue.input === 'number' && issue.values.includes(String(issue.input)) ? inQuotes : '';
  return `must be one of ${[only, ...others].join(', ')}${hint}${quotes}`;
}

function sizeWords(origin: string, most: 'at least' | 'at most', size: number): string {
  switch (origin) {
    case 'string':
      return most === 'at least' && size === 1 ? 'not be empty' : `have ${most} ${size} characters`;
    case 'array':
      return `have ${most} ${size} ${size === 1 ? 'item' : 'items'}`;
    default:
      return `be ${most} ${size}`;
  }
}
